#include "index/tags.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(Interpreter, IsReadInBothSpellings) {
    EXPECT_EQ(Interpreter::parse("cp36"), (Interpreter{3, 6, false}));
    EXPECT_EQ(Interpreter::parse("3.6"), (Interpreter{3, 6, false}));
    EXPECT_EQ(Interpreter::parse("3.10.12"), (Interpreter{3, 10, false}));
    EXPECT_EQ(Interpreter::parse("cp313t"), (Interpreter{3, 13, true}));
    EXPECT_EQ(Interpreter::parse("3.14t"), (Interpreter{3, 14, true}));
    EXPECT_EQ(Interpreter::parse("2.7"), (Interpreter{2, 7, false}));
    for (const std::string_view bad : {"", "3", "cp", "cp3", "py36", "pp310", "3.", "3.x", "cp36m", "4", "1.5", "2.8",
                                       "3.100", "cp312t", "3.6.x", "-3.6", "3.6.1.2", "cp3 6"})
        EXPECT_FALSE(Interpreter::parse(bad)) << bad;
    EXPECT_EQ(Interpreter::parse("3.10")->tag(), "cp310");
}

std::optional<std::size_t> rank(std::string_view python, std::string_view platform, std::string_view tags) {
    const auto compatible = CompatibleTags::of(Interpreter::parse(python), platform);
    EXPECT_TRUE(compatible);
    return compatible->rank(*parse_wheel_filename("x-1.0-" + std::string(tags) + ".whl"));
}

// Places in packaging 26.3's sys_tags for these machines.
TEST(CompatibleTags, RankAsPackagingOrdersThem) {
    struct Row {
        std::string_view python, platform, tags;
        std::optional<std::size_t> rank;
    };
    const Row table[] = {
        {"3.7", "win_amd64", "cp37-cp37m-win_amd64", 0},
        {"3.8", "win_amd64", "cp38-cp38-win_amd64", 0},
        {"3.6", "win_amd64", "cp36-cp36m-win_amd64", 0},
        {"3.6", "win_amd64", "cp36-abi3-win_amd64", 1},
        {"3.6", "win_amd64", "cp36-none-win_amd64", 2},
        {"3.6", "win_amd64", "cp35-abi3-win_amd64", 3},
        {"3.6", "win_amd64", "py3-none-win_amd64", 8},
        {"3.6", "win_amd64", "py3-none-any", 17},
        {"3.6", "win_amd64", "cp36-none-any", 15},
        {"3.6", "win_amd64", "py30-none-any", 23},
        {"3.6", "win_amd64", "cp36-cp36m-win32", std::nullopt},
        {"3.6", "win_amd64", "cp37-abi3-win_amd64", std::nullopt},
        {"3.6", "win_amd64", "cp36-cp36mu-win_amd64", std::nullopt},
        {"3.6", "win_amd64", "cp36-cp36m-any", std::nullopt},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_28_x86_64", 0},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", 11},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-manylinux1_x86_64", 26},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-linux_x86_64", 27},
        {"3.12", "manylinux_2_28_x86_64", "cp38-abi3-manylinux2014_x86_64", 180},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_34_x86_64", std::nullopt},
        {"3.12", "manylinux_2_28_x86_64", "py3-none-any", 758},
        {"3.12", "manylinux_2_28_x86_64", "cp312-cp312-musllinux_1_1_x86_64", std::nullopt},
        {"2.7", "manylinux_2_17_x86_64", "cp27-cp27mu-manylinux1_x86_64", 15},
        {"2.7", "manylinux_2_17_x86_64", "cp27-cp27m-manylinux1_x86_64", std::nullopt},
        {"2.7", "manylinux_2_17_x86_64", "py2-none-any", 189},
        {"2.7", "manylinux_2_17_x86_64", "py2.py3-none-any", 189},
        {"2.7", "manylinux_2_17_x86_64", "py3-none-any", std::nullopt},
        {"2.7", "manylinux_2_17_x86_64", "cp26-none-any", std::nullopt},
        {"3.13t", "manylinux_2_35_aarch64", "cp313-cp313t-manylinux_2_28_aarch64", 7},
        {"3.13t", "manylinux_2_35_aarch64", "cp313-cp313-manylinux_2_28_aarch64", std::nullopt},
        {"3.13t", "manylinux_2_35_aarch64", "cp313-abi3-manylinux_2_28_aarch64", std::nullopt},
        {"3.13t", "manylinux_2_35_aarch64", "cp313-abi3t-manylinux_2_28_aarch64", 28},
        {"3.13t", "manylinux_2_35_aarch64", "py3-none-any", 611},
        {"3.12", "macosx_14_0_arm64", "cp312-cp312-macosx_11_0_arm64", 6},
        {"3.12", "macosx_14_0_arm64", "cp312-cp312-macosx_10_9_universal2", 15},
        {"3.12", "macosx_14_0_arm64", "cp312-cp312-macosx_10_9_x86_64", std::nullopt},
        {"3.12", "macosx_14_0_arm64", "cp312-cp312-macosx_15_0_arm64", std::nullopt},
    };
    for (const auto& row : table)
        EXPECT_EQ(rank(row.python, row.platform, row.tags), row.rank)
            << row.python << " " << row.platform << " " << row.tags;
}

TEST(CompatibleTags, OfSeveralTagsTheBestCounts) {
    EXPECT_EQ(rank("3.12", "win_amd64", "cp311.cp312-cp311.cp312-win_amd64.win32"), 0U);
    EXPECT_EQ(rank("3.12", "win_amd64", "py2.py3-none-any"), rank("3.12", "win_amd64", "py3-none-any"));
    EXPECT_EQ(rank("3.12", "win_amd64", "CP312-CP312-Win_AMD64"), 0U);
}

TEST(CompatibleTags, ALabelIsNoPlatform) {
    const auto compatible = CompatibleTags::of(Interpreter::parse("3.13"), "win_amd64");
    EXPECT_TRUE(compatible->fit(*parse_wheel_filename("x-1.0-cp313-cp313-win_amd64-cu128.whl")));
    EXPECT_FALSE(compatible->fit(*parse_wheel_filename("x-1.0-cp313-cp313-linux_x86_64-win_amd64.whl")));
}

TEST(CompatibleTags, WithoutAnInterpreterThePlatformDecides) {
    const auto compatible = CompatibleTags::of(std::nullopt, "manylinux_2_28_x86_64");
    ASSERT_TRUE(compatible);
    const auto fits = [&](std::string_view tags) {
        return compatible->fit(*parse_wheel_filename("x-1.0-" + std::string(tags) + ".whl"));
    };
    EXPECT_TRUE(fits("cp36-cp36m-linux_x86_64"));
    EXPECT_TRUE(fits("pp310-pypy310_pp73-manylinux2014_x86_64"));
    EXPECT_TRUE(fits("py3-none-any"));
    EXPECT_FALSE(fits("cp36-cp36m-win_amd64"));
    EXPECT_FALSE(fits("cp36-cp36m-manylinux_2_34_x86_64"));
}

TEST(CompatibleTags, ATagSetThatExpandsWithoutMeasureFitsNothing) {
    std::string many = "cp312";
    for (int i = 0; i < 40; ++i)
        many += ".cp312";
    Distribution wheel;
    wheel.python = wheel.abi = many;
    wheel.platform = "win_amd64";
    EXPECT_FALSE(CompatibleTags::of(Interpreter::parse("3.12"), "win_amd64")->fit(wheel));
}

TEST(CompatibleTags, AnUnknownPlatformIsAnError) {
    EXPECT_FALSE(CompatibleTags::of(std::nullopt, "Windows"));
}

TEST(BuildTags, SortByTheirNumberFirst) {
    const std::string_view ordered[] = {"", "0", "1", "1_a", "1_b", "2", "10", "10x", "99999999999999999999999"};
    for (std::size_t i = 0; i < std::size(ordered); ++i)
        for (std::size_t j = 0; j < std::size(ordered); ++j)
            EXPECT_EQ(compare_build_tags(ordered[i], ordered[j]), i <=> j) << ordered[i] << " " << ordered[j];
}

} // namespace
} // namespace yizhan
