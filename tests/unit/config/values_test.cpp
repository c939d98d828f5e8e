#include "config/values.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace yizhan {
namespace {

using std::chrono::milliseconds;

TEST(Size, IsReadWithItsUnit) {
    const std::pair<const char*, std::uint64_t> table[] = {
        {"0", 0},
        {"4096", 4096},
        {"1B", 1},
        {"64KiB", 65536},
        {"64 KiB", 65536},
        {" 2MiB ", 2u << 20},
        {"200GiB", 200ull << 30},
        {"1.5TiB", 3ull << 39},
        {"0.5KiB", 512},
        {"0.125KiB", 128},
        {"10kB", 10'000},
        {"10KB", 10'000},
        {"10MB", 10'000'000},
        {"1.5GB", 1'500'000'000},
        {"7EiB", 7ull << 60},
        {"9223372036854775.807kB", std::numeric_limits<std::int64_t>::max()},
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(read_size(text), expected) << text;
}

TEST(Size, IsRefusedWhereItIsNotExactlyANumberOfBytes) {
    for (const char* text : {"",
                             " ",
                             "x",
                             "KiB",
                             "-1",
                             "+1",
                             "1e3",
                             "0x10",
                             "1,5GiB",
                             "1.2.3GiB",
                             "1.",
                             ".5GiB",
                             "1.0001GiB",
                             "0.1B",
                             "0.3KiB",
                             "8EiB",
                             "9223372036854775.808kB",
                             "9223372036854775808",
                             "99999999999999999999",
                             "1 GiB s",
                             "1GiBx",
                             "200G",
                             "200gib",
                             "1.5"})
        EXPECT_FALSE(read_size(text)) << text;
}

TEST(Size, AnAlmostRightUnitGetsAProposal) {
    EXPECT_NE(read_size("200G").error().find("did you mean \"GiB\"?"), std::string::npos);
    EXPECT_NE(read_size("1mib").error().find("did you mean \"MiB\"?"), std::string::npos);
    EXPECT_NE(read_size("3 parsecs").error().find("unknown unit \"parsecs\""), std::string::npos);
}

TEST(Size, IsShownInTheLargestUnitThatNeedsNoFraction) {
    const std::pair<std::uint64_t, const char*> table[] = {
        {0, "0B"},
        {1, "1B"},
        {1023, "1023B"},
        {1024, "1KiB"},
        {1536, "1536B"},
        {3u << 19, "1536KiB"},
        {200ull << 30, "200GiB"},
        {1000, "1000B"},
    };
    for (const auto& [bytes, expected] : table) {
        EXPECT_EQ(show_size(bytes), expected);
        EXPECT_EQ(read_size(show_size(bytes)), bytes);
    }
}

TEST(Duration, IsReadWithItsUnit) {
    const std::pair<const char*, milliseconds> table[] = {
        {"0", milliseconds(0)},
        {"0s", milliseconds(0)},
        {"1500ms", milliseconds(1500)},
        {"4s", milliseconds(4000)},
        {"1.5s", milliseconds(1500)},
        {"0.001s", milliseconds(1)},
        {"10min", milliseconds(600'000)},
        {"1h", milliseconds(3'600'000)},
        {"7d", milliseconds(604'800'000)},
        {"2 min", milliseconds(120'000)},
        {"0.5d", milliseconds(43'200'000)},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(read_duration(text), expected) << text;
}

TEST(Duration, WithoutAUnitOrWithADoubtfulOneIsRefused) {
    for (const char* text :
         {"", "4", "4m", "1S", "-1s", "1h30min", "1.0005s", "0.5ms", "s", "4 sec", "1w", "9223372036854775807s"})
        EXPECT_FALSE(read_duration(text)) << text;
    EXPECT_NE(read_duration("4").error().find("unit is missing"), std::string::npos);
    EXPECT_NE(read_duration("10m").error().find("did you mean \"min\"?"), std::string::npos);
}

TEST(Duration, IsShownInTheLargestUnitThatNeedsNoFraction) {
    const std::pair<milliseconds, const char*> table[] = {
        {milliseconds(0), "0s"},         {milliseconds(1), "1ms"},         {milliseconds(1500), "1500ms"},
        {milliseconds(4000), "4s"},      {milliseconds(60'000), "1min"},   {milliseconds(90'000), "90s"},
        {milliseconds(3'600'000), "1h"}, {milliseconds(86'400'000), "1d"}, {milliseconds(-5), "0s"},
    };
    for (const auto& [time, expected] : table)
        EXPECT_EQ(show_duration(time), expected);
    EXPECT_EQ(read_duration(show_duration(milliseconds(90'000))), milliseconds(90'000));
}

TEST(Switch, KnowsTheUsualWords) {
    for (const char* text : {"true", "True", "yes", "on", "1", " ON "})
        EXPECT_EQ(read_switch(text), true) << text;
    for (const char* text : {"false", "FALSE", "no", "off", "0"})
        EXPECT_EQ(read_switch(text), false) << text;
    for (const char* text : {"", "2", "y", "truely", "t"})
        EXPECT_FALSE(read_switch(text)) << text;
}

TEST(Number, IsWholeAndDecimal) {
    EXPECT_EQ(read_number("0"), 0u);
    EXPECT_EQ(read_number(" 42 "), 42u);
    for (const char* text : {"", "-1", "+1", "1.0", "0x1", "1 2", "9223372036854775808"})
        EXPECT_FALSE(read_number(text)) << text;
}

TEST(List, IsSeparatedByCommas) {
    using List = std::vector<std::string>;
    EXPECT_EQ(split_list(""), List{});
    EXPECT_EQ(split_list("  "), List{});
    EXPECT_EQ(split_list("a"), List{"a"});
    EXPECT_EQ(split_list("a, b ,c"), (List{"a", "b", "c"}));
    EXPECT_EQ(split_list("a,,"), (List{"a", "", ""}));
}

TEST(Toml, StringsAreEscaped) {
    EXPECT_EQ(toml_quoted("plain"), "\"plain\"");
    EXPECT_EQ(toml_quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(toml_quoted("a\nb\x7f"), "\"a\\u000Ab\\u007F\"");
    EXPECT_EQ(toml_quoted("\xe9\xa9\xbf"), "\"\xe9\xa9\xbf\"");
    EXPECT_EQ(toml_list({}), "[]");
    EXPECT_EQ(toml_list({"a", "b\""}), "[\"a\", \"b\\\"\"]");
}

} // namespace
} // namespace yizhan
