#include "index/version.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

// Expected spellings and order in this file were printed by `packaging` 26.3, which pip, poetry and pdm use.
TEST(Version, EverySpellingOfPep440IsNormalised) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"1.0", "1.0"},
        {"v1.0", "1.0"},
        {"V1.0", "1.0"},
        {"1.0.0", "1.0.0"},
        {"01.02", "1.2"},
        {"1!2.0", "1!2.0"},
        {"0!1.0", "1.0"},
        {"1.0a1", "1.0a1"},
        {"1.0.alpha1", "1.0a1"},
        {"1.0-beta_2", "1.0b2"},
        {"1.0c3", "1.0rc3"},
        {"1.0RC1", "1.0rc1"},
        {"1.0pre4", "1.0rc4"},
        {"1.0preview5", "1.0rc5"},
        {"1.0a", "1.0a0"},
        {"1.0.dev", "1.0.dev0"},
        {"1.0-1", "1.0.post1"},
        {"1.0.post", "1.0.post0"},
        {"1.0r4", "1.0.post4"},
        {"1.0rev5", "1.0.post5"},
        {"1.0post-6", "1.0.post6"},
        {"1.0_post_7", "1.0.post7"},
        {"1.0a1.post2.dev3", "1.0a1.post2.dev3"},
        {"1.0dev456", "1.0.dev456"},
        {"1.0+abc.5", "1.0+abc.5"},
        {"1.0+ABC_007-x", "1.0+abc.7.x"},
        {"1.0+cu102", "1.0+cu102"},
        {"1.0a-", "1.0a0"},
        {"1.0a.post1", "1.0a0.post1"},
        {"1.0a--1", "1.0a0.post1"},
        {"1.0.dev-", "1.0.dev0"},
        {"1.0.post1.dev0", "1.0.post1.dev0"},
        {"2012.4", "2012.4"},
        {"20240131235959123456789.0", "20240131235959123456789.0"},
        {"1.0.a.1", "1.0a1"},
        {"1.0-a-1", "1.0a1"},
        {"1.0.post.1", "1.0.post1"},
        {"1.0c", "1.0rc0"},
        {"1.0-01", "1.0.post1"},
        {"1.2.3.4.5.6.7", "1.2.3.4.5.6.7"},
        {" \t1.0\n", "1.0"},
        {"\v1.0\f\x1f", "1.0"},
    };
    for (const auto& [text, normalized] : table) {
        const auto version = Version::parse(text);
        ASSERT_TRUE(version) << text;
        EXPECT_EQ(version->str(), normalized) << text;
        EXPECT_EQ(Version::parse(normalized)->str(), normalized);
        EXPECT_EQ(*Version::parse(normalized), *version);
    }
}

TEST(Version, OtherTextIsNone) {
    for (const std::string_view bad : {"",
                                       "x",
                                       "1.0.x",
                                       "1.0+",
                                       "1.0++a",
                                       "1.0+a+b",
                                       "1.0+a..b",
                                       ".1",
                                       "1.",
                                       "1..0",
                                       "1.0-a_b",
                                       "1.0b1a1",
                                       "1.0.post1a1",
                                       "1.0dev1post1",
                                       "1.0--1",
                                       "french",
                                       "1.0~1",
                                       "1!!0",
                                       "!1",
                                       "1!",
                                       "1.0-1.0",
                                       "1.0+_a",
                                       "1.0+a_",
                                       "1.0al",
                                       "1.0prev",
                                       "1.0re",
                                       "1.0_1",
                                       "1.0a1-",
                                       "1 .0",
                                       "1.0 a",
                                       "\xd9\xa1.0" /* an Arabic digit */,
                                       "v",
                                       "vv1"})
        EXPECT_FALSE(Version::parse(bad)) << bad;
    EXPECT_TRUE(Version::parse(std::string(Version::longest, '1')));
    EXPECT_FALSE(Version::parse(std::string(Version::longest + 1, '1')));
}

TEST(Version, AllAreInPackagingsOrder) {
    const std::string_view ordered[] = {"0.0.dev1",
                                        "0",
                                        "1.0.dev456",
                                        "1.0a1.dev1",
                                        "1.0a1",
                                        "1.0a1.post1",
                                        "1.0a2.dev456",
                                        "1.0a12.dev456",
                                        "1.0a12",
                                        "1.0b1.dev456",
                                        "1.0b2",
                                        "1.0b2.post345.dev456",
                                        "1.0b2.post345",
                                        "1.0rc1.dev456",
                                        "1.0rc1",
                                        "1.0",
                                        "1.0+a",
                                        "1.0+a.a",
                                        "1.0+a.1",
                                        "1.0+abc.5",
                                        "1.0+abc.7",
                                        "1.0+5",
                                        "1.0.post0.dev0",
                                        "1.0.post0",
                                        "1.0.post456.dev34",
                                        "1.0.post456",
                                        "1.0.15",
                                        "1.1.dev1",
                                        "1.9.0",
                                        "1.9.0+cpu",
                                        "1.9.0+cpu.cxx11.abi",
                                        "1.9.0+cu102",
                                        "1.9.0+cu111",
                                        "1.9.0+cu126.cxx11",
                                        "1.9.0+cu130",
                                        "1.9.0+cu80",
                                        "1.9.0+cu92",
                                        "1.9.0+rocm10.0",
                                        "1.9.0+rocm4.2",
                                        "1.9.0+xpu",
                                        "1.9.0+1",
                                        "1.10",
                                        "2.10.0",
                                        "99999999999999999999",
                                        "100000000000000000000",
                                        "1!0.1"};
    for (std::size_t i = 0; i < std::size(ordered); ++i)
        for (std::size_t j = 0; j < std::size(ordered); ++j) {
            const auto a = Version::parse(ordered[i]);
            const auto b = Version::parse(ordered[j]);
            ASSERT_TRUE(a && b);
            EXPECT_EQ(*a <=> *b, i <=> j) << ordered[i] << " and " << ordered[j];
        }
}

TEST(Version, NumbersInLocalLabelsAreComparedAsNumbers) {
    EXPECT_LT(*Version::parse("1.0+a.9"), *Version::parse("1.0+a.10"));
    EXPECT_LT(*Version::parse("1.0+cu.9"), *Version::parse("1.0+cu.10.1"));
    EXPECT_GT(*Version::parse("1.0+cu9"), *Version::parse("1.0+cu10")) << "but cu9 is a word";
}

TEST(Version, EqualVersionsMayBeSpelledDifferently) {
    const std::pair<std::string_view, std::string_view> table[] = {{"1", "1.0.0"},           {"1.0a0", "1a"},
                                                                   {"1.0.post0", "1.0.0-0"}, {"0!1", "1"},
                                                                   {"1+a.01", "1.0+a.1"},    {"1.0rc1", "1.0c1"}};
    for (const auto& [a, b] : table) {
        EXPECT_EQ(*Version::parse(a), *Version::parse(b)) << a;
        EXPECT_NE(Version::parse(a)->str(), Version::parse(b)->str() + "x");
    }
    EXPECT_NE(Version::parse("1")->str(), Version::parse("1.0")->str());
}

TEST(Version, ItsPartsCanBeAskedFor) {
    const auto version = Version::parse("2!1.0rc1.post2.dev3+cu102.x");
    ASSERT_TRUE(version);
    EXPECT_EQ(version->base_str(), "2!1.0");
    EXPECT_EQ(version->public_str(), "2!1.0rc1.post2.dev3");
    EXPECT_EQ(version->local(), "cu102.x");
    EXPECT_TRUE(version->is_prerelease());
    EXPECT_TRUE(version->is_postrelease());
    EXPECT_TRUE(version->has_local());
    EXPECT_EQ(version->without_local().str(), "2!1.0rc1.post2.dev3");
    EXPECT_TRUE(version->same_base(*Version::parse("2!1")));
    EXPECT_FALSE(version->same_base(*Version::parse("1.0")));
    EXPECT_TRUE(Version::parse("1.0.dev1")->is_prerelease());
    EXPECT_FALSE(Version::parse("1.0.post1")->is_prerelease());
}

TEST(Version, NormalisingLeavesOtherTextAlone) {
    EXPECT_EQ(normalized_version("v1.0-beta"), "1.0b0");
    EXPECT_EQ(normalized_version("dev-snapshot"), "dev-snapshot");
}

} // namespace
} // namespace yizhan
