#include "index/specifiers.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

struct Row {
    std::string_view specifiers, version;
    bool contains;
};

// What `packaging` 26.3 answers (with pre-releases allowed). Older ones differ in corners of '<' and '>' only: whether
// ">1.0rc1" takes "1.0.post1".
TEST(Specifiers, TakeTheVersionsThatClientsTake) {
    const Row table[] = {
        {"==1.9.0", "1.9.0", true},
        {"==1.9.0", "1.9.0+cu102", true},
        {"==1.9.0", "1.9", true},
        {"==1.9.0", "1.9.0.post1", false},
        {"==1.9.0", "1.9.0rc1", false},
        {"==1.9.0", "1.9.1", false},
        {"!=1.9.0", "1.9.0", false},
        {"!=1.9.0", "1.9.0+cu102", false},
        {"!=1.9.0", "1.9.1", true},
        {"!=1.9.0", "1.9.0.post1", true},
        {">=1.9.0", "1.9.0", true},
        {">=1.9.0", "1.9.0+cu102", true},
        {">=1.9.0", "1.9.0rc1", false},
        {">=1.9.0", "1.8", false},
        {">=1.9.0", "2.0.dev1", true},
        {"<=1.9.0", "1.9.0", true},
        {"<=1.9.0", "1.9.0+cu102", true},
        {"<=1.9.0", "1.9.0.post1", false},
        {"<=1.9.0", "1.9.0rc1", true},
        {"<=1.9.0", "1.9.1", false},
        {">1.9.0", "1.9.0", false},
        {">1.9.0", "1.9.0+cu102", false},
        {">1.9.0", "1.9.0.post1", false},
        {">1.9.0", "1.9.1", true},
        {">1.9.0", "1.9.1.dev1", true},
        {">1.9.0", "1.9.0.post1+x", false},
        {"<1.9.0", "1.8.9", true},
        {"<1.9.0", "1.9.0rc1", false},
        {"<1.9.0", "1.9.0.dev1", false},
        {"<1.9.0", "1.8.9+x", true},
        {"<1.9.0", "1.9.0", false},
        {"~=1.9.0", "1.9.0", true},
        {"~=1.9.0", "1.9.0+cu102", true},
        {"~=1.9.0", "1.9.5", true},
        {"~=1.9.0", "1.10", false},
        {"~=1.9.0", "1.9.0rc1", false},
        {"~=1.9.0", "1.9.1rc1", true},
        {"~=1.9", "1.9", true},
        {"~=1.9", "1.10", true},
        {"~=1.9", "2.0", false},
        {"~=1.9", "1.8", false},
        {"~=1.9", "2.0.dev1", false},
        {"~=2.2.post3", "2.2.post3", true},
        {"~=2.2.post3", "2.2", false},
        {"~=2.2.post3", "2.3", true},
        {"~=2.2.post3", "3.0", false},
        {"~=1.4.5a4", "1.4.5a4", true},
        {"~=1.4.5a4", "1.4.5", true},
        {"~=1.4.5a4", "1.4.5a3", false},
        {"~=1.4.5a4", "1.4.9", true},
        {"~=1.4.5a4", "1.5", false},
        {"===1.9.0", "1.9.0", true},
        {"===1.9.0", "1.9.0+cu102", false},
        {"===1.9.0", "1.9", false},
        {"===1.9.0", "1.9.0.0", false},
        {"===1.9.0+CU102", "1.9.0+cu102", true},
        {"===1.9.0+CU102", "1.9.0", false},
        {"===1.0RC1", "1.0rc1", true},
        {"===1.0RC1", "1.0", false},
        {"==1.9.0+cu102", "1.9.0+cu102", true},
        {"==1.9.0+cu102", "1.9.0+cu111", false},
        {"==1.9.0+cu102", "1.9.0", false},
        {"==1.9.0+cu102", "1.9+CU102", true},
        {"!=1.9.0+cu102", "1.9.0+cu102", false},
        {"!=1.9.0+cu102", "1.9.0+cu111", true},
        {"!=1.9.0+cu102", "1.9.0", true},
        {"==1.9.*", "1.9", true},
        {"==1.9.*", "1.9.0+cu102", true},
        {"==1.9.*", "1.9.5rc1", true},
        {"==1.9.*", "1.10", false},
        {"==1.9.*", "1.9.0.dev1", true},
        {"==1.9.*", "1.90", false},
        {"==1.1.*", "1", false},
        {"==1.1.*", "1.1a1", true},
        {"==1.1.*", "1.1.post5", true},
        {"==1.0.*", "1", true},
        {"==1.0.*", "1a1", true},
        {"==1.0.*", "1.0.dev1", true},
        {"!=3.7.*", "3.7.2", false},
        {"!=3.7.*", "3.8", true},
        {"!=3.7.*", "3.7", false},
        {"==1!1.*", "1!1.5", true},
        {"==1!1.*", "1.5", false},
        {">1.0rc1", "1.0rc1", false},
        {">1.0rc1", "1.0rc1.post1", false},
        {">1.0rc1", "1.0rc2", true},
        {">1.0rc1", "1.0", true},
        {">1.0rc1", "1.0.post1", true},
        {">1.0.post1", "1.0.post1", false},
        {">1.0.post1", "1.0.post2", true},
        {">1.0.post1", "1.0.post1+x", false},
        {">1.0.post1", "1.0.post2.dev0", true},
        {">1.0.dev1", "1.0.dev1", false},
        {">1.0.dev1", "1.0.dev1+x", false},
        {">1.0.dev1", "1.0.post1", true},
        {">1.0.dev1", "1.0.dev2", true},
        {">1.0.dev1", "1.0a1", true},
        {">1.0.dev1", "1.0+x", true},
        {"<1.0rc1", "1.0b9", true},
        {"<1.0rc1", "1.0rc1.dev1", true},
        {"<1.0rc1", "1.0rc1", false},
        {"<1.0rc1", "1.0a1+x", true},
        {"<1.0.post1", "1.0", true},
        {"<1.0.post1", "1.0+x", true},
        {"<1.0.post1", "1.0.post1.dev0", false},
        {"<1.0.post1", "1.0.post0", true},
        {">=3.6, <4, !=3.7.*", "3.6", true},
        {">=3.6, <4, !=3.7.*", "3.7.1", false},
        {">=3.6, <4, !=3.7.*", "3.8", true},
        {">=3.6, <4, !=3.7.*", "4.0", false},
        {">=3.6, <4, !=3.7.*", "4.0a1", false},
        {">=3.6, <4, !=3.7.*", "3.5", false},
        {"", "0.1", true},
        {"", "1.0a1+x", true},
    };
    for (const auto& row : table) {
        const auto set = SpecifierSet::parse(row.specifiers);
        ASSERT_TRUE(set) << row.specifiers;
        EXPECT_EQ(set->contains(*Version::parse(row.version)), row.contains)
            << row.specifiers << " and " << row.version;
    }
}

TEST(Specifiers, SpacesAndEmptyClausesAreForgiven) {
    for (const std::string_view text : {" >= 1.0 ,<2", ">=1.0,<2,", ",>=v1.0,,<2", ">=1.0\t,\n<2"}) {
        const auto set = SpecifierSet::parse(text);
        ASSERT_TRUE(set) << text;
        EXPECT_TRUE(set->contains(*Version::parse("1.5")));
        EXPECT_FALSE(set->contains(*Version::parse("2.0")));
    }
    EXPECT_TRUE(SpecifierSet::parse(" , ")->empty());
}

TEST(Specifiers, WhatIsNoneIsRefused) {
    for (const std::string_view bad :
         {"1.0",       "=1.0",    "> =1.0",  ">=",       "==",        ">=1.0+x",       "<=1.0+x",
          "~=1",       "~=1.0+x", "~=1.0.*", ">=1.0.*",  "==1.0a1.*", "==1.0.post1.*", "==1.0.dev1.*",
          "==1.0+x.*", "==1.*.*", "==*",     "==1.0-.*", ">=3.6 <4",  ">=3.6;x",       "=>1",
          "><1",       "==1.0 a", "===a b",  "===a;b",   "===a)",     ">=french"})
        EXPECT_FALSE(SpecifierSet::parse(bad)) << bad;
    EXPECT_FALSE(SpecifierSet::parse(std::string(5000, ',')));
}

TEST(Specifiers, IdentityTakesAnyTextButMatchesItsOwnVersionOnly) {
    const auto set = SpecifierSet::parse("===french-toast");
    ASSERT_TRUE(set);
    EXPECT_FALSE(set->contains(*Version::parse("1.0")));
    EXPECT_FALSE(set->asks_for_prereleases());
}

TEST(Specifiers, PrereleasesAreAskedForByNamingOne) {
    const std::pair<std::string_view, bool> table[] = {
        {"", false},        {">=1.0", false},        {">=1.0a1", true},    {"==1.0.dev1", true},
        {"!=1.0a1", false}, {"<2.0rc1", true},       {"===1.0a1", true},   {"~=1.0b1", true},
        {"==1.0.*", false}, {">=1,<2.0.dev0", true}, {">1.0.post1", false}};
    for (const auto& [text, asks] : table)
        EXPECT_EQ(SpecifierSet::parse(text)->asks_for_prereleases(), asks) << text;
}

TEST(Specifiers, AChoicePrefersFinalReleases) {
    const auto choose = [](std::string_view specifiers, std::initializer_list<std::string_view> texts) {
        std::vector<Version> versions;
        for (const auto text : texts)
            versions.push_back(*Version::parse(text));
        std::string out;
        for (const auto index : SpecifierSet::parse(specifiers)->matching(versions))
            out += versions[index].str() + " ";
        return out;
    };
    EXPECT_EQ(choose(">=1.0", {"1.5a1", "0.9", "1.2", "1.1"}), "1.2 1.1 ");
    EXPECT_EQ(choose(">=1.0", {"1.5a1", "0.9"}), "1.5a1 ");
    EXPECT_EQ(choose("<2.0a1", {"1.5a1", "1.2"}), "1.5a1 1.2 ");
    EXPECT_EQ(choose(">=1.0,!=2.0a1", {"1.5a1", "1.2"}), "1.2 ");
    EXPECT_EQ(choose(">=9", {"1.5a1", "1.2"}), "");
    EXPECT_EQ(choose("", {}), "");
}

} // namespace
} // namespace yizhan
