#include "index/html_page.hpp"
#include "index/render.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string digest_a(64, 'a');

ProjectPage page_of(std::string name) {
    ProjectPage page;
    page.name = std::move(name);
    return page;
}

ProjectFile file(std::string name) {
    ProjectFile out;
    out.filename = std::move(name);
    out.url = "https://files.example/x/" + out.filename;
    out.hashes.emplace_back("sha256", digest_a);
    return out;
}

TEST(RenderHtml, APageIsWrittenAsPep503AndItsSuccessorsSay) {
    auto page = page_of("six");
    page.serial = 7;
    page.status = ProjectStatus{"archived", "moved & gone"};
    auto& full = page.files.emplace_back(file("six-1.0-py3-none-any.whl"));
    full.requires_python = ">=3.7, <4";
    full.yanked = "bad \"wheel\"";
    full.core_metadata = {true, Sha256::from_hex(std::string(64, 'b'))};
    full.gpg_sig = true;
    full.provenance = "https://pypi.example/p?a=1&b=2";
    full.size = 5;
    full.upload_time = "2010-06-29T19:56:36Z";
    page.files.push_back(file("six-1.0.tar.gz"));
    const std::string b(64, 'b');
    EXPECT_EQ(render_html(page, "../../"),
              R"(<!DOCTYPE html>
<html>
  <head>
    <meta name="pypi:repository-version" content="1.4">
    <meta name="pypi:project-status" content="archived">
    <meta name="pypi:project-status-reason" content="moved &amp; gone">
    <title>Links for six</title>
  </head>
  <body>
    <h1>Links for six</h1>
    <a href="../../pypi/files/sha256/)" +
                  digest_a + "/six-1.0-py3-none-any.whl#sha256=" + digest_a +
                  R"(" data-requires-python="&gt;=3.7, &lt;4" data-yanked="bad &quot;wheel&quot;")" +
                  " data-dist-info-metadata=\"sha256=" + b + "\" data-core-metadata=\"sha256=" + b +
                  R"(" data-gpg-sig="true" data-provenance="https://pypi.example/p?a=1&amp;b=2">)" +
                  "six-1.0-py3-none-any.whl</a><br/>\n    <a href=\"../../pypi/files/sha256/" + digest_a +
                  "/six-1.0.tar.gz#sha256=" + digest_a +
                  R"(">six-1.0.tar.gz</a><br/>
  </body>
</html>
<!--SERIAL 7-->
)");
}

TEST(RenderHtml, ThePlusOfALocalVersionIsEncodedInTheLinkOnly) {
    auto page = page_of("torch");
    page.files.push_back(file("torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl"));
    const auto html = render_html(page, "../");
    EXPECT_NE(html.find("/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl#"), std::string::npos);
    EXPECT_NE(html.find(">torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl<"), std::string::npos);
}

TEST(RenderHtml, AFileWithoutAPathOfOursIsLeftOut) {
    auto page = page_of("six");
    page.files.push_back(file("six-1.0.zip"));
    page.files[0].hashes.clear();
    EXPECT_EQ(render_html(page, "").find("<a "), std::string::npos);
}

TEST(RenderHtml, MetadataIsAdvertisedOnlyWhereItIs) {
    auto page = page_of("six");
    page.files.push_back(file("six-1.0.zip"));
    page.files[0].core_metadata = {false, Sha256::from_hex(digest_a)};
    EXPECT_EQ(render_html(page, "").find("metadata"), std::string::npos);
    page.files[0].core_metadata = {true, std::nullopt};
    EXPECT_NE(render_html(page, "").find("data-dist-info-metadata=\"true\" data-core-metadata=\"true\""),
              std::string::npos);
}

TEST(RenderHtml, TheStrongestDigestThatClientsKnowStandsInTheFragment) {
    auto page = page_of("six");
    auto& only = page.files.emplace_back();
    only.filename = "six-1.0.zip";
    only.url = "https://f.example/packages/aa/bb/" + std::string(60, 'c') + "/six-1.0.zip";
    EXPECT_NE(render_html(page, "").find("/six-1.0.zip\">"), std::string::npos);
    only.hashes = {{"blake2b", std::string(64, '1')}, {"md5", std::string(32, '2')}};
    EXPECT_NE(render_html(page, "").find("#md5=" + std::string(32, '2') + "\">"), std::string::npos);
    only.hashes.emplace_back("sha256", digest_a);
    EXPECT_NE(render_html(page, "").find("#sha256=" + digest_a + "\">"), std::string::npos);
}

TEST(RenderHtml, NothingFromUpstreamLeavesItsPlace) {
    auto page = page_of("six");
    auto& only = page.files.emplace_back(file("six-1.0.zip"));
    const std::string evil = "\"><script>alert(1)</script><a href=\"//evil.example/\x01";
    only.requires_python = only.yanked = evil;
    page.status = ProjectStatus{evil, evil};
    const auto html = render_html(page, "../../");
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find('\x01'), std::string::npos);
    const auto again = parse_html_page(html, Url::parse("https://y.example/simple/six/").value(), "six");
    ASSERT_TRUE(again);
    ASSERT_EQ(again->page.files.size(), 1U);
    EXPECT_EQ(again->page.files[0].yanked->substr(0, 20), evil.substr(0, 20));
}

TEST(RenderHtml, WhatIsWrittenIsReadBackAsItWas) {
    auto page = page_of("six");
    page.serial = 9;
    page.status = ProjectStatus{"deprecated", "use 'seven' & co"};
    auto& one = page.files.emplace_back(file("six-1.0+a-py3-none-any.whl"));
    one.requires_python = ">=3";
    one.yanked = "";
    one.core_metadata = {true, Sha256::from_hex(digest_a)};
    one.gpg_sig = false;
    one.provenance = "https://p.example/x";
    page.files.push_back(file("six-1.0.zip"));
    const auto again =
        parse_html_page(render_html(page, "../../"), Url::parse("https://y.example/simple/six/").value(), "six");
    ASSERT_TRUE(again) << again.error().message;
    for (auto& each : page.files) {
        const auto plus = each.filename.find('+');
        each.url = "https://y.example/pypi/files/sha256/" + digest_a + "/" + each.filename;
        if (plus != std::string::npos)
            each.url.replace(each.url.find('+'), 1, "%2B");
    }
    EXPECT_EQ(again->page, page);
    EXPECT_TRUE(again->dropped.empty());
}

TEST(RenderRootHtml, NamesAreLinksToTheirFolders) {
    const std::vector<std::string> names{"django", "six"};
    const auto html = render_root_html(names);
    EXPECT_NE(html.find("<a href=\"six/\">six</a><br/>\n"), std::string::npos);
    EXPECT_TRUE(html.starts_with("<!DOCTYPE html>\n"));
    EXPECT_EQ(parse_root_html(html)->names, names);
    EXPECT_TRUE(parse_root_html(render_root_html({}))->names.empty());
}

} // namespace
} // namespace yizhan
