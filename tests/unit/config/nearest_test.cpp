#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

const std::vector<std::string> names{"listen",           "data", "offline", "relay.stall_timeout", "relay.proxy",
                                     "http.idle_timeout"};

TEST(EditDistance, CountsTheFewestEdits) {
    const std::tuple<const char*, const char*, std::size_t> table[] = {
        {"", "", 0},      {"", "abc", 3},     {"abc", "", 3},    {"abc", "abc", 0},        {"abc", "abd", 1},
        {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"listen", "silent", 4},
        {"ca", "abc", 3},
    };
    for (const auto& [a, b, expected] : table) {
        EXPECT_EQ(edit_distance(a, b), expected) << a << " " << b;
        EXPECT_EQ(edit_distance(b, a), expected) << b << " " << a;
    }
}

TEST(EditDistance, OfALongNameIsBounded) {
    EXPECT_EQ(edit_distance(std::string(1'000'000, 'a'), std::string(1'000'000, 'b')), 64u);
}

TEST(Nearest, FindsTypingMistakes) {
    EXPECT_EQ(nearest("lisen", names), "listen");
    EXPECT_EQ(nearest("ofline", names), "offline");
    EXPECT_EQ(nearest("dtaa", names), "data");
    EXPECT_EQ(nearest("relay.stal_timeout", names), "relay.stall_timeout");
}

TEST(Nearest, FindsAKnownNameInTheWrongSection) {
    EXPECT_EQ(nearest("stall_timeout", names), "relay.stall_timeout");
    EXPECT_EQ(nearest("http.proxy", names), "relay.proxy");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
    EXPECT_EQ(nearest("frobnicate", names), std::nullopt);
    EXPECT_EQ(nearest("", names), std::nullopt);
    EXPECT_EQ(nearest("xyz", {}), std::nullopt);
}

} // namespace
} // namespace yizhan
