#include "tests/origin/behaviour.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace yizhan::origin {
namespace {

TEST(Offset, CountsFromEitherEndOrInPercentAndStaysInside) {
    EXPECT_EQ(Offset(0).in(100), 0u);
    EXPECT_EQ(Offset(7).in(100), 7u);
    EXPECT_EQ(Offset(700).in(100), 100u);
    EXPECT_EQ(Offset(-1).in(100), 99u);
    EXPECT_EQ(Offset(-100).in(100), 0u);
    EXPECT_EQ(Offset(-101).in(100), 0u);
    EXPECT_EQ(Offset(std::numeric_limits<std::int64_t>::min()).in(100), 0u);
    EXPECT_EQ(Offset::percent(50).in(101), 50u);
    EXPECT_EQ(Offset::percent(1).in(50), 0u);
    EXPECT_EQ(Offset::end().in(101), 101u);
    EXPECT_EQ(Offset::percent(50).in(std::numeric_limits<std::uint64_t>::max()),
              std::numeric_limits<std::uint64_t>::max() / 2);
}

} // namespace
} // namespace yizhan::origin
