#include "proxy/http/rate_floor.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using Time = RateFloor::Clock::time_point;

/// Seconds until a client that takes `rate` bytes per second is cut; -1 when it is kept for an hour.
int cut_after(RateFloor floor, std::uint64_t rate) {
    for (int second = 0; second < 3600; ++second)
        if (floor.too_slow(Time(1s * second), rate * static_cast<std::uint64_t>(second), true))
            return second;
    return -1;
}

TEST(RateFloor, cuts_who_takes_nothing_after_the_grace) {
    EXPECT_EQ(cut_after({1000, 30s}, 0), 31);
}

TEST(RateFloor, cuts_who_is_too_slow_in_proportion) {
    EXPECT_EQ(cut_after({1000, 30s}, 500), 61);
    EXPECT_EQ(cut_after({1000, 30s}, 100), 34);
}

TEST(RateFloor, keeps_who_is_fast_enough) {
    EXPECT_EQ(cut_after({1000, 30s}, 1000), -1);
    EXPECT_EQ(cut_after({1000, 30s}, 1'000'000), -1);
    EXPECT_EQ(cut_after({0, 30s}, 0), -1);
}

TEST(RateFloor, does_not_mind_bytes_that_go_in_lumps) {
    RateFloor floor(1000, 30s);
    for (int second = 0; second < 3600; ++second)
        ASSERT_FALSE(floor.too_slow(Time(1s * second), static_cast<std::uint64_t>(second / 20) * 20'000, true))
            << second;
}

// A gigabyte taken at first is no licence to stand still for days afterwards.
TEST(RateFloor, does_not_let_speed_be_saved_up) {
    RateFloor floor(1000, 30s);
    floor.too_slow(Time(0s), 0, true);
    EXPECT_FALSE(floor.too_slow(Time(1s), 1'000'000'000, true));
    EXPECT_FALSE(floor.too_slow(Time(31s), 1'000'000'000, true));
    EXPECT_TRUE(floor.too_slow(Time(32s), 1'000'000'000, true));
}

TEST(RateFloor, does_not_count_the_time_in_which_we_had_nothing) {
    RateFloor floor(1000, 30s);
    for (int second = 0; second < 600; ++second)
        ASSERT_FALSE(floor.too_slow(Time(1s * second), 0, false));
    EXPECT_FALSE(floor.too_slow(Time(600s), 0, true));
    EXPECT_FALSE(floor.too_slow(Time(630s), 0, true));
    EXPECT_TRUE(floor.too_slow(Time(631s), 0, true));
}

} // namespace
} // namespace yizhan
