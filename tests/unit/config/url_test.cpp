#include "config/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

std::string parsed(std::string_view text) {
    const auto url = Url::parse(text);
    return url ? url->str() : "refused";
}

std::string resolved(std::string_view base, std::string_view reference) {
    const auto url = Url::parse(base)->resolve(reference);
    return url ? url->str() : "refused";
}

TEST(Url, IsNormalised) {
    const std::pair<const char*, const char*> table[] = {
        {"http://example.org", "http://example.org/"},
        {"HTTP://EXAMPLE.Org/Path", "http://example.org/Path"},
        {"https://example.org:443/x", "https://example.org/x"},
        {"http://example.org:80/x", "http://example.org/x"},
        {"http://example.org:/x", "http://example.org/x"},
        {"http://example.org:443/x", "http://example.org:443/x"},
        {"https://example.org:8443/x?a=b&c#f", "https://example.org:8443/x?a=b&c"},
        {"http://example.org?q", "http://example.org/?q"},
        {"http://example.org/?", "http://example.org/"},
        {"http://example.org#f", "http://example.org/"},
        {"http://example.org/a/./b/../c", "http://example.org/a/c"},
        {"http://example.org/../../c", "http://example.org/c"},
        {"http://example.org/a//b", "http://example.org/a//b"},
        {"http://example.org/a%2Fb%2f", "http://example.org/a%2Fb%2f"},
        {"http://example.org/a%2Bb", "http://example.org/a%2Bb"},
        {"http://example.org/x@y:z", "http://example.org/x@y:z"},
        {"http://[::1]:8080/a", "http://[::1]:8080/a"},
        {"http://[::1]/", "http://[::1]/"},
        {"http://127.0.0.9:81/", "http://127.0.0.9:81/"},
        {"http://example.org/?a=../b", "http://example.org/?a=../b"},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(parsed(text), expected) << text;
}

TEST(Url, DotSegmentsAreRemovedHoweverTheyAreWritten) {
    for (const char* text : {"http://h.example/a/%2e%2e/b", "http://h.example/a/.%2E/b", "http://h.example/a/%2e./b",
                             "http://h.example/%2e/b", "http://h.example/x/%2e%2e/%2e%2E/b"})
        EXPECT_EQ(parsed(text), "http://h.example/b") << text;
    EXPECT_EQ(parsed("http://h.example/file%2ewhl?v=%2e%2e"), "http://h.example/file.whl?v=%2e%2e");
}

TEST(Url, PartsAreWhatWasWritten) {
    const auto url = Url::parse("https://Example.org:8443/simple/x/?a=b&c=d#frag");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme(), "https");
    EXPECT_EQ(url->host(), "example.org");
    EXPECT_EQ(url->port(), 8443);
    EXPECT_EQ(url->path(), "/simple/x/");
    EXPECT_EQ(url->query(), "a=b&c=d");
    EXPECT_EQ(url->origin(), "https://example.org:8443");
    EXPECT_EQ(Url::parse("https://e.example/")->port(), 443);
    EXPECT_EQ(Url::parse("http://e.example/")->port(), 80);
    EXPECT_EQ(Url::parse("http://e.example:80/")->origin(), "http://e.example");
    EXPECT_EQ(Url::parse("http://[2001:DB8::1]:81/")->host(), "[2001:db8::1]");
}

TEST(Url, WhatTwoParsersCouldReadInTwoWaysIsRefused) {
    const std::string_view table[] = {
        "",
        "/",
        "example.org/x",
        "//example.org/x",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "http:",
        "http:/",
        "http://",
        "http:///",
        "http:///example.org/",
        "http:/example.org/",
        "http:example.org",
        "http:////example.org/",
        "http://?x",
        "http://#x",
        "http://:80/",
        "http://user@example.org/",
        "http://user:pass@example.org/",
        "http://@example.org/",
        "http://:@example.org/",
        "http://good.example@evil.example/",
        "http://a@b@c.example/",
        "http://good.example\\@evil.example/",
        "http:\\\\example.org\\",
        "http://example.org/a\\b",
        "http://example.org/\t",
        "http://exam\tple.org/",
        "http://example.org/\r\nX: y",
        "http://example.org/a b",
        " http://example.org/",
        "http://example.org/ ",
        "http://example.org/\x7f",
        "http://example.org/\xc3\xa9",
        "http://ex\xc3\xa9mple.org/",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:8o/",
        "http://example.org:-1/",
        "http://[::1/",
        "http://::1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1]x/",
        "http://[zz]/",
        "http://%65xample.org/",
        "http://a%2eexample/",
        "http://a%00.example/",
        "http://a%2f.example/",
        std::string_view("http://example.org/\0x", 21),
    };
    for (const auto text : table)
        EXPECT_EQ(parsed(text), "refused") << text;
}

TEST(Url, AnIpv4AddressInAnySpellingIsShownAsWhatWillBeAsked) {
    for (const char* text : {"http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://127.1/",
                             "http://0x7f000001/", "http://127.0.0.1/"}) {
        const auto url = Url::parse(text);
        ASSERT_TRUE(url) << text;
        EXPECT_EQ(url->host(), "127.0.0.1") << text;
        EXPECT_EQ(url->str(), "http://127.0.0.1/") << text;
    }
}

TEST(Url, AnErrorSaysWhatIsWrongAndNoPassword) {
    const auto url = Url::parse("https://robot:hunter2@example.org/simple/?token=s3cret");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code, Errc::invalid);
    EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
    EXPECT_EQ(url.error().message.find("s3cret"), std::string::npos);
    EXPECT_NE(url.error().message.find("user information"), std::string::npos);
}

// RFC 3986 section 5.4 with the base's scheme http, without fragments, which are dropped.
TEST(Url, ResolvesTheTableOfRfc3986) {
    const std::pair<const char*, const char*> table[] = {
        {"g:h", "refused"}, // another scheme
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g"},
        {"g#s/../x", "http://a/b/c/g"},
        {"http:g", "refused"}, // strict: an absolute URL without a host
    };
    for (const auto& [reference, expected] : table)
        EXPECT_EQ(resolved("http://a/b/c/d;p?q", reference), expected) << reference;
}

TEST(Url, ResolvesTheLinksOfRealIndexes) {
    const std::string base = "https://mirror.example/pypi/simple/pip/";
    EXPECT_EQ(resolved(base, "../../packages/aa/bb/cc/pip-1.0.whl#sha256=00"),
              "https://mirror.example/pypi/packages/aa/bb/cc/pip-1.0.whl");
    EXPECT_EQ(resolved(base, "https://files.example/p/pip-1.0.whl"), "https://files.example/p/pip-1.0.whl");
    EXPECT_EQ(resolved(base, "//files.example/p/x"), "https://files.example/p/x");
    EXPECT_EQ(resolved(base, "torch-1.0%2Bcu102.whl"), "https://mirror.example/pypi/simple/pip/torch-1.0%2Bcu102.whl");
    EXPECT_EQ(resolved(base, "torch-1.0+cu102.whl"), "https://mirror.example/pypi/simple/pip/torch-1.0+cu102.whl");
    EXPECT_EQ(resolved(base, "/%2e%2e/%2e%2e/x"), "https://mirror.example/x");
    EXPECT_EQ(resolved("https://m.example:8443/simple/", "//m.example/x"), "https://m.example/x");
}

TEST(Url, AHostileReferenceIsRefused) {
    const std::string_view table[] = {
        "///evil.example/x",
        "////evil.example/",
        "http:///evil.example/",
        "http:/evil.example/",
        "https:evil",
        "//user@evil.example/",
        "//@evil.example/",
        "http://u:p@evil.example/",
        "file:///etc/passwd",
        "\\\\evil.example\\x",
        "/\\evil.example/",
        "a\tb",
        "a\nb",
        "a b",
        "\xe2\x80\xa8",
        "//",
        "//:80/",
        "x:80",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example:0/",
        "//[fe80::1%25eth0]/",
        "//%65vil.example/",
    };
    for (const auto reference : table)
        EXPECT_EQ(resolved("https://mirror.example/simple/", reference), "refused") << reference;
}

TEST(Url, AFolderContainsWhatIsBelowItAtTheSameOrigin) {
    const auto contains = [](std::string_view folder, std::string_view url) {
        return Url::parse(folder)->contains(*Url::parse(url));
    };
    EXPECT_TRUE(contains("https://f.example/packages/", "https://f.example/packages/aa/x.whl"));
    EXPECT_TRUE(contains("https://F.example:443/packages/", "https://f.example/packages/"));
    EXPECT_TRUE(contains("https://f.example", "https://f.example/anything"));
    EXPECT_TRUE(contains("https://f.example/a/index.html", "https://f.example/a/b"));
    EXPECT_FALSE(contains("https://f.example/packages/", "http://f.example/packages/x"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example:8443/packages/x"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example.evil.example/packages/x"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example/packages"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example/packages-evil/x"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example/packages/../secret"));
    EXPECT_FALSE(contains("https://f.example/packages/", "https://f.example/packages/%2e%2e/secret"));
}

TEST(Redacted, HidesUserInformationAndTheQuery) {
    const std::pair<const char*, const char*> table[] = {
        {"https://example.org/simple/x/", "https://example.org/simple/x/"},
        {"https://user:pass@example.org/x", "https://***@example.org/x"},
        {"https://token@example.org/x", "https://***@example.org/x"},
        {"https://a@b@example.org/x", "https://***@example.org/x"},
        {"http://user:pa/ss@example.org:3128/", "http://***@example.org:3128/"},
        {"http://user:pa?ss@example.org/", "http://***@example.org/"},
        {"user:pass@example.org:3128", "***@example.org:3128"},
        {"//user:pass@example.org/x", "//***@example.org/x"},
        {"https://example.org/?token=abc&x=y", "https://example.org/?token=***&x=***"},
        {"https://example.org/?token=a=b&c", "https://example.org/?token=***&***"},
        {"https://example.org/?secret", "https://example.org/?***"},
        {"https://example.org/?a=#sha256=12", "https://example.org/?a=***#sha256=12"},
        {"https://example.org/pkg@1.0", "https://example.org/pkg@1.0"},
        {"https://example.org:8080/a@b", "https://example.org:8080/a@b"},
        {"http://[::1]:80/a@b", "http://[::1]:80/a@b"},
        {"../../packages/x@y.whl#sha256=0", "../../packages/x@y.whl#sha256=0"},
        {"line\nbreak\x1b[31m", "line%0Abreak%1B[31m"},
        {"", ""},
        {"@", "@"},
        {"?", "?"},
        {"http://", "http://"},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(redacted(text), expected) << text;
}

TEST(Redacted, IsBoundedAndCutsOnlyWhatIsHiddenAlready) {
    EXPECT_LE(redacted("http://example.org/" + std::string(1 << 20, 'x')).size(), 1003u);
    const auto out = redacted("http://user:" + std::string(5000, 'p') + "@example.org/");
    EXPECT_EQ(out, "http://***@example.org/");
}

TEST(Percent, DecodesOnce) {
    EXPECT_EQ(percent_decoded("a%2Bb%2bc+d"), "a+b+c+d");
    EXPECT_EQ(percent_decoded("%252e"), "%2e");
    EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
    EXPECT_EQ(percent_decoded(""), "");
    for (const char* broken : {"%", "%2", "a%", "%zz", "%2x", "%x2", "% 2"})
        EXPECT_EQ(percent_decoded(broken), std::nullopt) << broken;
}

TEST(Percent, EncodesEverythingThatIsReservedInASegment) {
    EXPECT_EQ(percent_encoded_segment("torch-1.0+cu102_x~y.whl"), "torch-1.0%2Bcu102_x~y.whl");
    EXPECT_EQ(percent_encoded_segment("a/b?c#d%e f\xc3\xa9!"), "a%2Fb%3Fc%23d%25e%20f%C3%A9%21");
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    EXPECT_EQ(percent_decoded(percent_encoded_segment(all)), all);
}

} // namespace
} // namespace yizhan
