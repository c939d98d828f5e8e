#include "index/serial.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(PeekSerial, TheFieldComesFirst) {
    EXPECT_EQ(peek_serial("12", "<!--SERIAL 34-->"), 12u);
    EXPECT_EQ(peek_serial("soon", "<!--SERIAL 34-->"), 34u);
}

TEST(PeekSerial, ReadsTheTrailerThatStandsLast) {
    EXPECT_EQ(peek_serial("", "<!-- SERIAL 1 --><!--SERIAL 2--></html>\n<!--SERIAL 31415-->"), 31415u);
}

TEST(PeekSerial, ReadsNumbersAndStringsInJson) {
    EXPECT_EQ(peek_serial("", R"({"meta":{"_last-serial": 77,"api-version":"1.1"}})"), 77u);
    EXPECT_EQ(peek_serial("", R"({"meta":{"_last-serial":"78"}})"), 78u);
}

TEST(PeekSerial, KnowsNothingWhereNothingIsSaid) {
    EXPECT_FALSE(peek_serial("", ""));
    EXPECT_FALSE(peek_serial("", R"({"_last-serial")"));
    EXPECT_FALSE(peek_serial("", "<!--SERIAL -->"));
    EXPECT_FALSE(peek_serial("", "<!--SERIAL 99999999999999999999999-->"));
}

} // namespace
} // namespace yizhan
