#include "config/table_row.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {
namespace {

constexpr std::array<std::string_view, 4> columns{"value", "confidence", "source", "note"};

CsvRow row_of(std::string value, std::string confidence = "high", std::string source = "x") {
    return {{std::move(value), 7, 1}, {std::move(confidence), 7, 9}, {std::move(source), 7, 14}, {"", 7, 16}};
}

TEST(TableRow, KeepsTheFirstMistakeWithItsPlace) {
    const auto fields = row_of("eight", "certain");
    TableRow row("gpus.csv", fields, columns);
    row.capability(0);
    row.evidence();
    ASSERT_TRUE(row.problem());
    EXPECT_EQ(row.problem()->message, "gpus.csv:7:1: value \"eight\": expected a compute capability such as 8.6");
}

TEST(TableRow, ReadsEvidence) {
    const auto fields = row_of("", "low", "a forum");
    TableRow row("t", fields, columns);
    const auto evidence = row.evidence();
    EXPECT_EQ(evidence.confidence, Confidence::low);
    EXPECT_EQ(evidence.source, "a forum");
    EXPECT_FALSE(row.problem());
}

TEST(TableRow, RefusesARowWithoutASource) {
    const auto fields = row_of("", "high", "");
    TableRow row("t", fields, columns);
    row.evidence();
    ASSERT_TRUE(row.problem());
    EXPECT_EQ(row.problem()->message, "t:7:14: source \"\": a value is missing");
}

TEST(TableRow, ListsAscendAndHaveNoDoubles) {
    for (const auto* const good : {"cu92", "cu92 cu100 cu101", ""}) {
        const auto fields = row_of(good);
        TableRow row("t", fields, columns);
        row.cuda_tags(0);
        EXPECT_FALSE(row.problem()) << good;
    }
    for (const auto* const bad : {"cu100 cu92", "cu92 cu92", "cu92;cu100", "92"}) {
        const auto fields = row_of(bad);
        TableRow row("t", fields, columns);
        row.cuda_tags(0);
        EXPECT_TRUE(row.problem()) << bad;
    }
    for (const auto* const bad : {"8.0 7.5", "7.0 7.0+PTX", "", "seven"}) {
        const auto fields = row_of(bad);
        TableRow row("t", fields, columns);
        row.code(0);
        EXPECT_TRUE(row.problem()) << bad;
    }
}

TEST(CompareReleases, GoesByNumbers) {
    const std::vector<std::string> ascending{"0.9.0", "0.10.0", "1.9.0", "1.9.1", "1.10.0", "2.0.0", "2.10.0"};
    for (std::size_t i = 0; i + 1 < ascending.size(); ++i)
        EXPECT_TRUE(compare_releases(ascending[i], ascending[i + 1]) < 0) << ascending[i];
    EXPECT_TRUE(compare_releases("1.10", "1.10.0") == 0);
}

} // namespace
} // namespace yizhan
