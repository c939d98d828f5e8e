#include "proxy/http/field_syntax.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

TEST(FieldSyntax, knows_a_token) {
    EXPECT_TRUE(is_token("Content-Type"));
    EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
    for (const auto* text :
         {"", "a b", "a:", "a\t", "(a)", "a/b", "a\"", "\xc3\xa4", "a\x7f", "a@b", "{", "a,b", "a;b"})
        EXPECT_FALSE(is_token(text)) << text;
}

TEST(FieldSyntax, knows_a_value_and_a_plain_one) {
    EXPECT_TRUE(is_field_value("a \t~\x80\xff"));
    EXPECT_FALSE(is_plain_field_value("\x80"));
    EXPECT_TRUE(is_plain_field_value("a \t~"));
    for (const char c : {'\r', '\n', '\0', '\v', '\x1b', '\x7f'}) {
        EXPECT_FALSE(is_field_value({&c, 1})) << static_cast<int>(c);
        EXPECT_FALSE(is_plain_field_value({&c, 1})) << static_cast<int>(c);
    }
}

// Values are looked at eight bytes at a time; every byte must be seen wherever it stands, next to whatever.
TEST(FieldSyntax, sees_every_byte_at_every_place) {
    for (const char filler : {'a', ' ', '\t', '~', '\x80', '\xff'})
        for (std::size_t size = 1; size <= 20; ++size)
            for (std::size_t at = 0; at < size; ++at)
                for (int byte = 0; byte < 256; ++byte) {
                    std::string text(size, filler);
                    text[at] = static_cast<char>(byte);
                    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
                    const bool beyond = byte >= 0x80 || (size > 1 && static_cast<unsigned char>(filler) >= 0x80);
                    ASSERT_EQ(is_field_value(text), !control) << byte << " at " << at << " of " << size;
                    ASSERT_EQ(is_plain_field_value(text), !control && !beyond)
                        << byte << " at " << at << " of " << size;
                }
}

TEST(FieldSyntax, compares_names_without_case) {
    EXPECT_TRUE(same_name("ETag", "etag"));
    EXPECT_FALSE(same_name("ETag", "etags"));
    EXPECT_FALSE(same_name("a@", "a`")) << "only letters have a case";
}

TEST(FieldSyntax, takes_lists_apart) {
    const auto elements = [](std::string_view list) {
        std::vector<std::string_view> out;
        while (!list.empty())
            out.push_back(next_list_element(list));
        return out;
    };
    EXPECT_THAT(elements("a, b\t,c"), testing::ElementsAre("a", "b", "c"));
    EXPECT_THAT(elements("\"a,b\", c"), testing::ElementsAre("\"a,b\"", "c"));
    EXPECT_THAT(elements(",a,,"), testing::ElementsAre("", "a", ""));
    EXPECT_THAT(elements("\"open, a"), testing::ElementsAre("\"open, a"));
    EXPECT_TRUE(list_has("keep-alive, Close", "close"));
    EXPECT_FALSE(list_has("closed, not-close", "close"));
}

TEST(FieldSyntax, makes_foreign_bytes_printable) {
    EXPECT_EQ(printable("a \"\\\r\n\x80z", 100), "a \\x22\\x5c\\x0d\\x0a\\x80z");
    EXPECT_EQ(printable("abcdef", 3), "abc");
}

} // namespace
} // namespace yizhan
