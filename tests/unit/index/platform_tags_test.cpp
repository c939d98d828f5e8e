#include "index/tags.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace yizhan {
namespace {

using Tags = std::vector<std::string>;

Tags tags(std::string_view platform) {
    auto out = platform_tags(platform);
    EXPECT_TRUE(out) << (out ? "" : out.error().message);
    return out.value_or(Tags());
}

TEST(PlatformTags, WindowsAndTheUnknownStandForThemselves) {
    for (const auto* platform :
         {"win_amd64", "win32", "win_arm64", "freebsd_13_release_amd64", "pyodide_2024_0_wasm32"})
        EXPECT_EQ(tags(platform), Tags{platform});
}

TEST(PlatformTags, ManylinuxCountsDownWithTheLegacyNamesInTheirPlaces) {
    EXPECT_EQ(tags("manylinux_2_18_x86_64"),
              (Tags{"manylinux_2_18_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_16_x86_64",
                    "manylinux_2_15_x86_64", "manylinux_2_14_x86_64", "manylinux_2_13_x86_64", "manylinux_2_12_x86_64",
                    "manylinux2010_x86_64", "manylinux_2_11_x86_64", "manylinux_2_10_x86_64", "manylinux_2_9_x86_64",
                    "manylinux_2_8_x86_64", "manylinux_2_7_x86_64", "manylinux_2_6_x86_64", "manylinux_2_5_x86_64",
                    "manylinux1_x86_64", "linux_x86_64"}));
    EXPECT_EQ(tags("manylinux_2_18_aarch64"),
              (Tags{"manylinux_2_18_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"}));
    EXPECT_EQ(tags("manylinux2014_x86_64"), tags("manylinux_2_17_x86_64"));
    EXPECT_EQ(tags("manylinux2010_i686"), tags("manylinux_2_12_i686"));
    EXPECT_EQ(tags("manylinux1_i686"), (Tags{"manylinux_2_5_i686", "manylinux1_i686", "linux_i686"}));
}

TEST(PlatformTags, ALinuxThatSaysNothingOfItsGlibcExcludesNone) {
    const auto all = tags("linux_x86_64");
    for (const auto& one : tags("manylinux_2_45_x86_64"))
        EXPECT_NE(std::ranges::find(all, one), all.end()) << one;
}

TEST(PlatformTags, MuslCountsDownToZero) {
    EXPECT_EQ(tags("musllinux_1_2_x86_64"),
              (Tags{"musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_0_x86_64", "linux_x86_64"}));
}

// Recorded from packaging 26.3: mac_platforms((11, 3), …), and ends of longer lists.
TEST(PlatformTags, MacsRunWhatOlderMacsRan) {
    EXPECT_EQ(
        tags("macosx_12_3_arm64"),
        (Tags{"macosx_12_0_arm64", "macosx_12_0_universal2", "macosx_11_0_arm64", "macosx_11_0_universal2",
              "macosx_10_16_universal2", "macosx_10_15_universal2", "macosx_10_14_universal2",
              "macosx_10_13_universal2", "macosx_10_12_universal2", "macosx_10_11_universal2",
              "macosx_10_10_universal2", "macosx_10_9_universal2", "macosx_10_8_universal2", "macosx_10_7_universal2",
              "macosx_10_6_universal2", "macosx_10_5_universal2", "macosx_10_4_universal2"}));
    EXPECT_EQ(tags("macosx_10_4_x86_64"),
              (Tags{"macosx_10_4_x86_64", "macosx_10_4_intel", "macosx_10_4_fat64", "macosx_10_4_fat3",
                    "macosx_10_4_universal2", "macosx_10_4_universal"}));
    const auto big_sur = tags("macosx_11_0_x86_64");
    EXPECT_EQ(big_sur.front(), "macosx_11_0_x86_64");
    EXPECT_EQ(big_sur.back(), "macosx_10_4_universal");
    EXPECT_EQ(big_sur.size(), 6U * 14);
}

TEST(PlatformTags, WhatIsNoneIsRefusedWithExamples) {
    for (const std::string_view bad : {"",
                                       "any",
                                       "Win_AMD64",
                                       "win-amd64",
                                       "linux_",
                                       "manylinux_x86_64",
                                       "manylinux_3_1_x86_64",
                                       "manylinux_2_99_x86_64",
                                       "manylinux_2_17",
                                       "manylinux_2_",
                                       "manylinux2014_",
                                       "musllinux_1_x86_64",
                                       "musllinux_2_0_x86_64",
                                       "musllinux_1_999_x",
                                       "macosx_11_0_ppc",
                                       "macosx_9_0_x86_64",
                                       "macosx_99_0_arm64",
                                       "macosx_arm64",
                                       "a b",
                                       "linux/x86",
                                       "manylinux_99999999999_1_x86_64",
                                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}) {
        const auto result = platform_tags(bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_NE(result.error().message.find("win_amd64"), std::string::npos);
    }
}

} // namespace
} // namespace yizhan
