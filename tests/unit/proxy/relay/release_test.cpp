#include "config/sizes.hpp"
#include "proxy/relay/release.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

constexpr ReleaseRule rule{.verify_first = 4 * MiB, .hold_back = 256 * KiB};
constexpr std::uint64_t fast = 10 * MiB;

TEST(Release, SmallObjectsWaitForTheirDigest) {
    for (const auto size : {std::uint64_t{0}, std::uint64_t{1}, 4 * MiB})
        EXPECT_EQ(releasable(rule, {.size = size, .written = size, .bytes_per_second = fast, .identified = true}), 0u);
}

TEST(Release, SmallObjectsLeaveWithTheTailHeldWhenPatienceIsOver) {
    EXPECT_EQ(
        releasable(
            rule,
            {.size = 4 * MiB, .written = 2 * MiB, .bytes_per_second = fast, .identified = true, .patience_over = true}),
        2 * MiB);
    EXPECT_EQ(
        releasable(
            rule,
            {.size = 4 * MiB, .written = 4 * MiB, .bytes_per_second = fast, .identified = true, .patience_over = true}),
        4 * MiB - 256 * KiB);
}

TEST(Release, LargeObjectsKeepTheirTailBack) {
    const auto end = [](std::uint64_t written) {
        return releasable(rule, {.size = 100 * MiB, .written = written, .bytes_per_second = fast, .identified = true});
    };
    EXPECT_EQ(end(0), 0u);
    EXPECT_EQ(end(50 * MiB), 50 * MiB);
    EXPECT_EQ(end(100 * MiB), 100 * MiB - 256 * KiB);
}

TEST(Release, ASlowTailIsHeldForFourSecondsAtTheMost) {
    const auto end = [](std::uint64_t rate) {
        return releasable(rule,
                          {.size = 100 * MiB, .written = 100 * MiB, .bytes_per_second = rate, .identified = true});
    };
    EXPECT_EQ(end(10 * KiB), 100 * MiB - 40 * KiB);
    EXPECT_EQ(end(0), 100 * MiB - 1);
}

TEST(Release, TheLastByteNeverLeavesBeforeTheEndIsKnownToBeRight) {
    EXPECT_EQ(releasable(rule, {.size = 100 * MiB, .written = 100 * MiB, .bytes_per_second = fast}), 100 * MiB - 1);
    EXPECT_EQ(releasable(rule, {.size = {}, .written = 100 * MiB, .bytes_per_second = fast}), 100 * MiB - 1);
}

TEST(Release, AnUnknownSizeHoldsTheTailOfWhatIsHere) {
    EXPECT_EQ(releasable(rule, {.size = {}, .written = 4 * MiB, .bytes_per_second = fast, .identified = true}), 0u);
    EXPECT_EQ(releasable(rule, {.size = {}, .written = 5 * MiB, .bytes_per_second = fast, .identified = true}),
              5 * MiB - 256 * KiB);
}

} // namespace
} // namespace yizhan
