#include "config/upstreams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace yizhan {
namespace {

using Form = Written::Form;
using List = std::vector<std::string>;

const std::vector<Mirror>& known() {
    static const auto mirrors =
        parse_catalogue("kind,operator,family,fed_by,url,packages,files,root,layout,status,order,note\n"
                        "pypi,Source,source,,https://source.example/simple/,https://files.example/packages/,https://"
                        "files.example/,yes,simple,"
                        "live,0,\n"
                        "pypi,Copy,copy,,https://copy.example/pypi/web/simple/,https://copy.example/pypi/web/packages/,"
                        "https://copy.example/pypi/web/packages/,,simple,live,1,\n"
                        "pypi,Fed,fed,copy,https://fed.example/simple/,https://fed.example/files/,https://fed.example/"
                        "files/,,simple,live,,\n"
                        "pypi,Warning,warning,,https://warning.example/simple/,,,,simple,unverified,,\n",
                        "known.csv");
    return *mirrors;
}

GivenUpstream only(std::string url) {
    return {.url = std::move(url), .files = {}, .packages = {}, .family = {}, .root = {}};
}

UpstreamSettings completed(const GivenUpstream& given) {
    const auto out = complete(given, known());
    EXPECT_TRUE(out) << (out ? "" : out.error().message);
    return out.value_or(UpstreamSettings{});
}

Assignment entry(std::string name, Written value) {
    return {std::move(name), std::move(value), "f:1:1"};
}
Written string(std::string value) {
    return {Form::string, std::move(value), {}, {}, "f:1:9"};
}
Written boolean(bool value) {
    return {Form::boolean, value ? "true" : "false", {}, {}, "f:1:9"};
}
Written list(List items) {
    return {Form::list, "", std::move(items), {}, "f:1:9"};
}
Written text(std::string value) {
    return {Form::text, std::move(value), {}, {}, "command line"};
}
Written tables(std::vector<std::vector<Assignment>> items) {
    return {Form::tables, "", {}, std::move(items), "f:1:1"};
}

/// The index of the root, of those read from `written`; -1: none.
int root_of(const Written& written) {
    const auto read = read_upstreams(written, known());
    EXPECT_TRUE(read.problems.empty()) << (read.problems.empty() ? "" : read.problems.front());
    const auto root = std::ranges::find(read.upstreams, true, &UpstreamSettings::root);
    return root == read.upstreams.end() ? -1 : static_cast<int>(root - read.upstreams.begin());
}

TEST(Complete, AnUnknownAddressGetsItsOriginItsSiblingAndItsHost) {
    const auto out = completed(only("https://h.example:8443/pypi/web/simple"));
    EXPECT_EQ(out.url, "https://h.example:8443/pypi/web/simple/");
    EXPECT_EQ(out.files, List{"https://h.example:8443/"});
    EXPECT_EQ(out.packages, "https://h.example:8443/pypi/web/packages/");
    EXPECT_EQ(out.family, "h.example");
    EXPECT_EQ(completed(only("http://127.0.0.2:9000/simple/")).packages, "http://127.0.0.2:9000/packages/");
    EXPECT_EQ(completed(only("https://h.example/root/pypi/+simple/")).packages, "");
    EXPECT_EQ(completed(only("https://h.example/")).packages, "");
}

TEST(Complete, TheCatalogueKnowsWhatTheUserLeftOut) {
    const auto source = completed(only("https://source.example/simple"));
    EXPECT_EQ(source.url, "https://source.example/simple/");
    EXPECT_EQ(source.files, List{"https://files.example/"});
    EXPECT_EQ(source.packages, "https://files.example/packages/");
    EXPECT_EQ(source.family, "source");
    EXPECT_EQ(completed(only("https://fed.example/simple/")).family, "copy");
}

TEST(Complete, TheUsersSchemeIsKeptWhereTheHostIsTheSame) {
    const auto copy = completed(only("http://copy.example/pypi/web/simple/"));
    EXPECT_EQ(copy.url, "http://copy.example/pypi/web/simple/");
    EXPECT_EQ(copy.packages, "http://copy.example/pypi/web/packages/");
    EXPECT_EQ(copy.files, (List{"http://copy.example/pypi/web/packages/", "https://copy.example/pypi/web/packages/"}));
    EXPECT_EQ(completed(only("http://source.example/simple/")).packages, "https://files.example/packages/");
}

TEST(Complete, WhatTheUserWroteCounts) {
    auto given = only("https://source.example/simple/");
    given.files = List{"https://own.example/f"};
    given.packages = "";
    given.family = "mine";
    const auto out = completed(given);
    EXPECT_EQ(out.files, List{"https://own.example/f/"});
    EXPECT_EQ(out.packages, "");
    EXPECT_EQ(out.family, "mine");
    given.packages = "https://own.example/p";
    EXPECT_EQ(completed(given).packages, "https://own.example/p/");
}

TEST(Complete, ARowThatIsOnlyAWarningCompletesNothing) {
    EXPECT_EQ(completed(only("https://warning.example/simple/")).files, List{"https://warning.example/"});
}

TEST(Complete, AnAddressThatCannotBeReadIsAnError) {
    for (const char* bad : {"", "h.example/simple/", "ftp://h.example/", "https://u:p@h.example/simple/",
                            "https://h.example/simple/?token=x", "https:///simple/"})
        EXPECT_FALSE(complete(only(bad), known())) << bad;
    auto given = only("https://h.example/simple/");
    given.files = List{"h.example"};
    EXPECT_FALSE(complete(given, known()));
    given = only("https://h.example/simple/");
    given.packages = "packages/";
    EXPECT_FALSE(complete(given, known()));
}

TEST(Upstreams, ABareListIsReadInItsOrder) {
    const auto read = read_upstreams(text("https://a.example/simple/, https://b.example/simple"), known());
    ASSERT_TRUE(read.problems.empty());
    ASSERT_EQ(read.upstreams.size(), 2u);
    EXPECT_EQ(read.upstreams[0].url, "https://a.example/simple/");
    EXPECT_TRUE(read.upstreams[0].root);
    EXPECT_EQ(read.upstreams[1].url, "https://b.example/simple/");
    EXPECT_FALSE(read.upstreams[1].root);
}

TEST(Upstreams, TheRootIsWhoSaysSoElseTheKnownOneElseTheFirst) {
    const auto url = [](const char* host) { return entry("url", string(std::string("https://") + host + "/simple/")); };
    EXPECT_EQ(root_of(tables({{url("a.example")}})), 0);
    EXPECT_EQ(root_of(tables({{url("a.example")}, {url("b.example")}})), 0);
    EXPECT_EQ(root_of(tables({{url("a.example")}, {url("source.example")}})), 1);
    EXPECT_EQ(root_of(tables(
                  {{url("a.example")}, {url("source.example")}, {url("b.example"), entry("root", boolean(true))}})),
              2);
    EXPECT_EQ(root_of(tables({{url("a.example"), entry("root", boolean(false))}, {url("b.example")}})), 1);
    EXPECT_EQ(root_of(tables({{url("a.example"), entry("root", boolean(false))}})), -1);
    EXPECT_EQ(root_of(tables({{url("a.example")}, {url("source.example"), entry("root", boolean(false))}})), 0);
}

TEST(Upstreams, RootsOfTwoFamiliesAreRefused) {
    const auto rooted = [](const char* host, const char* family) {
        return std::vector{entry("url", string(std::string("https://") + host + "/simple/")),
                           entry("root", boolean(true)), entry("family", string(family))};
    };
    EXPECT_FALSE(
        read_upstreams(tables({rooted("a.example", "a"), rooted("b.example", "b")}), known()).problems.empty());
    EXPECT_TRUE(read_upstreams(tables({rooted("a.example", "a"), rooted("b.example", "a")}), known()).problems.empty());
}

TEST(Upstreams, EveryProblemIsNamed) {
    const auto read =
        read_upstreams(tables({{entry("urll", string("x"))},
                               {entry("url", string("https://a.example/simple/")), entry("root", string("yes"))},
                               {entry("url", boolean(true)), entry("files", string("x"))},
                               {entry("family", string(""))},
                               {entry("url", string("nonsense"))},
                               {entry("files", list({}))}}),
                       known());
    ASSERT_EQ(read.problems.size(), 7u);
    EXPECT_EQ(read.problems[0],
              "f:1:1: unknown key \"urll\" in [[pypi.upstream]]; expected url, files, packages, family, root; "
              "did you mean \"url\"?");
    EXPECT_EQ(read.problems[1], "f:1:9: pypi.upstream.root: expected true or false, without quotes");
    EXPECT_TRUE(read.problems[6].starts_with("f:1:1: pypi.upstream: URL \"nonsense\"")) << read.problems[6];
}

TEST(Upstreams, AMissingUrlATwinAndAnEmptyListAreProblems) {
    const auto problem = [](const Written& written) {
        const auto read = read_upstreams(written, known());
        return read.problems.size() == 1 ? read.problems.front() : std::to_string(read.problems.size()) + " problems";
    };
    EXPECT_NE(problem(tables({{entry("family", string("x"))}})).find("has no url"), std::string::npos);
    EXPECT_NE(problem(tables({{}})).find("has no url"), std::string::npos);
    EXPECT_NE(problem(text("https://a.example/simple/,https://A.example/simple")).find("given twice"),
              std::string::npos);
    EXPECT_NE(problem(text("")).find("is empty"), std::string::npos);
    EXPECT_NE(problem(list({})).find("is empty"), std::string::npos);
    EXPECT_NE(problem(string("https://a.example/")).find("[[pypi.upstream]]"), std::string::npos);
}

TEST(Upstreams, NoComplaintShowsAPassword) {
    const auto read = read_upstreams(text("https://robot:hunter2@a.example/simple/"), known());
    ASSERT_EQ(read.problems.size(), 1u);
    EXPECT_EQ(read.problems[0].find("hunter2"), std::string::npos) << read.problems[0];
}

} // namespace
} // namespace yizhan
