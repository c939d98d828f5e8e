#include "cache/blob_file.hpp"
#include "proxy/relay/damaged_parts.hpp"
#include "tests/origin/wheel.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <tuple>
#include <unistd.h>

namespace yizhan {
namespace {

using origin::Body;

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t block = 64 * KiB;

Blob stored(const std::string& bytes) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    auto out = std::make_shared<Blob::File>();
    out->descriptor = Descriptor(dup(fileno(file.get())));
    EXPECT_EQ(pwrite(out->descriptor.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return Blob(std::move(out));
}

std::uint64_t checksum(const std::string& bytes, const Piece& piece) {
    Checksum sum;
    sum.update(std::as_bytes(std::span(bytes)).subspan(piece.offset, piece.size));
    return sum.value();
}

TEST(DamagedParts, AreBlocksThatEachCameFromOne) {
    // Three members, the second one from 300 KiB and a little to 600 KiB and a little.
    const auto member = [](std::uint64_t seed) { return Body::random(seed, 300 * KiB); };
    const auto archive = origin::make_zip({{"a", member(1)}, {"b", member(2)}, {"c", member(3)}});
    const auto bytes = archive.flipped(500 * KiB).str();
    const std::vector<Piece> pieces{
        {.offset = 0, .size = 450 * KiB, .checksum = 1, .source = "one"},
        {.offset = 450 * KiB, .size = bytes.size() - 450 * KiB, .checksum = 2, .source = "two"}};
    const auto parts = damaged_parts(stored(bytes), bytes.size(), pieces, {});
    ASSERT_TRUE(parts) << parts.error().message;
    ASSERT_EQ(parts->size(), 2u);
    const auto& [first, second] = std::tie((*parts)[0], (*parts)[1]);
    EXPECT_EQ(first.offset, 4 * block);
    EXPECT_EQ(first.end(), 450 * KiB);
    EXPECT_EQ(first.source, "one");
    EXPECT_EQ(first.checksum, checksum(bytes, first));
    EXPECT_EQ(second.offset, 450 * KiB);
    EXPECT_EQ(second.end(), 10 * block);
    EXPECT_EQ(second.source, "two");
    EXPECT_EQ(second.checksum, checksum(bytes, second));
}

TEST(DamagedParts, TheLastOneEndsWithTheArchive) {
    const auto bytes = origin::make_zip({{"a", Body::random(1, 300 * KiB)}}).str();
    const std::vector<Piece> pieces{{.offset = 0, .size = bytes.size(), .checksum = 1, .source = "one"}};
    const auto parts = damaged_parts(stored(bytes), bytes.size(), pieces, {});
    ASSERT_TRUE(parts) << parts.error().message;
    ASSERT_EQ(parts->size(), 1u);
    EXPECT_EQ(parts->front().offset, 4 * block);
    EXPECT_EQ(parts->front().end(), bytes.size());
}

TEST(DamagedParts, NobodyIsToldWhoDoesNotWantToKnow) {
    const auto bytes = origin::make_zip({{"a", Body::random(1, 300 * KiB)}}).str();
    std::stop_source stop;
    stop.request_stop();
    const auto parts = damaged_parts(stored(bytes), bytes.size(), {}, stop.get_token());
    ASSERT_FALSE(parts);
    EXPECT_EQ(parts.error().code, Errc::cancelled);
}

TEST(DamagedParts, DamageAllOverIsAnotherFile) {
    const auto scattered = [](int places) {
        std::vector<origin::Member> members;
        for (int i = 0; i < places; ++i) {
            members.push_back({fmt::format("{:03}", i), Body::text("wrong")});
            members.push_back({fmt::format("right{:03}", i), Body::random(1, 2 * block)});
        }
        auto bytes = origin::make_zip(members).str();
        const auto directory = bytes.find("PK\1\2");
        for (auto at = bytes.find("wrong"); at < directory; at = bytes.find("wrong", at + 1))
            bytes[at] = 'W';
        const std::vector<Piece> pieces{{.offset = 0, .size = bytes.size(), .checksum = 1, .source = "one"}};
        return damaged_parts(stored(bytes), bytes.size(), pieces, {});
    };
    const auto few = scattered(256);
    ASSERT_TRUE(few) << few.error().message;
    EXPECT_EQ(few->size(), 256u);
    EXPECT_FALSE(scattered(257));
}

} // namespace
} // namespace yizhan
