#include "index/zip.hpp"
#include "tests/unit/index/zip_builder.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using test::Archive;
using test::member;
using test::Member;
using test::Packing;

/// The one member of an archive, unpacked; or the error's words.
std::string unpack(const Member& one, std::uint64_t limit = 1000) {
    const auto bytes = Archive{.members = {one}}.bytes();
    const auto end = find_zip_end(bytes, bytes.size());
    const auto entries =
        read_zip_directory(std::string_view(bytes).substr(end->directory.offset, end->directory.size), *end);
    if (!entries)
        return entries.error().message;
    const auto data = zip_member_data(bytes, entries->at(0));
    if (!data)
        return data.error().message;
    const auto content =
        unpack_zip_member(std::string_view(bytes).substr(data->offset, data->size), entries->at(0), limit);
    return content ? *content : content.error().message;
}

TEST(ZipMember, StoredAndDeflatedAreUnpacked) {
    EXPECT_EQ(unpack(member("m", "hello hello hello")), "hello hello hello");
    EXPECT_EQ(unpack(member("m", "hello", Packing::stored)), "hello");
    EXPECT_EQ(unpack(member("m", "")), "");
}

TEST(ZipMember, SizesThatFollowTheDataAreFoundInTheDirectory) {
    auto one = member("m", "hello");
    one.flags = 8;
    one.local = [](Member& local) {
        local.crc = 0;
        local.size = 0;
        local.data.clear();
    };
    EXPECT_EQ(unpack(one), "hello");
}

TEST(ZipMember, ALocalZip64FieldIsRead) {
    auto one = member("m", "hello", Packing::stored);
    one.local = [](Member& local) {
        local.local_extra = std::string("\1\0\20\0", 4) + "\5" + std::string(7, '\0') + "\5" + std::string(7, '\0');
        local.size = 0xffffffff;
    };
    EXPECT_EQ(unpack(one), "hello");
    one.local = [](Member& local) { local.size = 0xffffffff; };
    EXPECT_NE(unpack(one).find("two ways"), std::string::npos);
}

TEST(ZipMember, ALocalHeaderThatDiffersIsRefused) {
    const std::function<void(Member&)> changes[] = {
        [](Member& local) { local.name = "n"; },  [](Member& local) { local.name = "mm"; },
        [](Member& local) { local.method = 0; },  [](Member& local) { local.flags = 2; },
        [](Member& local) { local.size += 1; },   [](Member& local) { local.crc += 1; },
        [](Member& local) { local.data += "x"; },
    };
    for (const auto& change : changes) {
        auto one = member("m", "hello");
        one.local = change;
        EXPECT_NE(unpack(one).find("two ways"), std::string::npos) << unpack(one);
    }
}

TEST(ZipMember, WrongBytesAreRefused) {
    auto one = member("m", "hello hello");
    one.crc ^= 1;
    EXPECT_NE(unpack(one).find("CRC-32"), std::string::npos);
    for (const int more : {-1, 1, 100}) {
        one = member("m", "hello hello");
        one.size = static_cast<std::uint64_t>(11 + more);
        EXPECT_NE(unpack(one).find("does not unpack"), std::string::npos) << more;
        one = member("m", "hello hello", Packing::stored);
        one.size = static_cast<std::uint64_t>(11 + more);
        EXPECT_NE(unpack(one).find("two sizes"), std::string::npos) << more;
    }
    one = member("m", "hello hello");
    one.data += "tail";
    EXPECT_NE(unpack(one).find("does not unpack"), std::string::npos);
    one = member("m", "hello hello");
    one.data.resize(one.data.size() - 2);
    EXPECT_NE(unpack(one).find("does not unpack"), std::string::npos);
    one.data = "\xff\xff\xff\xff";
    EXPECT_NE(unpack(one).find("does not unpack"), std::string::npos);
}

TEST(ZipMember, LimitsAreKept) {
    EXPECT_EQ(unpack(member("m", "0123456789"), 10), "0123456789");
    EXPECT_NE(unpack(member("m", "0123456789a"), 10).find("not unpacked"), std::string::npos);
    EXPECT_NE(unpack(member("m", std::string(1'000'000, 'x')), 1'000'000).find("200 to 1"), std::string::npos);
    // Claiming a small size does not make a bomb small.
    auto bomb = member("m", std::string(1'000'000, 'x'));
    bomb.size = 500;
    EXPECT_NE(unpack(bomb).find("does not unpack"), std::string::npos);
}

TEST(ZipMember, EncryptionAndOtherMethodsAreRefused) {
    for (const std::uint16_t flag : {std::uint16_t{1}, std::uint16_t{1 << 6}, std::uint16_t{1 << 13}}) {
        auto one = member("m", "hello");
        one.flags = flag;
        EXPECT_NE(unpack(one).find("encrypted"), std::string::npos);
    }
    for (const unsigned method : {9U, 12U, 14U, 93U, 99U}) {
        auto one = member("m", "hello");
        one.method = static_cast<std::uint16_t>(method);
        EXPECT_NE(unpack(one).find("method " + std::to_string(method)), std::string::npos);
    }
}

TEST(ZipMember, AShortHeaderSaysHowMuchIsNeeded) {
    const auto bytes = Archive{.members = {member("name", "hello", Packing::stored)}}.bytes();
    ZipEntry entry{.name = "name", .compressed = 5};
    const auto data = zip_member_data(std::string_view(bytes).substr(0, 30), entry);
    ASSERT_TRUE(data);
    EXPECT_EQ(*data, (ByteRange{34, 5}));
    EXPECT_FALSE(zip_member_data(std::string_view(bytes).substr(0, 29), entry));
    EXPECT_FALSE(zip_member_data(std::string_view(bytes).substr(1), entry));
}

} // namespace
} // namespace yizhan
