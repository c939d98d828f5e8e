#include "index/ascii.hpp"
#include "index/html_text.hpp"
#include "index/html_tokens.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

// One line per token, values decoded: <tag name=[value] bare>, </tag>, 'text', #comment, !declaration.
std::string dump(std::string_view page) {
    std::string out;
    HtmlTokenizer tokens(page);
    while (const auto* token = tokens.next()) {
        switch (token->kind) {
        case HtmlToken::Kind::start_tag:
            out += "<" + ascii::lowered(token->name);
            for (const auto& attribute : token->attributes) {
                out += " " + ascii::lowered(attribute.name);
                if (attribute.value)
                    out += "=[" + decoded_attribute(*attribute.value) + "]";
            }
            out += ">";
            break;
        case HtmlToken::Kind::end_tag:
            out += "</" + ascii::lowered(token->name) + ">";
            break;
        case HtmlToken::Kind::text:
            out += "'" + decoded_text(token->text) + "'";
            break;
        case HtmlToken::Kind::comment:
            out += "#" + std::string(token->text) + "#";
            break;
        case HtmlToken::Kind::declaration:
            out += "!" + std::string(token->text) + "!";
            break;
        }
    }
    if (tokens.cut_short())
        out += "...";
    return out;
}

struct Row {
    std::string_view page, tokens;
};

// What Python 3.11's html.parser reports for these pages, recorded from it.
TEST(HtmlTokens, AgreeWithPythonsHtmlParser) {
    const Row table[] = {
        {R"(<a href="x">t</a>)", "<a href=[x]>'t'</a>"},
        {R"(<A HREF='x&amp;y' Data-Yanked>t</A>)", "<a href=[x&y] data-yanked>'t'</a>"},
        {R"(<a href=x/y?z=1>t</a>)", "<a href=[x/y?z=1]>'t'</a>"},
        {R"(<a href = "a b"  data-yanked = >)", "<a href=[a b] data-yanked=[]>"},
        {R"(<!-- <a href="no"> --><a href="yes">t</a>)", "# <a href=\"no\"> #<a href=[yes]>'t'</a>"},
        {R"(<a href="a>b">t</a>)", "<a href=[a>b]>'t'</a>"},
        {"<a\n href=\"x\"\r\n\tdata-requires-python=\"&gt;=3.7, &lt;4\">t</a>",
         "<a href=[x] data-requires-python=[>=3.7, <4]>'t'</a>"},
        {R"(<a href="&#43;&#x2B;&#x2b">t</a>)", "<a href=[+++]>'t'</a>"},
        {R"(<a href="x" href="y">)", "<a href=[x] href=[y]>"},
        {R"(<script>if (a<b) "<a href=no>"</script><a href="x">)",
         "<script>'if (a<b) \"<a href=no>\"'</script><a href=[x]>"},
        {R"(<style><a href=no></style><a href=x>)", "<style>'<a href=no>'</style><a href=[x]>"},
        {R"(<br/><a href="x"/>)", "<br><a href=[x]>"},
        {R"(<!DOCTYPE html><html lang=en>)", "!DOCTYPE html!<html lang=[en]>"},
        {R"(<a href="x" data-yanked="">)", "<a href=[x] data-yanked=[]>"},
        {R"(<a  data-x'y="1" href=q>)", "<a data-x'y=[1] href=[q]>"},
        {R"(<!----><a href=x><!-- a -- b -->)", "##<a href=[x]># a -- b #"},
        {R"(<?php echo 1 ?><a href=x>)", "!?php echo 1 ?!<a href=[x]>"}, // html.parser reports it without '?'
        {R"(</a href="n"><a href=x>)", "</a><a href=[x]>"}, // html.parser drops an end tag's attributes too
        {R"(<a href='a"b' c="d'e">)", "<a href=[a\"b] c=[d'e]>"},
        {R"(<a href="x"data-yanked="r">)", "<a href=[x] data-yanked=[r]>"},
        {R"(<a =x href=y>)", "<a =x href=[y]>"},
        {R"(<a/href=x>)", "<a href=[x]>"},
        {R"(<SCRIPT></script ><a href=1>)", "<script></script><a href=[1]>"},
        {R"(<a href=x&amp;y&nosuch;z>)", "<a href=[x&y&nosuch;z]>"},
    };
    for (const auto& row : table)
        EXPECT_EQ(dump(row.page), row.tokens) << row.page;
}

// Where html.parser of 3.11 is not HTML5, HTML5 (and newer Pythons) decide.
TEST(HtmlTokens, FollowHtmlFiveInTheRest) {
    const Row table[] = {
        {"", ""},
        {"<", "'<'"},
        {"a < b <a href=\"x\">", "'a ''< b '<a href=[x]>"},
        {"</ a><a href=x>", "! a!<a href=[x]>"},
        {"</><a>", "!!<a>"},
        {"<!><a>", "!!<a>"},
        {"<!--><a>-->", "##<a>'-->'"},
        {"<!---><a>", "##<a>"},
        {"<!-- x --!><a>", "# x #<a>"},
        {"<!-- -- --- ----><a>", "# -- --- --#<a>"},
        {"<![CDATA[<a>]]>", "![CDATA[<a!']]>'"},
        {"<title><a href=no></title><a>", "<title>'<a href=no>'</title><a>"},
        {"<textarea><!-- </textarea><a> -->", "<textarea>'<!-- '</textarea><a>' -->'"},
        {"<script></scriptx></script><a>", "<script>'</scriptx>'</script><a>"},
        {"<xmp><a></xmp><iframe><a></iframe>", "<xmp>'<a>'</xmp><iframe>'<a>'</iframe>"},
        {"<a href=\"?a=1&lt=3\">", "<a href=[?a=1&lt=3]>"},
        {"<a href==x>", "<a href=[=x]>"},
        {"<a href=\"x\"\"y\">", "<a href=[x] \"y\">"},
        {"<a href='", "..."},
        {"<a href=x", "..."},
        {"<a", "..."},
        {"<!-- <a href=x>", "..."},
        {"<!DOCTYPE", "..."},
        {"<script>a", "<script>'a'..."},
        {"<script>", "<script>..."},
    };
    for (const auto& row : table)
        EXPECT_EQ(dump(row.page), row.tokens) << row.page;
}

TEST(HtmlTokens, ATagBeyondTheLimitsIsMarked) {
    HtmlTokenizer tokens("<a a=1 b=2 c=3><b x=12345><c x=1234>", {.attributes = 2, .value_bytes = 4});
    const auto* token = tokens.next();
    EXPECT_TRUE(token->overfull);
    EXPECT_EQ(token->attributes.size(), 2U);
    token = tokens.next();
    EXPECT_TRUE(token->overfull);
    EXPECT_TRUE(token->attributes.empty());
    EXPECT_FALSE(tokens.next()->overfull);
    EXPECT_EQ(tokens.next(), nullptr);
}

TEST(HtmlTokens, TheFirstOfEquallyNamedAttributesCounts) {
    HtmlTokenizer tokens("<a HREF=1 href=2>");
    EXPECT_EQ(tokens.next()->attribute("href")->value, "1");
}

// Quadratic readings of these take minutes: 2 MB each of the constructs whose end is searched for.
TEST(HtmlTokens, HostilePagesAreReadInLinearTime) {
    for (const std::string_view piece :
         {"<!--", "<!-- --!>", "<!----->", "<a ", "<a href='", "</", "</a", "<script></scrip", "<title>", "<", "&",
          "<!", "<?", "--", "=\"", "<a href=\"x\" "}) {
        std::string page;
        while (page.size() < 2'000'000)
            page += piece;
        HtmlTokenizer tokens(page);
        std::size_t count = 0;
        while (tokens.next())
            ++count;
        EXPECT_LE(count, page.size());
    }
}

} // namespace
} // namespace yizhan
