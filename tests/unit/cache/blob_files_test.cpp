#include "cache/blob_files.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <sys/stat.h>

namespace yizhan {
namespace {

class BlobFilesTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(files.prepare()); }

    Sha256 store(std::string_view bytes) {
        auto partial = files.create_partial();
        write_file(partial->path, bytes);
        EXPECT_EQ(pwrite(partial->descriptor.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
        EXPECT_TRUE(files.place(partial->path, sha256(bytes)));
        return sha256(bytes);
    }

    TempFolder folder;
    BlobFiles files{folder.path()};
};

TEST_F(BlobFilesTest, TheLayoutIsTheDocumentedOne) {
    EXPECT_EQ(files.path(sha256("six")), blob_path(folder.path(), sha256("six")));
    unsigned count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "blobs" / "sha256")) {
        EXPECT_TRUE(entry.is_directory());
        ++count;
    }
    EXPECT_EQ(count, 256u);
}

TEST_F(BlobFilesTest, FoldersThatACutLeftMissingAreMade) {
    std::filesystem::remove(folder.path() / "blobs" / "sha256" / "ff");
    std::filesystem::remove(folder.path() / "blobs" / "sha256" / "7a");
    ASSERT_TRUE(files.prepare());
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "blobs" / "sha256" / "7a"));
}

TEST_F(BlobFilesTest, APlacedPartialIsTheBlob) {
    const auto digest = store("bytes");
    const auto file = files.open(digest, 5);
    ASSERT_TRUE(file);
    EXPECT_EQ(Blob(*file).read_all(5).value(), "bytes");
    EXPECT_EQ(Blob(*file).digest(), digest);
    EXPECT_TRUE(files.sync(BlobFiles::folder(digest)));
    struct stat info{};
    ASSERT_EQ(stat(files.path(digest).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0222, 0u) << "a blob is read-only";
}

TEST_F(BlobFilesTest, AnotherSizeIsNotThere) {
    const auto digest = store("bytes");
    EXPECT_EQ(files.open(digest, 4).error(), ENOENT);
    EXPECT_EQ(files.open(digest, 6).error(), ENOENT);
    EXPECT_EQ(files.open(sha256("other"), 5).error(), ENOENT);
}

TEST_F(BlobFilesTest, WhatIsNoRegularFileIsNotThere) {
    const auto target = folder.path() / "secret";
    write_file(target, "bytes");
    std::filesystem::create_symlink(target, files.path(sha256("link")));
    EXPECT_EQ(files.open(sha256("link"), 5).error(), ENOENT);
    std::filesystem::create_directory(files.path(sha256("folder")));
    EXPECT_EQ(files.open(sha256("folder"), 5).error(), ENOENT);
    ASSERT_EQ(mkfifo(files.path(sha256("pipe")).c_str(), 0600), 0); // must not wait for a writer
    EXPECT_EQ(files.open(sha256("pipe"), 0).error(), ENOENT);
}

TEST_F(BlobFilesTest, RemovingTwiceIsNoError) {
    const auto digest = store("bytes");
    EXPECT_TRUE(files.remove(digest));
    EXPECT_TRUE(files.remove(digest));
    EXPECT_FALSE(files.open(digest, 5));
}

TEST_F(BlobFilesTest, PartialsOfAFormerRunAreRemovedAndCounted) {
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(files.create_partial());
    EXPECT_EQ(files.remove_partials().value(), 3u);
    EXPECT_EQ(files.remove_partials().value(), 0u);
}

TEST_F(BlobFilesTest, AFolderIsListedByDigestAndStraysArePassedOver) {
    const auto digest = store("bytes");
    const auto place = files.path(digest).parent_path();
    write_file(place / "README", "");
    write_file(place / std::string(64, digest.hex()[0] == '0' ? '1' : '0'), "in the wrong folder");
    std::filesystem::create_directory(place / (digest.hex().substr(0, 2) + std::string(62, '0')));
    const auto listed = files.list(BlobFiles::folder(digest));
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 1u);
    EXPECT_EQ(listed->front().digest, digest);
    EXPECT_EQ(listed->front().size, 5u);
}

} // namespace
} // namespace yizhan
