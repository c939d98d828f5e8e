#include "index/zip_damage.hpp"
#include "tests/unit/index/zip_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace yizhan {
namespace {

using test::Archive;
using test::member;
using test::Member;
using test::Packing;

using Ranges = std::vector<ByteRange>;

/// Noise, which deflate cannot shrink below several buffers.
std::string noise(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 1;
    for (auto& c : out)
        c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return out;
}

class ZipDamage : public testing::Test {
  protected:
    /// Where the members and, last, the directory begin.
    std::vector<std::uint64_t> places() const {
        std::vector<std::uint64_t> out{0};
        for (const auto& each : archive.members)
            out.push_back(out.back() + 30 + each.name.size() + each.local_extra.size() + each.data.size());
        return out;
    }
    ByteRange place_of(std::size_t index) const {
        const auto at = places();
        return {at[index], at[index + 1] - at[index]};
    }
    /// From the end of the last member.
    ByteRange rest_of(const std::string& bytes) const {
        const auto from = places().back();
        return {from, bytes.size() - from};
    }

    static Result<Ranges> search(const std::string& bytes) {
        const auto read = [&](std::uint64_t offset, std::span<char> into) -> Result<void> {
            EXPECT_LE(offset + into.size(), bytes.size());
            std::ranges::copy(std::string_view(bytes).substr(offset, into.size()), into.begin());
            return {};
        };
        return find_zip_damage(bytes.size(), read);
    }
    static Ranges damage(const std::string& bytes) {
        auto found = search(bytes);
        EXPECT_TRUE(found) << found.error().message;
        return found ? *found : Ranges{};
    }
    static std::string flipped(std::string bytes, std::uint64_t at) {
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        return bytes;
    }

    Archive archive{.members = {member("a", noise(1000)), member("stored", noise(200'000), Packing::stored),
                                member("deflated", noise(200'000)), member("z", "last")}};
};

TEST_F(ZipDamage, WhereNothingIsOnlyWhatNoChecksumCoversIsLeft) {
    const auto bytes = archive.bytes();
    EXPECT_EQ(damage(bytes), Ranges{rest_of(bytes)});
}

TEST_F(ZipDamage, AFlipInAStoredOrDeflatedMemberIsThatMember) {
    const auto bytes = archive.bytes();
    for (const std::size_t which : {1U, 2U}) {
        const auto place = place_of(which);
        for (const auto at : {place.offset + 50, place.offset + 150'000, place.end() - 1})
            EXPECT_EQ(damage(flipped(bytes, at)), Ranges{place}) << which << " at " << at;
    }
}

TEST_F(ZipDamage, NeighboursAreOneRangeAndOthersTheirOwn) {
    const auto bytes = archive.bytes();
    const auto first = flipped(bytes, 500);
    EXPECT_EQ(damage(flipped(first, place_of(2).offset + 500)), (Ranges{place_of(0), place_of(2)}));
    EXPECT_EQ(damage(flipped(first, place_of(1).offset + 500)), (Ranges{{0, place_of(1).end()}}));
}

TEST_F(ZipDamage, AFlipInALocalHeaderIsItsMemberOrTheDirectory) {
    const auto bytes = archive.bytes();
    for (const unsigned field : {0U, 8U, 14U, 18U, 22U, 26U, 27U, 28U, 29U, 31U})
        EXPECT_EQ(damage(flipped(bytes, place_of(1).offset + field)), (Ranges{place_of(1), rest_of(bytes)})) << field;
}

TEST_F(ZipDamage, AFlipInTheDirectoryIsFoundWhereItCanBeReadAtAll) {
    const auto bytes = archive.bytes();
    const auto rest = rest_of(bytes);
    EXPECT_EQ(damage(flipped(bytes, rest.offset + 12)), Ranges{rest}) << "a time: every member checks out";
    EXPECT_EQ(damage(flipped(bytes, rest.offset + 16)), (Ranges{place_of(0), rest})) << "a CRC";
    EXPECT_FALSE(search(flipped(bytes, rest.offset))) << "a signature";
    EXPECT_FALSE(search(flipped(bytes, bytes.size() - 10))) << "the end record";
}

TEST_F(ZipDamage, WhatLiesBetweenIsLeftToo) {
    const auto gap = place_of(1); // of a member that the directory does not name
    archive.directory = [](std::string& directory) {
        const auto second = directory.find("PK\1\2", 1);
        directory.erase(second, directory.find("PK\1\2", second + 1) - second);
    };
    archive.end = [](std::string& end) {
        test::put(end, 8, 2, 3);
        test::put(end, 10, 2, 3);
    };
    const auto bytes = archive.bytes();
    EXPECT_EQ(damage(bytes), (Ranges{gap, rest_of(bytes)}));
    EXPECT_EQ(damage(flipped(bytes, gap.offset + 500)), (Ranges{gap, rest_of(bytes)}));
    EXPECT_EQ(damage(flipped(bytes, 500)), Ranges{place_of(0)});
}

TEST_F(ZipDamage, WhoseSizesFollowMayHaveTheDirectoryToBlame) {
    auto& one = archive.members[0];
    one.flags = 8;
    one.local = [](Member& local) { local.crc = 0; };
    const auto bytes = archive.bytes();
    EXPECT_EQ(damage(bytes), Ranges{rest_of(bytes)});
    EXPECT_EQ(damage(flipped(bytes, 500)), (Ranges{place_of(0), rest_of(bytes)}));
}

TEST_F(ZipDamage, AMemberThatNobodyCanUnpackIsLeftToo) {
    archive.members[1].method = 93;
    archive.members[2].flags = 1;
    const auto bytes = archive.bytes();
    EXPECT_EQ(damage(bytes), (Ranges{{place_of(1).offset, place_of(2).end() - place_of(1).offset}, rest_of(bytes)}));
    EXPECT_EQ(damage(flipped(bytes, 500)), Ranges{place_of(0)});
}

TEST_F(ZipDamage, ExtraFieldsAreSteppedOver) {
    archive.members[1].local_extra = std::string("\x99\x99\x00\xff", 4) + std::string(0xff00, 'x');
    const auto bytes = archive.bytes();
    EXPECT_EQ(damage(bytes), Ranges{rest_of(bytes)});
    EXPECT_EQ(damage(flipped(bytes, place_of(1).end() - 1)), Ranges{place_of(1)});
}

TEST_F(ZipDamage, ABombCostsWhatItSays) {
    auto bomb = member("bomb", std::string(50'000'000, 'x'));
    bomb.size = 500;
    archive.members = {bomb};
    EXPECT_EQ(damage(archive.bytes()), Ranges{place_of(0)});
    bomb.size = 0xfffffff0;
    archive.members = {bomb};
    EXPECT_EQ(damage(archive.bytes()), Ranges{place_of(0)});
    archive.members.clear();
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        archive.members.push_back(bomb);
        archive.members.back().name = name;
    }
    const auto found = search(archive.bytes());
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find("16 GiB"), std::string::npos);
}

TEST_F(ZipDamage, WhatIsNoArchiveIsRefused) {
    for (const auto& bytes : {std::string(), std::string("PK"), noise(100'000)})
        EXPECT_FALSE(search(bytes));
}

TEST_F(ZipDamage, AReaderThatFailsEndsIt) {
    const auto bytes = archive.bytes();
    unsigned reads = 0;
    const auto read = [&](std::uint64_t offset, std::span<char> into) -> Result<void> {
        if (++reads == 5)
            return fail(Errc::cancelled, "not wanted any more");
        std::ranges::copy(std::string_view(bytes).substr(offset, into.size()), into.begin());
        return {};
    };
    const auto found = find_zip_damage(bytes.size(), read);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::cancelled);
    EXPECT_EQ(reads, 5U);
}

} // namespace
} // namespace yizhan
