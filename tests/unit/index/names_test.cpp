#include "index/names.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(Names, PepFiveOhEightDecidesWhatAProjectNameIs) {
    for (const std::string_view good :
         {"a", "A", "7", "six", "Django", "zope.interface", "ruamel.yaml.clib", "a-b_c.d", "a--b", "0x10c-asm", "A1"})
        EXPECT_TRUE(is_project_name(good)) << good;
    using namespace std::string_view_literals;
    for (const auto bad :
         {""sv, "-a"sv, "a-"sv, "_"sv, ".a"sv, "a."sv, "a b"sv, "a/b"sv, "a%20b"sv, "a\0b"sv, "acme sdk"sv, "six\n"sv,
          "é"sv, "\xe2\x84\xaa"sv /* Kelvin sign, which case-folds to k */, "a+b"sv, ".."sv})
        EXPECT_FALSE(is_project_name(bad)) << bad;
}

TEST(Names, ANameLongerThanAnyFileNameCouldCarryIsNone) {
    EXPECT_TRUE(is_project_name(std::string(longest_project_name, 'a')));
    EXPECT_FALSE(is_project_name(std::string(longest_project_name + 1, 'a')));
}

TEST(Names, NormalisationLowersAndFoldsRunsOfSeparators) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"six", "six"},
        {"Friendly-Bard", "friendly-bard"},
        {"FRIENDLY-BARD", "friendly-bard"},
        {"friendly.bard", "friendly-bard"},
        {"friendly_bard", "friendly-bard"},
        {"friendly--bard", "friendly-bard"},
        {"FrIeNdLy-._.-bArD", "friendly-bard"},
        {"zope.interface", "zope-interface"},
        {"a1.B2", "a1-b2"},
    };
    for (const auto& [name, normalized] : table) {
        EXPECT_EQ(normalized_name(name), normalized);
        EXPECT_EQ(is_normalized_name(name), name == normalized) << name;
        EXPECT_TRUE(is_normalized_name(normalized));
    }
}

TEST(NamePatterns, GlobsMatchTheWholeNormalisedName) {
    struct Row {
        std::string pattern;
        std::string_view name;
        bool matches;
    };
    const Row table[] = {
        {"lab-*", "lab-tools", true},
        {"lab-*", "lab-", true},
        {"lab-*", "lab", false},
        {"lab-*", "collab-tools", false},
        {"Lab_*", "lab-tools", true},
        {"*", "anything", true},
        {"*-internal", "acme-internal", true},
        {"*-internal", "acme-internal-x", false},
        {"six", "six", true},
        {"six", "sixer", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a*b*c", "aXXbYYc", true},
        {"a*b*c", "aXXcYYb", false},
        {"*a*", "banana", true},
        {"**", "x", true},
        {"", "x", false},
        {"*.*", "a-b", true},
    };
    for (const auto& row : table)
        EXPECT_EQ(NamePatterns(std::span(&row.pattern, 1)).match(row.name), row.matches)
            << row.pattern << " " << row.name;
}

TEST(NamePatterns, AnyPatternOfTheListSuffices) {
    const std::vector<std::string> list{"lab-*", "secret"};
    const NamePatterns patterns(list);
    EXPECT_TRUE(patterns.match("secret"));
    EXPECT_TRUE(patterns.match("lab-x"));
    EXPECT_FALSE(patterns.match("six"));
    EXPECT_FALSE(NamePatterns().match("six"));
    EXPECT_TRUE(NamePatterns().empty());
}

// A backtracking matcher needs 2^60 steps here and would not come back.
TEST(NamePatterns, ManyStarsDoNotBlowUp) {
    std::string pattern;
    for (int i = 0; i < 60; ++i)
        pattern += "*a";
    pattern += "*b";
    EXPECT_FALSE(NamePatterns(std::span(&pattern, 1)).match(std::string(200, 'a')));
}

} // namespace
} // namespace yizhan
