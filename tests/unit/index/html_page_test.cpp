#include "index/html_page.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string digest_a(64, 'a');

Result<ParsedPage> parse(std::string_view html, std::string_view project = "six",
                         std::string_view url = "https://pypi.example/simple/six/") {
    return parse_html_page(html, Url::parse(url).value(), project);
}

std::string links_for(std::string_view project, std::string_view body) {
    return "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.1\"><title>Links for " +
           std::string(project) + "</title></head><body>" + std::string(body) + "</body></html>";
}

const ProjectFile& only_file(const Result<ParsedPage>& parsed) {
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    EXPECT_EQ(parsed->page.files.size(), 1U);
    EXPECT_TRUE(parsed->dropped.empty());
    return parsed->page.files.at(0);
}

TEST(HtmlPage, AnAnchorOfPypiIsReadWhole) {
    const auto parsed = parse(links_for(
        "six", R"(<a href="https://files.example/packages/aa/bb/cc/six-1.17.0-py2.py3-none-any.whl#sha256=)" +
                   digest_a + R"(" data-requires-python="!=3.0.*, &gt;=2.7" data-dist-info-metadata="sha256=)" +
                   digest_a + R"(" data-core-metadata="sha256=)" + digest_a +
                   R"(" data-yanked="bad &quot;wheel&quot;" data-gpg-sig="false")"
                   R"( data-provenance="https://pypi.example/integrity/x">six-1.17.0-py2.py3-none-any.whl</a><br />)"));
    const auto& file = only_file(parsed);
    EXPECT_EQ(file.filename, "six-1.17.0-py2.py3-none-any.whl");
    EXPECT_EQ(file.url, "https://files.example/packages/aa/bb/cc/six-1.17.0-py2.py3-none-any.whl");
    EXPECT_EQ(file.sha256(), Sha256::from_hex(digest_a));
    EXPECT_EQ(file.requires_python, "!=3.0.*, >=2.7");
    EXPECT_EQ(file.yanked, "bad \"wheel\"");
    EXPECT_TRUE(file.core_metadata.available);
    EXPECT_EQ(file.core_metadata.sha256, Sha256::from_hex(digest_a));
    EXPECT_EQ(file.gpg_sig, false);
    EXPECT_EQ(file.provenance, "https://pypi.example/integrity/x");
    EXPECT_EQ(parsed->page.name, "six");
    EXPECT_FALSE(parsed->page.status);
}

TEST(HtmlPage, ARelativeLinkOfShadowmireIsMadeAbsolute) {
    const auto parsed = parse(links_for("Six", "<a href=\"../../packages/aa/bb/cc/six-1.0.tar.gz#sha256=" + digest_a +
                                                   "\">six-1.0.tar.gz</a><br/>") +
                              "\n<!--SERIAL 26356948-->");
    EXPECT_EQ(only_file(parsed).url, "https://pypi.example/packages/aa/bb/cc/six-1.0.tar.gz");
    EXPECT_EQ(parsed->page.serial, 26356948U);
}

TEST(HtmlPage, PytorchsShapeIsRead) {
    const auto parsed = parse(
        "<!DOCTYPE html>\n<html>\n  <body>\n    <h1>Links for torch</h1>\n    <a "
        "href=\"/whl/cu128/torch-2.8.0%2Bcu128-cp312-cp312-win_amd64.whl#sha256=" +
            digest_a +
            "\" data-upload-time=\"2025-08-06T14:53:39Z\">torch-2.8.0+cu128-cp312-cp312-win_amd64.whl</a><br/>\n" +
            "</body></html>\n<!--TIMESTAMP 1755-->",
        "torch", "https://torch.example/whl/cu128/torch/");
    const auto& file = only_file(parsed);
    EXPECT_EQ(file.filename, "torch-2.8.0+cu128-cp312-cp312-win_amd64.whl");
    EXPECT_EQ(file.url, "https://torch.example/whl/cu128/torch-2.8.0%2Bcu128-cp312-cp312-win_amd64.whl");
    EXPECT_EQ(file.upload_time, "2025-08-06T14:53:39Z");
}

TEST(HtmlPage, ABaseIsHonoured) {
    EXPECT_EQ(only_file(parse("<base href='https://cdn.example/f/'><a href='six-1.0.zip'>x</a>")).url,
              "https://cdn.example/f/six-1.0.zip");
    EXPECT_FALSE(parse("<a href='six-1.0.zip'>x</a><base href='https://cdn.example/f/'>"));
    EXPECT_FALSE(parse("<base href='ftp://cdn.example/'><a href='six-1.0.zip'>x</a>"));
}

TEST(HtmlPage, MetadataIsBelievedOnlyWhereItCanBeUsed) {
    struct Row {
        std::string attributes;
        bool available, digest;
    };
    const Row table[] = {
        {"", false, false},
        {"data-core-metadata=true", true, false},
        {"data-core-metadata=\"sha256=" + digest_a + "\"", true, true},
        {"data-dist-info-metadata=\"sha256=" + digest_a + "\"", true, true},
        {"data-core-metadata=false data-dist-info-metadata=true", false, false},
        {"data-core-metadata", false, false},
        {"data-core-metadata=\"\"", false, false},
        {"data-core-metadata=\"sha256=12\"", false, false},
        {"data-core-metadata=\"md5=0123456789abcdef0123456789abcdef\"", true, false},
        {"data-core-metadata=\"nonsense\"", false, false},
    };
    for (const auto& row : table) {
        const auto parsed = parse("<a href=six-1.0-py3-none-any.whl " + row.attributes + ">x</a>");
        EXPECT_EQ(only_file(parsed).core_metadata.available, row.available) << row.attributes;
        EXPECT_EQ(only_file(parsed).core_metadata.sha256.has_value(), row.digest) << row.attributes;
    }
}

TEST(HtmlPage, YankedIsTheAttributeNotItsValue) {
    EXPECT_EQ(only_file(parse("<a href=six-1.0.zip data-yanked>x</a>")).yanked, "");
    EXPECT_EQ(only_file(parse("<a href=six-1.0.zip data-yanked=''>x</a>")).yanked, "");
    EXPECT_FALSE(only_file(parse("<a href=six-1.0.zip>x</a>")).yanked);
}

TEST(HtmlPage, EmptyAndOddFieldsCountAsAbsent) {
    const auto parsed = parse("<a href=six-1.0.zip data-requires-python=' ' data-upload-time=never data-size=-3 "
                              "data-provenance='http://x.example/'>x</a>");
    const auto& file = only_file(parsed);
    EXPECT_FALSE(file.requires_python);
    EXPECT_FALSE(file.upload_time);
    EXPECT_FALSE(file.size);
    EXPECT_FALSE(file.provenance);
    EXPECT_FALSE(file.gpg_sig);
}

TEST(HtmlPage, LinksThatLeadToNoFileAreSkipped) {
    const auto parsed =
        parse(links_for("six", "<a href='../'>Parent</a><a href='https://six.example/'>home</a><a name=x>y</a>"
                               "<a href='?C=N;O=D'>Name</a><a href='six-1.0.tar.gz.asc'>sig</a>"
                               "<a href='six-1.0.zip'>x</a>"));
    EXPECT_EQ(only_file(parsed).filename, "six-1.0.zip");
}

TEST(HtmlPage, ADigestMakesAFileOfAnyLink) {
    EXPECT_EQ(only_file(parse("<a href='six-1.0.sprout#sha256=" + digest_a + "'>x</a>")).filename, "six-1.0.sprout");
    EXPECT_TRUE(parse(links_for("six", "<a href='six-1.0.sprout#xsha256=" + digest_a + "'>x</a>"))->page.files.empty());
}

TEST(HtmlPage, VariantsFilesArePassed) {
    EXPECT_EQ(only_file(parse("<a href=six-1.0-variants.json>x</a>")).filename, "six-1.0-variants.json");
}

TEST(HtmlPage, OneOddFileDoesNotCostThePage) {
    const auto parsed = parse(links_for(
        "six", "<a href='six-1.0.zip#sha256=12'>x</a><a href='six-1.1.zip' data-x='" + std::string(20'000, 'y') +
                   "'>x</a><a href='http://u:p@h/six-1.2.zip'>x</a><a href=six-1.3.zip>x</a>"));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->page.files.size(), 1U);
    EXPECT_EQ(parsed->dropped.size(), 3U);
}

TEST(HtmlPage, ProjectStatusIsReadAndActiveIsNone) {
    const auto status = [](std::string_view meta) {
        return parse("<meta name=pypi:repository-version content=1.4>" + std::string(meta))->page.status;
    };
    EXPECT_FALSE(status(""));
    EXPECT_FALSE(status("<meta name=pypi:project-status content=active>"));
    EXPECT_EQ(
        status("<meta name=pypi:project-status content=quarantined><meta name=pypi:project-status-reason content='the "
               "project is haunted'>"),
        (ProjectStatus{"quarantined", "the project is haunted"}));
}

TEST(HtmlPage, AProjectWithoutFilesIsAPage) {
    for (const std::string_view page :
         {"<html><head><title>Links for six</title></head><body><h1>Links for six</h1></body></html>",
          "<h1>Links for six</h1>", "<meta name=\"pypi:repository-version\" content=\"1.0\">",
          "<title>root/pypi: links for six</title>"}) {
        const auto parsed = parse(page);
        ASSERT_TRUE(parsed) << page;
        EXPECT_TRUE(parsed->page.files.empty());
    }
}

TEST(HtmlPage, WhatIsNoIndexIsRefusedInWords) {
    for (const std::string_view page :
         {"", "hello",
          "<html><head><title>Making sure you're not a bot!</title></head><body><a href='/why'>why</a></body></html>",
          "<!DOCTYPE html><title>403 Forbidden</title><h1>403 Forbidden</h1>",
          "<title>Captive portal</title><form><a href=/login>log in</a></form>", "{\"files\":[]}"}) {
        const auto parsed = parse(page);
        ASSERT_FALSE(parsed) << page;
        EXPECT_EQ(parsed.error().code, Errc::protocol);
        EXPECT_NE(parsed.error().message.find("not an index page"), std::string::npos);
    }
    EXPECT_NE(parse("<title>Making sure</title>").error().message.find("Making sure"), std::string::npos);
}

TEST(HtmlPage, AnotherProjectsPageIsRefused) {
    const auto parsed = parse(links_for("seven", "<a href=seven-1.0.zip>x</a>"));
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().message.find("seven"), std::string::npos);
    EXPECT_FALSE(parse("<a href=seven-1.0-py3-none-any.whl>x</a>"));
}

TEST(HtmlPage, AnotherMajorVersionIsRefused) {
    EXPECT_FALSE(parse("<meta name=pypi:repository-version content=2.0><a href=six-1.0.zip>x</a>"));
    EXPECT_TRUE(parse("<meta name=pypi:repository-version content=1.99><a href=six-1.0.zip>x</a>"));
}

TEST(HtmlPage, APageCutOffInATagIsRefused) {
    EXPECT_FALSE(parse("<a href=six-1.0.zip>x</a><a href=\"six-1.1"));
    EXPECT_FALSE(parse("<a href=six-1.0.zip>x</a><!-- "));
}

TEST(RootHtml, NamesAreNormalisedAndSorted) {
    const auto root =
        parse_root_html("<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.1\">"
                        "<title>Simple index</title></head><body><a href=\"/simple/six/\">Six</a><br/>"
                        "<a href='Django/'>Django</a><a href='six/'>six</a><a href='zope.interface/'></a>"
                        "<a href='../'>Parent Directory</a></body></html><!--SERIAL 7-->");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->names, (std::vector<std::string>{"django", "six", "zope-interface"}));
    EXPECT_EQ(root->serial, 7U);
}

TEST(RootHtml, PytorchsRootIsRead) {
    const auto root = parse_root_html("<!DOCTYPE html><html><body><a href=\"torch/\">torch</a><br/><a "
                                      "href=\"typing-extensions/\">typing-extensions</a><br/></body></html>");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->names.size(), 2U);
}

TEST(RootHtml, WhatIsNoRootIsRefused) {
    EXPECT_FALSE(parse_root_html("<title>Blocked</title>"));
    EXPECT_FALSE(parse_root_html("<title>Blocked</title><a href='/help?x'>Please read this</a>"));
    EXPECT_FALSE(parse_root_html("<title>Blocked</title><a href='/why'>why</a><a href='/help/'>Help me</a>"));
    EXPECT_TRUE(parse_root_html("<title>Simple Index</title>"));
    EXPECT_FALSE(parse_root_html("<title>Simple index</title><meta name='pypi:repository-version' content='3.0'>"));
}

} // namespace
} // namespace yizhan
