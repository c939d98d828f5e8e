#include "proxy/http/authority.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(Authority, is_a_host_and_perhaps_a_port) {
    EXPECT_EQ(parse_authority("mirror.example")->host, "mirror.example");
    EXPECT_FALSE(parse_authority("mirror.example")->port);
    EXPECT_EQ(parse_authority("mirror.example:8080")->port, 8080);
    EXPECT_EQ(parse_authority("[::1]:80")->host, "[::1]");
    EXPECT_FALSE(parse_authority("a:")->port);
    EXPECT_TRUE(parse_authority("lab_box-1.~x"));
}

TEST(Authority, is_nothing_else) {
    for (const auto* text : {"",        ":80",        "a b",      "a/b",    "user@a",
                             "a:b",     "a:1:2",      "a:-1",     "a:+1",   "a:0",
                             "a:65536", "a:99999",    "[",        "[]",     "[::1",
                             "[::1]x",  "[::1]80",    "::1",      "[g::1]", "[fe80::1%25lo]",
                             "a,b",     "a%2eb",      "\xc3\xbc", "a\\b",   "a?b",
                             "a#b",     "[127.0.0.1]"})
        EXPECT_FALSE(parse_authority(text)) << text;
    EXPECT_FALSE(parse_authority(std::string(261, 'a')));
}

TEST(Authority, names_the_address_a_connection_arrived_at) {
    const LocalAddress local{.host = "127.0.0.1", .port = 8080};
    const auto named = [](std::string_view text, const LocalAddress& here) {
        return names(*parse_authority(text), here);
    };
    EXPECT_TRUE(named("127.0.0.1:8080", local));
    EXPECT_TRUE(named("LOCALHOST:8080", local));
    EXPECT_FALSE(named("127.0.0.1", local));
    EXPECT_FALSE(named("127.0.0.2:8080", local));
    EXPECT_FALSE(named("pypi.example:8080", local));
    EXPECT_TRUE(named("192.0.2.1", {.host = "192.0.2.1", .port = 80}));
    EXPECT_FALSE(named("localhost", {.host = "192.0.2.1", .port = 80}));
    EXPECT_TRUE(named("[0:0::1]:1", {.host = "::1", .port = 1}));
    EXPECT_TRUE(named("localhost:1", {.host = "::1", .port = 1}));
    EXPECT_FALSE(named("[::1]:1", {.host = "127.0.0.1", .port = 1}));
    EXPECT_FALSE(named("127.0.0.1:8080", {}));
}

} // namespace
} // namespace yizhan
