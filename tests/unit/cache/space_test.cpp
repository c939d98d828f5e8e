#include "cache/space.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

constexpr std::uint64_t MiB = 1024 * 1024;

/// A file system of the test's own.
struct Disk {
    FileSystemSpace now{1000 * MiB, 100'000 * MiB};

    std::shared_ptr<Space> space(std::uint64_t min_free) {
        return std::make_shared<Space>(min_free, [this]() -> Result<FileSystemSpace> { return now; });
    }
};

TEST(Space, PromisesOfRunningFillsCount) {
    Disk disk;
    const auto space = disk.space(0);
    auto first = Reservation::make(space, 600 * MiB);
    ASSERT_TRUE(first);
    const auto second = Reservation::make(space, 600 * MiB);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::no_space);
    EXPECT_TRUE(Reservation::make(space, 400 * MiB));
}

TEST(Space, APromiseIsGivenBackWhenItsFillGoes) {
    Disk disk;
    const auto space = disk.space(0);
    {
        const auto first = Reservation::make(space, 1000 * MiB);
    }
    EXPECT_TRUE(Reservation::make(space, 1000 * MiB));
}

TEST(Space, WrittenBytesAreNotCountedTwice) {
    Disk disk;
    const auto space = disk.space(0);
    auto first = Reservation::make(space, 1000 * MiB);
    ASSERT_TRUE(first);
    first->used(600 * MiB);
    disk.now.available = 400 * MiB; // as statvfs tells after the write
    EXPECT_FALSE(Reservation::make(space, 1));
    first->used(400 * MiB);
    EXPECT_TRUE(Reservation::make(space, 400 * MiB));
}

TEST(Space, MinFreeStaysFree) {
    Disk disk;
    const auto space = disk.space(300 * MiB);
    EXPECT_FALSE(Reservation::make(space, 700 * MiB + 1));
    EXPECT_TRUE(Reservation::make(space, 700 * MiB));
}

TEST(Space, OnASmallDiskFivePerCentAreEnough) {
    Disk disk;
    disk.now.total = 2000 * MiB;
    const auto space = disk.space(10'000 * MiB);
    EXPECT_FALSE(Reservation::make(space, 900 * MiB + 1));
    EXPECT_TRUE(Reservation::make(space, 900 * MiB));
}

TEST(Space, AFillOfUnknownLengthAsksAsItGoes) {
    Disk disk;
    const auto space = disk.space(0);
    auto fill = Reservation::make(space, 0);
    ASSERT_TRUE(fill);
    ASSERT_TRUE(fill->need(1));
    EXPECT_FALSE(Reservation::make(space, 1000 * MiB)) << "a step of 1 MiB is promised";
    EXPECT_TRUE(Reservation::make(space, 999 * MiB));
    EXPECT_TRUE(fill->need(1000 * MiB));
    EXPECT_FALSE(fill->need(1001 * MiB));
}

TEST(Space, SizesNearTheEndOfTheNumbersAreRefusedNotWrapped) {
    Disk disk;
    const auto space = disk.space(0);
    auto first = Reservation::make(space, 500 * MiB);
    EXPECT_FALSE(Reservation::make(space, ~0ull));
    EXPECT_FALSE(Reservation::make(space, ~0ull - 400 * MiB));
}

TEST(Space, AFailingProbeIsAnError) {
    const auto space = std::make_shared<Space>(0, []() -> Result<FileSystemSpace> { return fail(Errc::io, "no"); });
    EXPECT_FALSE(Reservation::make(space, 0));
}

TEST(Space, TheRealFileSystemAnswers) {
    const auto space = file_system_space("/");
    ASSERT_TRUE(space);
    EXPECT_GT(space->total, 0u);
    EXPECT_FALSE(file_system_space("/nonexistent"));
}

} // namespace
} // namespace yizhan
