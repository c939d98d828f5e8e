#include "proxy/http/residency.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace yizhan::test {
namespace {

/// False where the file system keeps its pages whatever it is told (tmpfs). Readahead is off from here on: a probe that
/// finds nothing starts it.
bool drop(int fd) {
    ::fsync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    void* mapped = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd, 0);
    unsigned char cached = 1;
    ::mincore(mapped, 1, &cached);
    ::munmap(mapped, 1);
    return (cached & 1U) == 0;
}

TEST(Residency, knows_what_was_just_written) {
    const auto file = file_of(pattern(1'000'000));
    const int fd = file->descriptor.get();
    Residency residency;
    for (const bool found : {is_resident(fd, 0, 1'000'000), is_resident_by_probe(fd, 0, 1'000'000),
                             is_resident(fd, 999'999, 1), residency.has(fd, 0, 1'000'000), is_resident(fd, 0, 0)})
        EXPECT_TRUE(found);
}

TEST(Residency, knows_what_was_dropped) {
    const auto file = file_of(pattern(1'000'000));
    const int fd = file->descriptor.get();
    if (!drop(fd))
        GTEST_SKIP() << "this file system does not drop pages";
    Residency residency;
    EXPECT_FALSE(is_resident(fd, 0, 1'000'000));
    EXPECT_FALSE(is_resident_by_probe(fd, 0, 1'000'000));
    EXPECT_FALSE(residency.has(fd, 0, 1'000'000));
}

TEST(Residency, does_not_take_a_part_for_the_whole) {
    const auto file = file_of(pattern(8UL * 1024 * 1024));
    const int fd = file->descriptor.get();
    if (!drop(fd))
        GTEST_SKIP() << "this file system does not drop pages";
    char byte = 0;
    ASSERT_EQ(::pread(fd, &byte, 1, 0), 1);
    EXPECT_TRUE(is_resident(fd, 0, 1));
    EXPECT_FALSE(is_resident(fd, 0, 8UL * 1024 * 1024));
    EXPECT_FALSE(is_resident_by_probe(fd, 0, 8UL * 1024 * 1024));
}

TEST(Residency, remembers_only_what_it_has_seen) {
    const auto file = file_of(pattern(100'000));
    const int fd = file->descriptor.get();
    Residency residency;
    ASSERT_TRUE(residency.has(fd, 0, 1000));
    if (!drop(fd))
        GTEST_SKIP() << "this file system does not drop pages";
    EXPECT_FALSE(residency.has(fd, 0, 2000)) << "another range";
}

TEST(Residency, is_nowhere_beyond_the_end) {
    const auto file = file_of(pattern(1000));
    EXPECT_FALSE(is_resident(file->descriptor.get(), 0, 1'000'000));
    EXPECT_FALSE(is_resident_by_probe(file->descriptor.get(), 0, 1'000'000));
}

} // namespace
} // namespace yizhan::test
