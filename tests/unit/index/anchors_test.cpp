#include "index/anchors.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

struct Seen {
    std::vector<std::pair<std::string, std::string>> links; ///< href, text
    PageFrame frame;
};

Seen read(std::string_view page) {
    Seen out;
    out.frame = read_anchors(page, [&](const Anchor& anchor, const PageFrame&) {
        out.links.emplace_back(anchor.attribute("href").value_or("(none)"), anchor.text());
    });
    return out;
}

using Links = std::vector<std::pair<std::string, std::string>>;

TEST(Anchors, AreFoundWithTheirText) {
    const auto seen = read("<html><body><a href='1'> one &amp; </a><A HREF=2>t<b>w</b>o</A><a>x<a href=3>three");
    EXPECT_EQ(seen.links, (Links{{"1", "one &"}, {"2", "two"}, {"(none)", "x"}, {"3", "three"}}));
    EXPECT_EQ(seen.frame.anchors, 4U);
    EXPECT_FALSE(seen.frame.cut_short);
}

TEST(Anchors, InCommentsScriptsAndTitlesAreNone) {
    EXPECT_EQ(
        read("<!--<a href=1>--><script>'<a href=2>'</script><title><a href=3></title><textarea><a href=4></textarea>"
             "<abbr href=5><a href=6>")
            .links,
        (Links{{"6", ""}}));
}

TEST(Anchors, TextIsCutOffAfterOneKibibyte) {
    EXPECT_EQ(read("<a href=x>" + std::string(5000, 'y') + "</a>").links[0].second.size(), 1024U);
}

TEST(Anchors, TheFrameHoldsWhatStandsAroundThem) {
    const auto seen = read(R"(<!DOCTYPE html><html><head>
        <meta name="pypi:repository-version" content="1.4"><META content='archived' NAME=pypi:project-status>
        <meta name="pypi:project-status-reason" content="moved &amp; gone"><meta name="viewport" content="x">
        <base href="https://files.example/a/"><title>Links for six</title></head>
        <body><h1>Other</h1><a href="six-1.0.tar.gz">six</a></body></html>
        <!--SERIAL 26356948-->)");
    const auto& frame = seen.frame;
    EXPECT_EQ(frame.repository_version, "1.4");
    EXPECT_EQ(frame.project_status, "archived");
    EXPECT_EQ(frame.project_status_reason, "moved & gone");
    EXPECT_EQ(frame.base_href, "https://files.example/a/");
    EXPECT_FALSE(frame.base_after_anchor);
    EXPECT_EQ(frame.title, "Links for six");
    EXPECT_EQ(frame.serial, 26356948U);
}

TEST(Anchors, ABaseAfterTheFirstAnchorIsReported) {
    EXPECT_TRUE(read("<a href=1></a><base href=x>").frame.base_after_anchor);
    EXPECT_FALSE(read("<base target=_blank><a href=1></a>").frame.base_after_anchor);
}

TEST(Anchors, AHeadingStandsInForAMissingTitle) {
    EXPECT_EQ(read("<h1>Links for <i>a</i></h1>").frame.title, "Links for a");
}

TEST(Anchors, OnlyAWholeSerialCounts) {
    for (const std::string_view bad : {"<!--SERIAL x-->", "<!--SERIAL -1-->", "<!--SERIAL 99999999999999999999999-->",
                                       "<!--SERIAL 12x-->", "<!-- TIMESTAMP 12 -->", "SERIAL 12"})
        EXPECT_FALSE(read(bad).frame.serial) << bad;
}

TEST(Anchors, APageThatStopsInsideATagIsCutShort) {
    EXPECT_TRUE(read("<a href=1>x</a><a href=\"htt").frame.cut_short);
    EXPECT_EQ(read("<a href=1>x</a><a href=\"htt").links.size(), 1U);
}

} // namespace
} // namespace yizhan
