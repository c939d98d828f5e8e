#include "index/links.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

Url url(std::string_view text) {
    return Url::parse(text).value();
}

TEST(Links, ResolveAsTheUrlParserDoes) {
    for (const std::string_view base :
         {"https://pypi.example/simple/six/", "http://127.0.0.1:8081/root/pypi/+simple/six", "https://pypi.example",
          "https://[::1]:8443/a/b/c/"}) {
        LinkResolver links(url(base));
        for (const std::string_view link : {"six-1.0.tar.gz",
                                            "../../packages/aa/bb/cc/six-1.0.tar.gz#sha256=00",
                                            "/packages/x.whl",
                                            "../../../../../x.whl",
                                            "https://files.example/packages/six-1.0+cu102.whl",
                                            "https://files.example/packages/six-1.0%2Bcu102.whl",
                                            "https://files.example:443/x",
                                            "http://files.example:80/x",
                                            "HTTPS://Files.Example/x",
                                            "//cdn.example/x.whl",
                                            "./x.whl",
                                            "a/./b/../x.whl",
                                            "a//b",
                                            "x.whl?q=1",
                                            "?q=1",
                                            "",
                                            "/",
                                            "..",
                                            "../",
                                            "a/",
                                            "https://files.example",
                                            "https://files.example/",
                                            "https://files.example/a/../b",
                                            "a/...",
                                            "x%zz",
                                            "x%2Ex",
                                            "x%2b",
                                            "x%41",
                                            "a/%2B/b",
                                            "https://f.example/x%2",
                                            "https://files.example:99999/x",
                                            "%2bx",
                                            "a:b",
                                            "https:x",
                                            "~x",
                                            "!x"}) {
            const auto quick = links.resolve(link);
            const auto slow = url(base).resolve(link);
            ASSERT_EQ(quick.has_value(), slow.has_value()) << base << " + " << link;
            if (quick) {
                EXPECT_EQ(*quick, slow->str()) << base << " + " << link;
            }
        }
    }
}

TEST(Links, HostileFormsAreRefused) {
    LinkResolver links(url("https://pypi.example/simple/six/"));
    for (const std::string_view bad :
         {"file:///etc/passwd", "ftp://x.example/y", "javascript:alert(1)", "data:text/html,x",
          "https://user@host.example/x", "https://user:pw@host.example/x", "http:\\\\evil.example\\x", "/a b", "/a\tb",
          "/\xc3\xa9", "https:///x", "/packages/%2e%2e/private/x.whl", "/packages/%2E./x.whl", "/packages/.%2e/x",
          "/packages/a%2fb.whl", "/packages/a%5Cb.whl", "/a%00b", "%2e%2e/%2e%2e/x"})
        EXPECT_FALSE(links.resolve(bad)) << bad;
}

TEST(Links, SurroundingWhiteSpaceAndFragmentsAreCutOff) {
    LinkResolver links(url("https://pypi.example/simple/six/"));
    EXPECT_EQ(links.resolve(" \n../x.whl#sha256=1 ").value(), "https://pypi.example/simple/x.whl");
}

ProjectFile file(std::string link, std::string name = "") {
    ProjectFile out;
    out.url = std::move(link);
    out.filename = std::move(name);
    return out;
}

TEST(PageBuilder, TakesTheFileNameFromTheLinkDecodedOnce) {
    PageBuilder builder(url("https://x.example/simple/torch/"), "torch");
    builder.add(file("/whl/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl"));
    const auto parsed = builder.finish();
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->page.files.at(0).filename, "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl");
    EXPECT_EQ(parsed->page.files.at(0).url, "https://x.example/whl/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl");
}

TEST(PageBuilder, DropsOddFilesEachWithItsReason) {
    PageBuilder builder(url("https://x.example/simple/six/"), "six");
    builder.add(file("six-1.0.tar.gz"));
    const std::pair<ProjectFile, std::string_view> table[] = {
        {file("six-1.0.tar.gz"), "twice"},
        {file("javascript:x", "six-1.1.tar.gz"), "javascript"},
        {file("six-1%252e0.whl"), "safe file name"},
        {file("x.whl", "../../x.whl"), "safe file name"},
        {file("six-1.0.whl.metadata"), ".metadata"},
        {file("six-1.0.whl.MetaData"), ".metadata"},
        {file("seven-1.0-py3-none-any.whl"), "project seven"},
        {file("folder/"), "safe file name"},
    };
    for (const auto& [odd, reason] : table)
        builder.add(odd);
    const auto parsed = builder.finish();
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->page.files.size(), 1U);
    ASSERT_EQ(parsed->dropped.size(), std::size(table));
    for (std::size_t i = 0; i < std::size(table); ++i)
        EXPECT_NE(parsed->dropped[i].reason.find(table[i].second), std::string::npos) << parsed->dropped[i].reason;
}

TEST(PageBuilder, ShapesThatNobodySpecifiedYetAreKept) {
    PageBuilder builder(url("https://x.example/simple/six/"), "six");
    for (const auto* name :
         {"six-1.0-variants.json", "six-1.0-py3-none-any-1-2-3-4.whl", "six-1.0.sprout", "seven-1.0.tar.gz"})
        builder.add(file(name, name));
    EXPECT_EQ(builder.finish()->page.files.size(), 4U);
}

TEST(PageBuilder, TheSameNameAtTwoPlacesStaysTwice) {
    PageBuilder builder(url("https://x.example/whl/torch/"), "torch");
    builder.add(file("/whl/cpu/torch-1.1.0-cp37-cp37m-linux_x86_64.whl"));
    builder.add(file("/whl/cu100/torch-1.1.0-cp37-cp37m-linux_x86_64.whl"));
    EXPECT_EQ(builder.finish()->page.files.size(), 2U);
}

TEST(PageBuilder, APageOfAnotherProjectsWheelsIsAnError) {
    PageBuilder builder(url("https://x.example/simple/six/"), "six");
    builder.add(file("seven-1.0-py3-none-any.whl"));
    const auto parsed = builder.finish();
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::protocol);
    EXPECT_NE(parsed.error().message.find("seven"), std::string::npos);
}

TEST(AddHash, OnlyAWellFormedSha256IsTaken) {
    ProjectFile out;
    EXPECT_FALSE(add_hash(out, "sha256", "12"));
    EXPECT_FALSE(add_hash(out, "sha256", std::string(63, 'a') + "g"));
    EXPECT_TRUE(out.hashes.empty());
    EXPECT_TRUE(add_hash(out, "sha256", std::string(64, 'A')));
    EXPECT_EQ(out.hashes.at(0), std::pair(std::string("sha256"), std::string(64, 'a')));
    EXPECT_TRUE(add_hash(out, "sha256", std::string(64, 'b')));
    EXPECT_EQ(out.hashes.size(), 1U) << "the first counts";
}

TEST(AddHash, OtherAlgorithmsAreKeptWhereTheyMakeSense) {
    ProjectFile out;
    EXPECT_TRUE(add_hash(out, "md5", std::string(32, 'c')));
    EXPECT_TRUE(add_hash(out, "egg", "six"));
    EXPECT_TRUE(add_hash(out, "sha512", "zz"));
    EXPECT_TRUE(add_hash(out, "sha384", std::string(96, 'z')));
    EXPECT_TRUE(add_hash(out, "\"><script>", std::string(64, 'c')));
    EXPECT_EQ(out.hashes.size(), 1U);
}

TEST(UploadTime, IsRfc3339) {
    for (const std::string_view good :
         {"2010-06-29T19:56:36.719942Z", "2010-06-29T19:56:36Z", "2010-06-29T19:56:36.7+08:00"})
        EXPECT_TRUE(is_upload_time(good)) << good;
    for (const std::string_view bad :
         {"", "2010-06-29", "2010-06-29 19:56:36Z", "2010-06-29T19:56:36", "2010-06-29T19:56:36.Z",
          "2010-06-29T19:56:36.719942Zx", "yesterday", "2010-06-29T19:56:36+0800"})
        EXPECT_FALSE(is_upload_time(bad)) << bad;
}

TEST(Provenance, IsAnAbsoluteHttpsUrl) {
    EXPECT_TRUE(is_provenance_url("https://pypi.example/integrity/six/1.0/six-1.0.tar.gz/provenance"));
    for (const std::string_view bad : {"http://pypi.example/x", "/x", "", "https://", "https://a b/", "javascript:x"})
        EXPECT_FALSE(is_provenance_url(bad)) << bad;
}

} // namespace
} // namespace yizhan
