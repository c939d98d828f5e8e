#include "proxy/relay/health/stall.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::Stall rules;
constexpr Rivals none;
constexpr Rivals somebody{.ready = true, .bytes_per_second = 0};

// `bytes_per_second` in tenths of a second, from `from` to `to`.
void flow(StallWatch& watch, double from, double to, double bytes_per_second) {
    for (int i = 1; i <= static_cast<int>((to - from) * 10 + 0.5); ++i)
        watch.received(static_cast<std::uint64_t>(bytes_per_second / 10), at(from + i * 0.1));
}

TEST(StallWatch, FourSecondsOfSilenceAreAStallWithOrWithoutRivals) {
    for (const auto& rivals : {none, somebody}) {
        StallWatch watch(rules, at(0));
        EXPECT_FALSE(watch.check(rivals, at(3.99)));
        const auto stall = watch.check(rivals, at(4));
        ASSERT_TRUE(stall);
        EXPECT_EQ(stall->symptom, Symptom::silence);
        EXPECT_EQ(stall->words, "no byte for 4.0 s");
        watch.received(1, at(4));
        EXPECT_FALSE(watch.check(rivals, at(7.9)));
        EXPECT_TRUE(watch.check(rivals, at(8)));
    }
}

TEST(StallWatch, ADripIsAStallOnlyWhileSomebodyElseIsReady) {
    StallWatch watch(rules, at(0));
    flow(watch, 0, 10, 1000);
    EXPECT_FALSE(watch.check(none, at(10)));
    const auto stall = watch.check(somebody, at(10));
    ASSERT_TRUE(stall);
    EXPECT_EQ(stall->symptom, Symptom::slow);
    EXPECT_EQ(stall->words, "1.0 KiB/s over 5.0 s, under the floor of 16.0 KiB/s");
}

TEST(StallWatch, TheFloorIsATenthOfTheBestRival) {
    StallWatch watch(rules, at(0));
    flow(watch, 0, 10, 500.0 * KiB);
    EXPECT_FALSE(watch.check({.ready = true, .bytes_per_second = 4.5 * MiB}, at(10)));
    EXPECT_TRUE(watch.check({.ready = true, .bytes_per_second = 6.0 * MiB}, at(10)));
    EXPECT_FALSE(watch.check({.ready = false, .bytes_per_second = 6.0 * MiB}, at(10)));
}

TEST(StallWatch, AFallInTheMiddleIsSeenWithinOneWindow) {
    StallWatch watch(rules, at(0));
    flow(watch, 0, 30, 100.0 * MiB);
    flow(watch, 30, 34.5, 2.0 * KiB);
    EXPECT_FALSE(watch.check(somebody, at(34.5)));
    flow(watch, 34.5, 35.2, 2.0 * KiB);
    EXPECT_TRUE(watch.check(somebody, at(35.2)));
}

TEST(StallWatch, TheRateIsJudgedAfterAWholeWindowFromTheFirstByte) {
    StallWatch watch(rules, at(0));
    flow(watch, 3, 7.8, 1000); // the first byte at 3.1
    EXPECT_FALSE(watch.check(somebody, at(8.0)));
    flow(watch, 7.8, 8.2, 1000);
    EXPECT_TRUE(watch.check(somebody, at(8.2)));
}

TEST(StallWatch, AReadersPauseIsNoStall) {
    StallWatch watch(rules, at(0));
    flow(watch, 0, 10, 1.0 * MiB);
    watch.paused(at(10));
    watch.paused(at(20));
    EXPECT_FALSE(watch.check(somebody, at(600)));
    EXPECT_EQ(watch.next_check(at(600)), std::nullopt);
    watch.resumed(at(600));
    watch.resumed(at(601));
    EXPECT_FALSE(watch.check(somebody, at(603.9)));
    EXPECT_NEAR(watch.rate(at(600)) / MiB, 1, 0.05) << "the pause is not in the window";
    EXPECT_TRUE(watch.check(somebody, at(604))) << "silence counts from the resuming";
}

TEST(StallWatch, SilenceIsNotCarriedOverAPause) {
    StallWatch watch(rules, at(0));
    watch.received(1, at(10));
    watch.paused(at(13));
    watch.resumed(at(600));
    EXPECT_FALSE(watch.check(none, at(602)));
    EXPECT_TRUE(watch.check(none, at(604)));
    watch.paused(at(604));
    EXPECT_FALSE(watch.check(none, at(605))) << "whoever pauses does not wait";
}

TEST(StallWatch, BytesLeaveTheWindowAlsoWhileNoneArrive) {
    StallWatch watch(rules, at(0));
    flow(watch, 0, 30, 10.0 * MiB);
    EXPECT_NEAR(watch.rate(at(33)) / MiB, 4, 0.3);
}

TEST(StallWatch, ActiveTimeLeavesPausesOut) {
    StallWatch watch(rules, at(0));
    watch.paused(at(3));
    watch.resumed(at(13));
    EXPECT_NEAR(watch.active(at(15)).count(), 5, 1e-6);
}

TEST(StallWatch, ItSaysWhenToLookAgain) {
    StallWatch watch(rules, at(0));
    EXPECT_EQ(watch.next_check(at(1)), at(4));
    watch.received(1, at(2));
    EXPECT_EQ(watch.next_check(at(2)), at(6));
    flow(watch, 2, 9, 1.0 * MiB);
    EXPECT_EQ(watch.next_check(at(9)), at(10)) << "the rate, once a second";
    EXPECT_EQ(watch.next_check(at(20)), at(20)) << "overdue";
}

TEST(StallWatch, NothingReceivedIsNothing) {
    StallWatch watch(rules, at(0));
    watch.received(0, at(3));
    EXPECT_TRUE(watch.check(none, at(4)));
    EXPECT_EQ(watch.rate(at(4)), 0);
}

} // namespace
} // namespace yizhan
