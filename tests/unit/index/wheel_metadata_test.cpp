#include "index/wheel_metadata.hpp"
#include "tests/unit/index/zip_builder.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using test::Archive;
using test::member;
using test::Member;
using test::Packing;

const std::string six = "six-1.17.0-py2.py3-none-any.whl";
const std::string six_metadata = "Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\nSummary: x\n\nName: other\n";

// Random bytes of one seed: what deflate cannot shrink.
std::string noise(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 1;
    for (char& c : out) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return out;
}

struct Outcome {
    std::string metadata, error;
    Errc code = Errc::invalid;
    std::vector<ByteRange> asked;
};

Outcome read(const std::string& wheel, std::string_view filename = six) {
    Outcome out;
    WheelMetadataReader reader(wheel.size(), filename);
    while (const auto* range = std::get_if<ByteRange>(&reader.next())) {
        out.asked.push_back(*range);
        if (out.asked.size() > 5 || range->size == 0 || range->end() > wheel.size()) {
            ADD_FAILURE() << "asks for odd or too many ranges";
            return out;
        }
        reader.feed(std::string_view(wheel).substr(range->offset, range->size));
    }
    if (const auto* error = std::get_if<Error>(&reader.next())) {
        out.error = error->message;
        out.code = error->code;
    } else {
        out.metadata = std::get<std::string>(reader.next());
    }
    return out;
}

Archive small() {
    return {.members = {member("six.py", "print(6)\n"), member("six-1.17.0.dist-info/METADATA", six_metadata),
                        member("six-1.17.0.dist-info/RECORD", "six.py,,\n")}};
}

TEST(WheelMetadata, ASmallWheelNeedsOneRange) {
    const auto outcome = read(small().bytes());
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    EXPECT_EQ(outcome.asked.size(), 1U);
}

TEST(WheelMetadata, ALargeWheelWithMetadataAtItsEndNeedsOneRangeOf64KiB) {
    auto archive = small();
    archive.members.insert(archive.members.begin(), member("six.so", noise(1'000'000), Packing::stored));
    const auto bytes = archive.bytes();
    const auto outcome = read(bytes);
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    EXPECT_EQ(outcome.asked, (std::vector<ByteRange>{{bytes.size() - 65536, 65536}}));
}

TEST(WheelMetadata, AMemberFarFromTheEndNeedsASecondRange) {
    auto archive = small();
    archive.members.push_back(member("torchgen.bin", noise(1'000'000), Packing::stored));
    const auto outcome = read(archive.bytes());
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    ASSERT_EQ(outcome.asked.size(), 2U);
    EXPECT_LT(outcome.asked[1].size, 2048U);
}

// Thirteen thousand members, as torch has; METADATA stands before or behind them.
Archive many(bool metadata_first) {
    Archive archive;
    for (int i = 0; i < 13'000; ++i)
        archive.members.push_back(member("torch/include/ATen/ops/header_number_" + std::to_string(i) + ".h",
                                         "// What a header holds, number " + std::to_string(i)));
    archive.members.insert(metadata_first ? archive.members.begin() : archive.members.end(),
                           member("six-1.17.0.dist-info/METADATA", six_metadata));
    archive.members.push_back(member("six-1.17.0.dist-info/RECORD", noise(400'000), Packing::stored));
    return archive;
}

TEST(WheelMetadata, ALargeDirectoryIsFetchedWithMetadataBeforeIt) {
    const auto bytes = many(false).bytes();
    const auto outcome = read(bytes);
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    ASSERT_EQ(outcome.asked.size(), 2U);
    EXPECT_EQ(outcome.asked[1].end(), outcome.asked[0].offset) << "not what is here already";
}

TEST(WheelMetadata, WhereItDoesNotStandBeforeTheDirectoryItIsAskedFor) {
    const auto bytes = many(true).bytes();
    const auto outcome = read(bytes);
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    ASSERT_EQ(outcome.asked.size(), 3U);
    EXPECT_EQ(outcome.asked[1].end(), outcome.asked[0].offset);
    EXPECT_GT(outcome.asked[1].offset, 0U);
    EXPECT_EQ(outcome.asked[2].offset, 0U);
}

TEST(WheelMetadata, AnUnusuallyLongLocalHeaderIsReadAgain) {
    auto archive = small();
    archive.members[1].local_extra = std::string("\x99\x99\x00\x20", 4) + std::string(0x2000, 'x');
    archive.members.push_back(member("z.bin", noise(1'000'000), Packing::stored));
    const auto outcome = read(archive.bytes());
    EXPECT_EQ(outcome.metadata, six_metadata) << outcome.error;
    EXPECT_EQ(outcome.asked.size(), 3U);
}

TEST(WheelMetadata, Zip64AndCommentsAndGapsAreNoHindrance) {
    auto archive = small();
    archive.zip64 = true;
    archive.comment = "made by a test";
    archive.gap = "gap";
    EXPECT_EQ(read(archive.bytes()).metadata, six_metadata);
}

TEST(WheelMetadata, NamesAndVersionsMayBeSpelledDifferently) {
    const std::string metadata = "name: Zope.Interface\r\nVERSION: 5.4.0+CU-102\r\n\r\nbody";
    const auto bytes = Archive{.members = {member("zope.interface-5.4+cu_102.dist-info/METADATA", metadata)}}.bytes();
    const auto outcome = read(bytes, "zope_interface-5.4.0+cu.102-cp39-cp39-win32.whl");
    EXPECT_EQ(outcome.metadata, metadata) << outcome.error;
}

TEST(WheelMetadata, VendoredDistInfoFoldersDoNotMatter) {
    auto archive = small();
    archive.members.push_back(member("six/_vendor/x-1.dist-info/METADATA", "Name: x\n"));
    archive.members.push_back(member("six-1.17.0.dist-info/licenses/METADATA", "x"));
    EXPECT_EQ(read(archive.bytes()).metadata, six_metadata);
}

TEST(WheelMetadata, AWheelWithoutMetadataSaysSo) {
    const auto outcome = read(Archive{.members = {member("six.py", "x")}}.bytes());
    EXPECT_EQ(outcome.code, Errc::not_found);
    EXPECT_NE(outcome.error.find("no .dist-info/METADATA"), std::string::npos);
}

TEST(WheelMetadata, MoreThanOneMetadataIsRefused) {
    for (const auto* name :
         {"six-1.17.0.dist-info/metadata", "six-1.17.0.dist-info/Metadata", "six-1.18.0.dist-info/METADATA",
          "SIX-1.17.0.dist-info/METADATA", "seven-1.0.dist-info/RECORD", "six-1.17.0.DIST-INFO/METADATA",
          "six-1.17.0.dist-info/METADATA"}) {
        auto archive = small();
        archive.members.push_back(member(name, six_metadata));
        EXPECT_EQ(read(archive.bytes()).metadata, "") << name;
    }
    EXPECT_EQ(read(Archive{.members = {member("six-1.17.0.dist-info/metadata", six_metadata)}}.bytes()).metadata, "");
}

TEST(WheelMetadata, AnotherWheelsMetadataIsRefused) {
    for (const auto* filename :
         {"seven-1.17.0-py3-none-any.whl", "six-1.18.0-py3-none-any.whl", "six-1.17.0+cpu-py3-none-any.whl"})
        EXPECT_NE(read(small().bytes(), filename).error.find("does not fit"), std::string::npos) << filename;
    auto archive = small();
    archive.members[1] = member("six-1.17.0.dist-info/METADATA", "Name: seven\nVersion: 1.17.0\n\n");
    EXPECT_NE(read(archive.bytes()).error.find("seven"), std::string::npos);
    archive.members[1] = member("six-1.17.0.dist-info/METADATA", "Name: six\nVersion: 1.18.0\n\n");
    EXPECT_NE(read(archive.bytes()).error.find("1.18.0"), std::string::npos);
    archive.members[1] = member("six-1.17.0.dist-info/METADATA", "\nName: six\nVersion: 1.17.0\n");
    EXPECT_NE(read(archive.bytes()).error.find("no Name"), std::string::npos);
}

TEST(WheelMetadata, SizeAndRatioAreCapped) {
    auto archive = small();
    archive.members[1] = member("six-1.17.0.dist-info/METADATA", "Name: six\nVersion: 1.17.0\n\n" + noise(max_metadata),
                                Packing::stored);
    EXPECT_NE(read(archive.bytes()).error.find("not unpacked"), std::string::npos);
    archive.members[1] = member("six-1.17.0.dist-info/METADATA",
                                "Name: six\nVersion: 1.17.0\n\n" + noise(2 * max_metadata), Packing::stored);
    EXPECT_NE(read(archive.bytes()).error.find("1 MiB"), std::string::npos);
    archive.members[1] = member("six-1.17.0.dist-info/METADATA", six_metadata + std::string(900'000, 'x'));
    EXPECT_NE(read(archive.bytes()).error.find("200 to 1"), std::string::npos);
}

TEST(WheelMetadata, ALocalHeaderThatReachesIntoTheNextMemberIsRefused) {
    auto archive = small();
    archive.members[1].local = [](Member& local) { local.local_extra = "abcd"; };
    auto bytes = archive.bytes();
    const auto header = bytes.find("six-1.17.0.dist-info/METADATA") - 30;
    for (const unsigned extra : {5U, 40U, 60'000U}) { // into the next member, and past the directory
        test::put(bytes, header + 28, 2, extra);
        EXPECT_NE(read(bytes).error.find("overlaps"), std::string::npos) << extra << ": " << read(bytes).error;
    }
}

TEST(WheelMetadata, WhatIsNoWheelIsRefused) {
    EXPECT_EQ(read(small().bytes(), "six-1.17.0.tar.gz").code, Errc::invalid);
    EXPECT_EQ(read("").code, Errc::protocol);
    EXPECT_EQ(read("<!DOCTYPE html><html>blocked</html>").code, Errc::protocol);
    EXPECT_EQ(read(noise(200'000)).code, Errc::protocol);
}

TEST(WheelMetadata, AnAnswerOfAnotherLengthEndsIt) {
    for (const std::size_t length : {0UL, 10UL, 1000UL}) {
        WheelMetadataReader reader(500, six);
        reader.feed(std::string(length, 'x'));
        ASSERT_TRUE(std::holds_alternative<Error>(reader.next()));
        EXPECT_NE(std::get<Error>(reader.next()).message.find("asked for 500 bytes"), std::string::npos);
        reader.feed("more"); // ignored
        EXPECT_TRUE(std::holds_alternative<Error>(reader.next()));
    }
}

TEST(WheelMetadata, AHugeClaimedSizeIsNoReasonToFetchMore) {
    WheelMetadataReader reader(UINT64_MAX, six);
    const auto* range = std::get_if<ByteRange>(&reader.next());
    ASSERT_TRUE(range);
    EXPECT_EQ(range->size, 65536U);
}

TEST(MetadataField, OnlyHeadersCountAndTheFirstOfThem) {
    EXPECT_EQ(metadata_field("Name: a\nName: b\n", "name"), "a");
    EXPECT_EQ(metadata_field("NAME:a", "name"), "a");
    EXPECT_EQ(metadata_field("X: 1\r\nName:  a \r\n\r\n", "name"), "a");
    EXPECT_FALSE(metadata_field("X: 1\n\nName: a\n", "name"));
    EXPECT_FALSE(metadata_field("", "name"));
    EXPECT_FALSE(metadata_field("Named: a\n name: b\n", "name"));
}

} // namespace
} // namespace yizhan
