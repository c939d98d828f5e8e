#include "index/zip.hpp"
#include "tests/unit/index/zip_builder.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using test::Archive;
using test::member;
using test::put;

Archive two() {
    return {.members = {member("a.txt", "alpha"), member("b/c.txt", "beta", test::Packing::stored)}};
}

/// What a reader that has the whole file makes of it; the error's words, or the names.
std::string read(const std::string& bytes) {
    const auto end = find_zip_end(bytes, bytes.size());
    if (!end)
        return end.error().message;
    const auto directory = std::string_view(bytes).substr(end->directory.offset, end->directory.size);
    const auto entries = read_zip_directory(directory, *end);
    if (!entries)
        return entries.error().message;
    std::string out;
    for (const auto& entry : *entries)
        out += std::string(entry.name) + "@" + std::to_string(entry.header) + " ";
    return out;
}

std::string read(const Archive& archive) {
    return read(archive.bytes());
}

void expect_refused(const Archive& archive, std::string_view words) {
    EXPECT_NE(read(archive).find(words), std::string::npos) << read(archive);
}

TEST(Zip, APlainArchiveIsRead) {
    EXPECT_EQ(read(two()), "a.txt@0 b/c.txt@42 ");
}

TEST(Zip, AnEmptyArchiveIsRead) {
    EXPECT_EQ(read(Archive()), "");
}

TEST(Zip, Zip64IsRead) {
    auto archive = two();
    archive.zip64 = true;
    EXPECT_EQ(read(archive), "a.txt@0 b/c.txt@42 ");
}

TEST(Zip, ACommentIsSkipped) {
    auto archive = two();
    archive.comment = "hello PK\1\2";
    EXPECT_EQ(read(archive), "a.txt@0 b/c.txt@42 ");
}

TEST(Zip, TheEndIsFoundInATailAlone) {
    const auto bytes = two().bytes();
    const auto end = find_zip_end(std::string_view(bytes).substr(bytes.size() - 22), bytes.size());
    ASSERT_TRUE(end);
    EXPECT_EQ(end->entries, 2U);
    EXPECT_EQ(end->directory.end(), bytes.size() - 22);
}

TEST(Zip, BytesAfterTheArchiveAreRefused) {
    EXPECT_NE(read(two().bytes() + "x").find("bytes after its end"), std::string::npos);
    EXPECT_NE(read(two().bytes() + two().bytes()).find("does not end where"), std::string::npos);
    const auto bytes = two().bytes();
    EXPECT_NE(read(bytes.substr(0, bytes.size() - 1)).find("cut off"), std::string::npos);
    EXPECT_NE(read(std::string("PK\5\6")).find("too short"), std::string::npos);
    EXPECT_NE(read(std::string()).find("too short"), std::string::npos);
}

TEST(Zip, TwoEndRecordsAreRefused) {
    auto archive = two();
    // One that ends with the file, inside the other's comment.
    archive.comment = std::string("PK\5\6") + std::string(18, '\0');
    expect_refused(archive, "two end records");
    archive.comment = "PK\5\6 and more than twenty-two bytes of it";
    expect_refused(archive, "another end record");
}

TEST(Zip, BytesBeforeTheFirstMemberAreRefused) {
    auto archive = two();
    archive.prefix = "#!/bin/sh\n";
    expect_refused(archive, "does not end where");
    // The same with offsets that count from the start of the file, as self-extracting archives are repaired.
    archive.end = [](std::string& end) { put(end, 16, 4, 10 + 42 + 41); };
    archive.directory = [](std::string& entries) {
        put(entries, 42, 4, 10);
        put(entries, 46 + 5 + 42, 4, 52);
    };
    EXPECT_NE(read(archive).find("bytes before"), std::string::npos) << read(archive);
}

TEST(Zip, SeveralDisksAreRefused) {
    for (const std::size_t field : {4U, 6U, 8U}) {
        auto archive = two();
        archive.end = [field](std::string& end) { put(end, field, 2, 1); };
        expect_refused(archive, "disks");
    }
    auto archive = two();
    archive.directory = [](std::string& entries) { put(entries, 34, 2, 1); };
    expect_refused(archive, "disks");
}

TEST(Zip, CountsThatLieAreRefused) {
    for (const std::uint64_t count : {0U, 1U, 3U, 100U}) {
        auto archive = two();
        archive.end = [count](std::string& end) {
            put(end, 8, 2, count);
            put(end, 10, 2, count);
        };
        expect_refused(archive, "entries than it claims");
    }
}

TEST(Zip, LimitsAreKept) {
    auto archive = two();
    archive.zip64 = true;
    archive.end64 = [](std::string& end) {
        put(end, 24, 8, max_zip_entries + 1);
        put(end, 32, 8, max_zip_entries + 1);
    };
    expect_refused(archive, "200,000");
    archive.end64 = [](std::string& end) { put(end, 40, 8, max_zip_directory + 1); };
    expect_refused(archive, "200,000");
    archive.end64 = [](std::string& end) { put(end, 48, 8, UINT64_MAX); };
    expect_refused(archive, "does not end where");
}

TEST(Zip, Zip64MustAgreeWithThePlainRecord) {
    auto archive = two();
    archive.zip64 = true;
    archive.end = [](std::string& end) { put(end, 10, 2, 1); };
    expect_refused(archive, "contradict");
    archive.end = [](std::string& end) { put(end, 16, 4, 7); };
    expect_refused(archive, "contradict");
    archive.end = nullptr;
    archive.end64 = [](std::string& end) { put(end, 4, 8, 43); };
    expect_refused(archive, "ZIP64 end record is not where");
    archive.end64 = [](std::string& end) { end += "x"; };
    expect_refused(archive, "ZIP64 end record is not where");
}

TEST(Zip, NamesThatReadersSeeDifferentlyAreRefused) {
    using namespace std::string_literals;
    for (const auto& name : {""s, "a\0b"s, "a\\b"s}) {
        auto archive = two();
        archive.members[0].name = name;
        expect_refused(archive, "name");
    }
    auto archive = two();
    archive.members[1].name = "a.txt";
    expect_refused(archive, "same name");
}

TEST(Zip, ASecondNameInAnExtraFieldIsRefusedWhereItMatters) {
    const auto unicode_path = [](std::string_view path) {
        std::string out = "\x75\x70";
        out += static_cast<char>(5 + path.size());
        out += std::string("\0\1....", 6);
        return out + std::string(path);
    };
    auto archive = two();
    archive.members[0].extra = unicode_path("other.txt");
    EXPECT_EQ(read(archive), "a.txt@0 b/c.txt@42 ");
    archive.members[0].extra = unicode_path("x-1.0.dist-info/METADATA");
    expect_refused(archive, "second name");
}

TEST(Zip, OverlappingMembersAreRefused) {
    auto archive = two();
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 42, 4, 41); };
    expect_refused(archive, "overlap");
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 42, 4, 0); };
    expect_refused(archive, "overlap");
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 20, 4, 1000); };
    expect_refused(archive, "outside");
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 20, 4, 10); };
    expect_refused(archive, "into the directory");
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 42, 4, 4'000'000'000); };
    expect_refused(archive, "outside");
}

TEST(Zip, AZip64ValueWithoutItsFieldIsRefused) {
    auto archive = two();
    archive.directory = [](std::string& entries) { put(entries, 24, 4, 0xffffffff); };
    expect_refused(archive, "ZIP64 field");
}

TEST(Zip, AZip64SizeIsTakenFromItsField) {
    auto archive = two();
    archive.members[0].extra = std::string("\1\0\10\0", 4) + "\5" + std::string(7, '\0');
    archive.directory = [](std::string& entries) { put(entries, 24, 4, 0xffffffff); };
    const auto bytes = archive.bytes();
    const auto end = find_zip_end(bytes, bytes.size());
    ASSERT_TRUE(end);
    const auto entries =
        read_zip_directory(std::string_view(bytes).substr(end->directory.offset, end->directory.size), *end);
    ASSERT_TRUE(entries) << entries.error().message;
    EXPECT_EQ(entries->at(0).size, 5U);
}

TEST(Zip, ADirectoryThatIsCutOffIsRefused) {
    auto archive = two();
    archive.directory = [](std::string& entries) { put(entries, 46 + 5 + 28, 2, 60'000); };
    expect_refused(archive, "cut off");
    archive.directory = [](std::string& entries) { entries[0] = 'X'; };
    expect_refused(archive, "fewer entries");
    archive.directory = [](std::string& entries) { entries += "junk"; };
    expect_refused(archive, "more entries");
}

} // namespace
} // namespace yizhan
