#include "cache/fill.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

class FillTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(files.prepare()); }

    std::unique_ptr<Fill::State> begin(std::uint64_t size) {
        auto fill = Fill::State::begin(files, space, Identity{}, size);
        EXPECT_TRUE(fill) << fill.error().message;
        return std::move(*fill);
    }

    std::size_t partials() const { return file_count(folder.path() / "partial"); }

    TempFolder folder;
    BlobFiles files{folder.path()};
    FileSystemSpace disk{1 << 20, 1 << 20};
    std::shared_ptr<Space> space = std::make_shared<Space>(0, [this]() -> Result<FileSystemSpace> { return disk; });
};

TEST_F(FillTest, BytesLieWhereTheyWereWritten) {
    const auto fill = begin(6);
    ASSERT_TRUE(fill->write(3, as_bytes("def"), {}));
    EXPECT_FALSE(fill->whole()) << "a hole";
    ASSERT_TRUE(fill->write(0, as_bytes("abc"), {}));
    EXPECT_TRUE(fill->whole());
    EXPECT_EQ(read_file(fill->path), "abcdef");
}

TEST_F(FillTest, ItsPartialGoesWithItUnlessPlaced) {
    auto fill = begin(1);
    EXPECT_EQ(partials(), 1u);
    fill.reset();
    EXPECT_EQ(partials(), 0u);
    fill = begin(1);
    fill->placed = true;
    fill.reset();
    EXPECT_EQ(partials(), 1u);
}

TEST_F(FillTest, ReadersKeepTheBytesWhenTheFillIsGone) {
    auto fill = begin(3);
    ASSERT_TRUE(fill->write(0, as_bytes("abc"), {}));
    const auto file = fill->file;
    fill.reset();
    char bytes[3];
    ASSERT_EQ(pread(Blob(file).fd(), bytes, 3, 0), 3);
    EXPECT_EQ(std::string_view(bytes, 3), "abc");
}

TEST_F(FillTest, NoRoomIsToldBeforeAFileIsMade) {
    const auto fill = Fill::State::begin(files, space, Identity{}, 2 << 20);
    ASSERT_FALSE(fill);
    EXPECT_EQ(fill.error().code, Errc::no_space);
    EXPECT_EQ(partials(), 0u);
}

TEST_F(FillTest, AfterAFailedWriteItNeverBecomesWhole) {
    const auto fill = begin(0);
    ASSERT_TRUE(fill->write(0, as_bytes("abc"), {}));
    disk.available = 0;
    const std::string large(2 << 20, 'x');
    const auto failed = fill->write(3, as_bytes(large), {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::no_space);
    disk.available = 1 << 20;
    EXPECT_FALSE(fill->write(3, as_bytes("d"), {}))
        << "bytes may be missing below: the caller's digest is of other bytes";
    EXPECT_FALSE(fill->whole());
}

TEST_F(FillTest, OffsetsBeyondWhatAFileCanHoldAreRefused) {
    const auto fill = begin(0);
    EXPECT_FALSE(fill->write(~0ull, as_bytes("x"), {}));
    EXPECT_FALSE(fill->write((1ull << 63) - 1, as_bytes("x"), {}));
    EXPECT_TRUE(fill->write(0, as_bytes("x"), {})) << "a refused offset harms nothing";
}

TEST_F(FillTest, WritingAfterASyncMakesItUnsyncedAgain) {
    const auto fill = begin(2);
    ASSERT_TRUE(fill->write(0, as_bytes("a"), {}));
    ASSERT_TRUE(fill->sync());
    EXPECT_TRUE(fill->synced);
    ASSERT_TRUE(fill->write(1, as_bytes("b"), {}));
    EXPECT_FALSE(fill->synced);
}

} // namespace
} // namespace yizhan
