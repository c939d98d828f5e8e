#include "index/date_time.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(DateTime, ADateIsItsFirstSecond) {
    EXPECT_EQ(parse_date_time("1970-01-01"), 0);
    EXPECT_EQ(parse_date_time("2024-02-29"), 1709164800);
    EXPECT_EQ(parse_date_time("2000-02-29"), 951782400);
}

TEST(DateTime, OfRfc3339HasOffsetsAndFractions) {
    EXPECT_EQ(parse_date_time("2024-01-02T03:04:05Z"), 1704164645);
    EXPECT_EQ(parse_date_time("2024-01-02T03:04:05.999999Z"), 1704164645);
    EXPECT_EQ(parse_date_time("2024-01-02T03:04:05+08:00"), 1704164645 - 8 * 3600);
    EXPECT_EQ(parse_date_time("2024-01-01T21:34:05-05:30"), 1704164645);
    EXPECT_EQ(parse_date_time("2016-12-31T23:59:60Z"), 1483228800) << "a leap second is the next day's first";
}

TEST(DateTime, WhatIsNoneIsNone) {
    for (const auto* const text : {"",
                                   "2024",
                                   "2024-1-2",
                                   "2024-13-01",
                                   "2024-00-01",
                                   "2023-02-29",
                                   "2024-01-32",
                                   "2024-01-02T",
                                   "2024/01/02",
                                   "2024-01-02T24:00:00Z",
                                   "2024-01-02T03:60:05Z",
                                   "2024-01-02T03:04:61Z",
                                   "2024-01-02T03:04:05",
                                   "2024-01-02T03:04:05+24:00",
                                   "2024-01-02T03:04:05+08:60",
                                   "2024-01-02 03:04:05Z",
                                   "2024-01-0a",
                                   "-024-01-02",
                                   "2024-01-02T03:04:05.Z",
                                   "yesterday"})
        EXPECT_FALSE(parse_date_time(text)) << text;
}

} // namespace
} // namespace yizhan
