#include "proxy/http/append.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace yizhan {
namespace {

std::string number(std::uint64_t value, std::size_t width = 1) {
    std::string out = "x";
    append_number(out, value, width);
    return out;
}

TEST(AppendNumber, writes_decimals) {
    EXPECT_EQ(number(0), "x0");
    EXPECT_EQ(number(10), "x10");
    EXPECT_EQ(number(9'876'543'210), "x9876543210");
    EXPECT_EQ(number(std::numeric_limits<std::uint64_t>::max()), "x18446744073709551615");
}

TEST(AppendNumber, fills_up_with_zeros) {
    EXPECT_EQ(number(7, 3), "x007");
    EXPECT_EQ(number(0, 3), "x000");
    EXPECT_EQ(number(1234, 3), "x1234");
}

} // namespace
} // namespace yizhan
