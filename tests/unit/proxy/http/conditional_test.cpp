#include "proxy/http/conditional.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

constexpr std::string_view etag = "\"abc\"";

struct Asked {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    Ranges ranges = Ranges::all;
    std::optional<std::uint64_t> size = 1000;
    Method method = Method::get;
    bool if_range_only = false;
    std::string_view tag = etag;
};

std::string selected(const Asked& asked) {
    Request request;
    request.method = asked.method;
    request.fields = asked.fields;
    const auto selection = select(
        request, {.etag = asked.tag, .if_range_only = asked.if_range_only, .ranges = asked.ranges, .size = asked.size});
    auto out = std::to_string(selection.status);
    if (selection.status == 206)
        out += " " + std::to_string(selection.first) + "+" + std::to_string(selection.size);
    return out;
}

std::string range(std::string_view value, std::optional<std::uint64_t> size = 1000, Ranges ranges = Ranges::all) {
    return selected({.fields = {{"Range", value}}, .ranges = ranges, .size = size});
}

TEST(Range, is_answered_with_its_window) {
    EXPECT_EQ(range("bytes=0-0"), "206 0+1");
    EXPECT_EQ(range("bytes=0-499"), "206 0+500");
    EXPECT_EQ(range("bytes=500-"), "206 500+500");
    EXPECT_EQ(range("bytes=999-"), "206 999+1");
    EXPECT_EQ(range("bytes=-1"), "206 999+1");
    EXPECT_EQ(range("bytes=-1000"), "206 0+1000");
    EXPECT_EQ(range("BYTES=1-2"), "206 1+2");
}

TEST(Range, is_clipped_at_the_end) {
    EXPECT_EQ(range("bytes=900-5000"), "206 900+100");
    EXPECT_EQ(range("bytes=-5000"), "206 0+1000");
    EXPECT_EQ(range("bytes=0-18446744073709551615"), "206 0+1000");
    EXPECT_EQ(range("bytes=0-99999999999999999999999"), "206 0+1000");
    EXPECT_EQ(range("bytes=-99999999999999999999999"), "206 0+1000");
}

TEST(Range, beyond_the_end_is_unsatisfiable) {
    EXPECT_EQ(range("bytes=1000-"), "416");
    EXPECT_EQ(range("bytes=1000-1001"), "416");
    EXPECT_EQ(range("bytes=-0"), "416");
    EXPECT_EQ(range("bytes=18446744073709551615-"), "416");
    EXPECT_EQ(range("bytes=99999999999999999999-"), "416");
    EXPECT_EQ(range("bytes=0-", 0), "416");
}

TEST(Range, of_nothing_is_the_whole_nothing) {
    EXPECT_EQ(range("bytes=-5", 0), "200");
}

TEST(Range, that_is_malformed_or_manifold_is_ignored) {
    for (const auto* value :
         {"",           "bytes",     "bytes=",        "bytes=-",     "bytes=a-b",    "bytes=1",     "bytes=1-2-3",
          "bytes=5-4",  "bytes=--1", "bytes=+1-2",    "bytes=1-+2",  "bytes= 1 - 2", "bytes=0x0-1", "bytes=1.0-2",
          "octets=0-1", "bytes 0-1", "bytes=0-1,2-3", "bytes=0-,1-", "bytes=0-1,",   "bytes=,0-1",  "bytes=-1,-1",
          "items=0-1"})
        EXPECT_EQ(range(value), "200") << value;
}

// nginx CVE-2017-7529: a suffix larger than the file made the offset negative and sent the cache file's header.
TEST(Range, cannot_overflow) {
    EXPECT_EQ(range("bytes=-17208,-9223372036854758792"), "200");
    EXPECT_EQ(range("bytes=-9223372036854758792"), "206 0+1000");
    const auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(range("bytes=0-", most), "206 0+18446744073709551615");
    EXPECT_EQ(range("bytes=18446744073709551614-18446744073709551615", most), "206 18446744073709551614+1");
    EXPECT_EQ(range("bytes=-18446744073709551615", most), "206 0+18446744073709551615");
}

TEST(Range, of_an_apache_killer_is_ignored) {
    std::string value = "bytes=0-";
    for (int i = 0; i < 1300; ++i)
        value += ",5-" + std::to_string(i);
    EXPECT_EQ(range(value), "200");
}

TEST(Range, given_twice_is_ignored) {
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=0-1"}, {"range", "bytes=0-1"}}}), "200");
}

TEST(Range, of_an_unverified_object_must_reach_its_end) {
    EXPECT_EQ(range("bytes=500-", 1000, Ranges::to_end), "206 500+500");
    EXPECT_EQ(range("bytes=500-999", 1000, Ranges::to_end), "206 500+500");
    EXPECT_EQ(range("bytes=500-9999", 1000, Ranges::to_end), "206 500+500");
    EXPECT_EQ(range("bytes=-10", 1000, Ranges::to_end), "206 990+10");
    EXPECT_EQ(range("bytes=500-998", 1000, Ranges::to_end), "200");
    EXPECT_EQ(range("bytes=0-0", 1000, Ranges::to_end), "200");
    EXPECT_EQ(range("bytes=1000-", 1000, Ranges::to_end), "416");
}

TEST(Range, is_ignored_where_it_cannot_be_answered) {
    EXPECT_EQ(range("bytes=0-1", 1000, Ranges::none), "200");
    EXPECT_EQ(range("bytes=5000-", 1000, Ranges::none), "200");
    EXPECT_EQ(range("bytes=0-1", std::nullopt), "200");
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=0-1"}}, .method = Method::head}), "200");
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=5000-"}}, .method = Method::head}), "200");
}

std::string if_range(std::string_view value, std::string_view tag = etag) {
    return selected({.fields = {{"If-Range", value}, {"Range", "bytes=1-2"}}, .tag = tag});
}

TEST(IfRange, lets_the_range_through_for_the_same_strong_tag_only) {
    EXPECT_EQ(if_range("\"abc\""), "206 1+2");
    EXPECT_EQ(if_range("\"abd\""), "200");
    EXPECT_EQ(if_range("\"ABC\""), "200");
    EXPECT_EQ(if_range("W/\"abc\""), "200");
    EXPECT_EQ(if_range("*"), "200");
    EXPECT_EQ(if_range("\"abc\", \"abc\""), "200");
    EXPECT_EQ(if_range(""), "200");
    EXPECT_EQ(if_range("", ""), "200");
    EXPECT_EQ(if_range("Sun, 06 Nov 1994 08:49:37 GMT"), "200");
}

TEST(IfRange, given_twice_matches_nothing) {
    EXPECT_EQ(selected({.fields = {{"If-Range", etag}, {"If-Range", etag}, {"Range", "bytes=1-2"}}}), "200");
}

TEST(IfRange, knows_a_delivery_under_way) {
    EXPECT_EQ(selected({.fields = {{"If-Range", "\"u-1\""}, {"Range", "bytes=1-"}},
                        .ranges = Ranges::to_end,
                        .if_range_only = true,
                        .tag = "\"u-1\""}),
              "206 1+999");
}

std::string if_none_match(std::string_view value, Method method = Method::get) {
    return selected({.fields = {{"If-None-Match", value}}, .method = method});
}

TEST(IfNoneMatch, compares_weakly_and_reads_lists) {
    EXPECT_EQ(if_none_match("\"abc\""), "304");
    EXPECT_EQ(if_none_match("W/\"abc\""), "304");
    EXPECT_EQ(if_none_match("\"x\", \"abc\""), "304");
    EXPECT_EQ(if_none_match("\"x\" ,\t\"y\",\"abc\""), "304");
    EXPECT_EQ(if_none_match("*"), "304");
    EXPECT_EQ(if_none_match("\"abc\"", Method::head), "304");
    EXPECT_EQ(if_none_match("\"x\""), "200");
    EXPECT_EQ(if_none_match("abc"), "200");
    EXPECT_EQ(if_none_match("\"x,\"abc\""), "200");
    EXPECT_EQ(if_none_match(""), "200");
    EXPECT_EQ(if_none_match(",,,"), "200");
    EXPECT_EQ(selected({.fields = {{"If-None-Match", "\"x\""}, {"if-none-match", "\"abc\""}}}), "304");
}

TEST(IfNoneMatch, has_nothing_to_compare_with_where_there_is_no_tag) {
    EXPECT_EQ(selected({.fields = {{"If-None-Match", "\"\""}}, .tag = ""}), "200");
    EXPECT_EQ(selected({.fields = {{"If-None-Match", ""}}, .tag = ""}), "200");
}

TEST(IfNoneMatch, does_not_hold_for_a_delivery_under_way) {
    EXPECT_EQ(selected({.fields = {{"If-None-Match", "\"abc\""}}, .if_range_only = true}), "200");
    EXPECT_EQ(selected({.fields = {{"If-None-Match", "*"}}, .if_range_only = true}), "200");
}

TEST(IfNoneMatch, goes_before_the_range) {
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=0-1"}, {"If-None-Match", etag}}}), "304");
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=5000-"}, {"If-None-Match", etag}}}), "304");
    EXPECT_EQ(selected({.fields = {{"Range", "bytes=0-1"}, {"If-None-Match", "\"x\""}}}), "206 0+2");
}

TEST(IfMatch, stops_a_resume_of_something_else) {
    EXPECT_EQ(selected({.fields = {{"If-Match", etag}, {"Range", "bytes=1-2"}}}), "206 1+2");
    EXPECT_EQ(selected({.fields = {{"If-Match", "\"x\", \"abc\""}, {"Range", "bytes=1-2"}}}), "206 1+2");
    EXPECT_EQ(selected({.fields = {{"If-Match", "*"}, {"Range", "bytes=1-2"}}}), "206 1+2");
    EXPECT_EQ(selected({.fields = {{"If-Match", "\"x\""}, {"Range", "bytes=1-2"}}}), "412");
    EXPECT_EQ(selected({.fields = {{"If-Match", "W/\"abc\""}}}), "412");
}

TEST(Dates, never_match) {
    EXPECT_EQ(selected({.fields = {{"If-Modified-Since", "Sun, 06 Nov 2094 08:49:37 GMT"}}}), "200");
    EXPECT_EQ(selected({.fields = {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}}), "200");
}

} // namespace
} // namespace yizhan
