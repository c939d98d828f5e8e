#include "proxy/http/target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::ElementsAre;

TEST(Target, splits_and_decodes_once) {
    EXPECT_THAT(take_apart("/")->segments, ElementsAre(""));
    EXPECT_THAT(take_apart("/simple")->segments, ElementsAre("simple"));
    EXPECT_THAT(take_apart("/simple/six/")->segments, ElementsAre("simple", "six", ""));
    EXPECT_THAT(take_apart("/simple/s%69x/")->segments, ElementsAre("simple", "six", ""));
    EXPECT_THAT(take_apart("/a%20b/%7e/%3Ac")->segments, ElementsAre("a b", "~", ":c"));
    EXPECT_THAT(take_apart("/.../..a/a..")->segments, ElementsAre("...", "..a", "a.."));
}

TEST(Target, keeps_a_plus_a_plus) {
    EXPECT_THAT(take_apart("/torch-2.0+cu118.whl")->segments, ElementsAre("torch-2.0+cu118.whl"));
    EXPECT_THAT(take_apart("/torch-2.0%2Bcu118.whl")->segments, ElementsAre("torch-2.0+cu118.whl"));
    EXPECT_THAT(take_apart("/torch-2.0%2bcu118.whl")->segments, ElementsAre("torch-2.0+cu118.whl"));
}

TEST(Target, leaves_the_query_as_it_came) {
    const auto target = take_apart("/api?a=%2F..%00&b=c?d/e");
    EXPECT_THAT(target->segments, ElementsAre("api"));
    EXPECT_EQ(target->query, "a=%2F..%00&b=c?d/e");
    EXPECT_EQ(take_apart("/api?")->query, "");
}

class RefusedTarget : public testing::TestWithParam<const char*> {};

TEST_P(RefusedTarget, never_reaches_a_route) {
    const auto target = take_apart(GetParam());
    ASSERT_FALSE(target) << testing::PrintToString(target->segments);
    EXPECT_TRUE(target.error().status == 400 || target.error().status == 404);
    EXPECT_TRUE(target.error().sentence.ends_with('.'));
}

INSTANTIATE_TEST_SUITE_P(Traversal, RefusedTarget,
                         testing::Values("/..", "/../", "/../etc/passwd", "/simple/..", "/simple/../../etc/passwd",
                                         "/./", "/simple/./six/", "/.", "/%2e", "/%2e/", "/%2e%2e", "/%2e%2e/",
                                         "/%2E%2E/etc/passwd", "/.%2e/", "/%2e./", "/simple/%2e%2e/%2e%2e/etc/passwd",
                                         "/%2F%2F..%2F..%2Fetc%2Fpasswd", "/..%2f..%2fetc%2fpasswd",
                                         "/..%5c..%5cwindows", "/%5c..%5c", "/%5C", "/..\\..\\etc", "\\..\\etc",
                                         "/a\\b", "/simple/..?x", "/%2e%2e?x=1", "/..%00/", "/..%2F", "/%2F", "/a%2fb",
                                         "/a%2Fb"));

INSTANTIATE_TEST_SUITE_P(DoubleEncoding, RefusedTarget,
                         testing::Values("/%252e%252e/", "/%252f", "/%255c", "/%25", "/a%25b", "/%25%32%65",
                                         "/%2525252e", "/six%252B1.whl"));

INSTANTIATE_TEST_SUITE_P(Bytes, RefusedTarget,
                         testing::Values("/%00", "/six.whl%00.html", "/%0a", "/%0d%0aSet-Cookie:x", "/%09", "/%1f",
                                         "/%7f", "/%80", "/%ff", "/%c0%ae%c0%ae/", "/%c0%af", "/%e0%80%ae",
                                         "/%e4%b8%ad", "/%ef%bc%8f", "/%u002e%u002e", "/%u2215"));

INSTANTIATE_TEST_SUITE_P(Syntax, RefusedTarget,
                         testing::Values("", "simple/", "//", "//etc/passwd", "/simple//six/", "/simple/six//", "/%",
                                         "/%2", "/a%", "/a%2", "/%zz", "/%2g", "/%g2", "/% 2", "/%-1", "/%+1", "/a b",
                                         "/a\tb", "/a#b", "/#", "/a?b#c", "/a\"b", "/a<b>", "/a|b", "/a^b", "/a`b",
                                         "/{a}", "/[a]", "*", "http://a/"));

TEST(Target, tells_an_empty_segment_from_an_attack) {
    EXPECT_EQ(take_apart("/simple//six/").error().status, 404U);
    EXPECT_EQ(take_apart("/simple/../six/").error().status, 400U);
}

// Whatever passes has nothing in it that a second decoder, a file system or a log could take for something else.
TEST(Target, decodes_every_escape_or_refuses_it) {
    for (int byte = 0; byte < 256; ++byte) {
        const auto target = take_apart(fmt::format("/a%{:02x}", byte));
        const bool harmless = byte >= 0x20 && byte < 0x7f && byte != '/' && byte != '\\' && byte != '%';
        ASSERT_EQ(target.has_value(), harmless) << byte;
        if (harmless)
            EXPECT_EQ(target->segments[0], std::string("a") + static_cast<char>(byte));
    }
}

} // namespace
} // namespace yizhan
