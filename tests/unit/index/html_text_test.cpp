#include "index/html_text.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(HtmlText, CharacterReferencesOfAttributesAreDecodedAsHtmlFiveSays) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"", ""},
        {"plain", "plain"},
        {"&gt;=3.7, &lt;4", ">=3.7, <4"},
        {"a&amp;b", "a&b"},
        {"a&ampb", "a&ampb"},
        {"a&amp=b", "a&amp=b"},
        {"a&amp b", "a& b"},
        {"a&amp", "a&"},
        {"?a=1&lt=3&copy=4", "?a=1&lt=3&copy=4"},
        {"&#43;&#x2B;&#x2b;&plus;", "++++"},
        {"&#43 &#x2bg", "+ +g"},
        {"&#x;&#;&#", "&#x;&#;&#"},
        {"&apos;&quot;", "'\""},
        {"&apos", "&apos"},
        {"&amp;amp;", "&amp;"},
        {"&nosuch;&", "&nosuch;&"},
        {"&#0;&#xD800;&#x110000;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"&#x80;&#x99;", "\xe2\x82\xac\xe2\x84\xa2"},
        {"&#x1F600;&eacute;", "\xf0\x9f\x98\x80&eacute;"},
        {"&nbsp;", "\xc2\xa0"},
    };
    for (const auto& [raw, decoded] : table)
        EXPECT_EQ(decoded_attribute(raw), decoded) << raw;
}

TEST(HtmlText, BetweenTagsAMissingSemicolonIsForgiven) {
    EXPECT_EQ(decoded_text("1 &ltb &amp= x"), "1 <b &= x");
    EXPECT_EQ(decoded_text("torch-1.9.0&#43;cu102"), "torch-1.9.0+cu102");
}

TEST(HtmlText, MalformedUtf8BecomesTheReplacementCharacter) {
    const std::string bad = "\xef\xbf\xbd";
    EXPECT_EQ(valid_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(valid_utf8("\x80"), bad);
    EXPECT_EQ(valid_utf8("a\xc3"), "a" + bad);
    EXPECT_EQ(valid_utf8("\xc0\xaf"), bad + bad);                     // an overlong '/'
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), bad + bad + bad);           // a surrogate
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), bad + bad + bad + bad); // beyond U+10FFFF
    EXPECT_EQ(valid_utf8("\xe2\x82z"), bad + bad + "z");
    EXPECT_EQ(decoded_attribute("\xff&amp;"), bad + "&");
}

TEST(OneLine, ControlCharactersBecomeSpaces) {
    EXPECT_EQ(one_line(" a\nb\x01\x7f\xc3\xa9\t"), "a b  \xc3\xa9");
    EXPECT_EQ(one_line("\r\n"), "");
    EXPECT_EQ(one_line("\xff"), "\xef\xbf\xbd");
}

TEST(HtmlText, EscapingLeavesNothingThatHtmlReads) {
    std::string out = "x=";
    append_html_escaped(out, "<\"&'>a\x01\x7f\tb");
    EXPECT_EQ(out, "x=&lt;&quot;&amp;&#39;&gt;a  \tb");
}

TEST(HtmlText, EscapingIsUndoneByDecoding) {
    const std::string text = "\"><script>alert('x & y')</script>&amp;&#43;";
    std::string out;
    append_html_escaped(out, text);
    EXPECT_EQ(out.find_first_of("<>\"'"), std::string::npos);
    EXPECT_EQ(decoded_attribute(out), text);
    EXPECT_EQ(decoded_text(out), text);
}

} // namespace
} // namespace yizhan
