#include "config/catalogue.hpp"
#include "config/embedded.hpp"
#include "config/url.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace yizhan {
namespace {

const std::string header = "kind,operator,family,fed_by,url,packages,files,root,layout,status,order,note\n";

const std::string sample =
    header + "pypi,One,one,,https://one.example/simple/,https://one.example/packages/,"
             "https://one.example/ https://f.example/p/,yes,simple,live,0,upstream\n"
             "pypi,Three,three,one,https://three.example/simple/,,https://three.example/,,simple,live,7,\n"
             "pypi,Two,two,,https://two.example/simple/,,https://two.example/,,simple,live,3,\n"
             "pypi,Gone,gone,,not an address,,,,simple,dead,,\n"
             "pypi,Spare,spare,,https://spare.example/simple/,,https://spare.example/,,simple,live,,\n"
             "conda,One,one,,https://one.example/conda/,,https://one.example/,,anaconda,live,1,\n";

std::vector<Mirror> read(const std::string& csv) {
    auto parsed = parse_catalogue(csv, "m.csv");
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *parsed : std::vector<Mirror>{};
}

std::string complaint(const std::string& row) {
    const auto parsed = parse_catalogue(header + row, "m.csv");
    return parsed ? "accepted" : parsed.error().message;
}

TEST(Catalogue, ReadsEveryColumn) {
    const auto mirrors = read(sample);
    ASSERT_EQ(mirrors.size(), 6u);
    const auto& one = mirrors[0];
    EXPECT_EQ(one.kind, "pypi");
    EXPECT_EQ(one.operated, "One");
    EXPECT_EQ(one.url, "https://one.example/simple/");
    EXPECT_EQ(one.packages, "https://one.example/packages/");
    EXPECT_EQ(one.files, (std::vector<std::string>{"https://one.example/", "https://f.example/p/"}));
    EXPECT_TRUE(one.root);
    EXPECT_EQ(one.layout, "simple");
    EXPECT_EQ(one.order, 0u);
    EXPECT_EQ(one.note, "upstream");
    EXPECT_TRUE(one.usable());
    EXPECT_FALSE(mirrors[3].usable());
}

TEST(Catalogue, AMirrorFedByAnotherCountsAsThatOne) {
    const auto mirrors = read(sample);
    EXPECT_EQ(mirrors[1].counts_as(), "one");
    EXPECT_EQ(mirrors[2].counts_as(), "two");
}

TEST(Catalogue, DefaultsFollowTheOrderAndTheKind) {
    const auto mirrors = read(sample);
    const auto upstreams = default_upstreams("pypi", mirrors);
    ASSERT_EQ(upstreams.size(), 3u);
    EXPECT_EQ(upstreams[0].url, "https://one.example/simple/");
    EXPECT_TRUE(upstreams[0].root);
    EXPECT_EQ(upstreams[1].url, "https://two.example/simple/");
    EXPECT_FALSE(upstreams[1].root);
    EXPECT_EQ(upstreams[2].family, "one");
    EXPECT_EQ(default_upstreams("conda", mirrors).size(), 1u);
    EXPECT_TRUE(default_upstreams("nvidia", mirrors).empty());
}

TEST(Catalogue, FindsARowByItsAddressInAnySpelling) {
    const auto mirrors = read(sample);
    for (const char* url : {"https://two.example/simple/", "https://two.example/simple", "http://TWO.example/simple",
                            "https://two.example:443/x/../simple/"})
        EXPECT_EQ(find_mirror("pypi", url, mirrors), &mirrors[2]) << url;
    for (const char* url : {"https://two.example/", "https://two.example:8443/simple/", "https://two.example/simple/?a",
                            "https://two.example.evil.example/simple/", "not an address", ""})
        EXPECT_EQ(find_mirror("pypi", url, mirrors), nullptr) << url;
    EXPECT_EQ(find_mirror("conda", "https://two.example/simple/", mirrors), nullptr);
}

TEST(Catalogue, AMistakeIsNamedWithItsPlace) {
    const std::pair<const char*, const char*> table[] = {
        {",One,one,,https://one.example/,,,,simple,live,,\n", "m.csv:2:1: the kind is missing"},
        {"pypi,One,,,https://one.example/,,,,simple,live,,\n", "m.csv:2:10: the family is missing"},
        {"pypi,One,one,,,,,,simple,live,,\n", "m.csv:2:15: the url is missing"},
        {"pypi,One,one,,https://one.example/,,,,simple,alive,,\n", "m.csv:2:46: expected live, alias,"},
        {"pypi,One,one,,https://one.example/,,,no,simple,live,,\n", "m.csv:2:38: expected yes or nothing"},
        {"pypi,One,one,,https://one.example/,,,,simple,live,first,\n", "m.csv:2:51: expected a place from 0 to 1000"},
        {"pypi,One,one,,https://one.example/,,,,simple,live,1001,\n", "m.csv:2:51: expected a place from 0 to 1000"},
        {"pypi,One,one,,https://one.example/,,,,simple,alias,1,\n", "m.csv:2:52: only a live mirror"},
        {"pypi,One,one,,https://one.example/simple,,,,simple,live,,\n",
         "m.csv:2:15: \"https://one.example/simple\" should"},
        {"pypi,One,one,,ftp://one.example/,,,,simple,live,,\n", "m.csv:2:15: URL"},
        {"pypi,One,one,,https://one.example/,x,,,simple,live,,\n", "m.csv:2:36: URL"},
        {"pypi,One,one,,https://one.example/,,https://a.example/ y,,simple,live,,\n", "m.csv:2:37: URL"},
        {"pypi,One\n", "m.csv:2:1: has 2 fields"},
    };
    for (const auto& [row, expected] : table)
        EXPECT_TRUE(complaint(row).starts_with(expected)) << row << complaint(row);
    EXPECT_FALSE(parse_catalogue("kind,url\n", "m.csv"));
    EXPECT_FALSE(parse_catalogue("", "m.csv"));
    EXPECT_TRUE(parse_catalogue(header, "m.csv")->empty());
}

// The file that the binary carries.

TEST(BuiltInCatalogue, CanBeRead) {
    const auto parsed = parse_catalogue(embedded_mirrors(), "config/data/mirrors.csv");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->size(), catalogue().size());
    for (const char* kind : {"pypi", "conda", "conda-installers", "pytorch-wheels", "nvidia"})
        EXPECT_TRUE(std::ranges::any_of(catalogue(), [&](const Mirror& m) { return m.kind == kind && m.usable(); }))
            << kind;
}

TEST(BuiltInCatalogue, PyPiComesFirstAsTheRootThenOneEndpointPerIndependentFamily) {
    std::vector<std::string> families;
    for (const auto& upstream : default_upstreams("pypi")) {
        families.push_back(upstream.family);
        EXPECT_EQ(upstream.root, families.size() == 1) << upstream.url;
    }
    EXPECT_EQ(families, (std::vector<std::string>{"pypi", "tuna", "aliyun", "tencent", "huawei", "nju", "pku", "hust",
                                                  "lzu", "volcengine"}));
}

TEST(BuiltInCatalogue, WhatIsFedByOthersOrLagsIsNotUsedByDefault) {
    for (const auto& mirror : catalogue())
        if (!mirror.fed_by.empty() || mirror.family == "netease" || mirror.family == "redirector")
            EXPECT_FALSE(mirror.order) << mirror.url;
}

TEST(BuiltInCatalogue, EveryDefaultUsesTlsAndHasAFileRootThatItsOwnLinksMayHave) {
    for (const auto& upstream : default_upstreams("pypi")) {
        EXPECT_TRUE(upstream.url.starts_with("https://")) << upstream.url;
        ASSERT_FALSE(upstream.packages.empty()) << upstream.url;
        const auto packages = Url::parse(upstream.packages);
        ASSERT_TRUE(packages) << upstream.packages;
        EXPECT_TRUE(std::ranges::any_of(upstream.files, [&](const auto& prefix) {
            return Url::parse(prefix)->contains(*packages);
        })) << upstream.url;
    }
}

TEST(BuiltInCatalogue, NamesEachAddressOfAKindOnce) {
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& mirror : catalogue())
        EXPECT_TRUE(seen.emplace(mirror.kind, mirror.url).second) << mirror.url;
}

TEST(BuiltInCatalogue, AnIndexThatCompletesSettingsHasItsFiles) {
    for (const auto& mirror : catalogue())
        if (mirror.kind == "pypi" && (mirror.usable() || mirror.status == Mirror::Status::alias))
            EXPECT_FALSE(mirror.files.empty() || mirror.packages.empty()) << mirror.url;
}

} // namespace
} // namespace yizhan
