#include "config/embedded_tables.hpp"
#include "config/tables.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string embedded(const std::string& name) {
    for (const auto& table : embedded_table_files())
        if (table.name == name)
            return std::string(table.csv);
    return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What is said of `name` with `from` replaced by `to`; empty: it is taken.
std::string problem(const std::string& name, const std::string& from, const std::string& to) {
    const auto parsed = parse_tables({{name, replaced(embedded(name), from, to)}});
    return parsed ? "" : parsed.error().message;
}

TEST(ParseTables, TakesWhatTheBinaryCarries) {
    const auto parsed = parse_tables({});
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->origin.at("gpus.csv"), "config/data/gpus.csv");
    EXPECT_EQ(parsed->origin.size(), table_names().size());
}

TEST(ParseTables, SaysFileLineAndColumn) {
    EXPECT_THAT(problem("gpus.csv", "Quadro K620,5.0", "Quadro K620,five"),
                testing::MatchesRegex("gpus\\.csv:[0-9]+:13: capability \"five\": expected a compute capability.*"));
    EXPECT_EQ(problem("cuda_driver.csv", "7.5.16,cu75,352.31", "7.5.16,cu75,N/A"),
              "cuda_driver.csv:2:13: linux_driver \"N/A\": expected a driver such as 450.80.02, or nothing");
    EXPECT_THAT(problem("torch_sm.csv", "linux_x86_64,cu80", "linux_x86,cu80"),
                StartsWith("torch_sm.csv:2:7: platform \"linux_x86\""));
    EXPECT_THAT(problem("torch_matrix.csv", "2.7,3.7", "3.7,2.7"), StartsWith("torch_matrix.csv:2:19: python_max"));
    EXPECT_THAT(problem("tf_matrix.csv", "linux,1.0.0", "lunix,1.0.0"), StartsWith("tf_matrix.csv:2:1: os"));
    EXPECT_THAT(problem("breakers.csv", "numpy<2,import", "numpy<2,always"), HasSubstr("expected import or use"));
    EXPECT_THAT(problem("breakers.csv", "numpy<2,import", "nunpy<2,import"), HasSubstr("a constraint on numpy"));
    EXPECT_THAT(problem("merged.csv", "high", "sure"), HasSubstr("expected high, medium or low"));
    EXPECT_THAT(problem("capabilities.csv", "jetson", "board"), HasSubstr("expected jetson or nothing"));
    EXPECT_THAT(problem("torch_extra.csv", "1.0.0,9.0", "1.0.0,9"), HasSubstr("pypi_linux_cuda \"9\""));
    EXPECT_THAT(problem("gpus.csv", "name,capability", "name,sm"), StartsWith("gpus.csv:1:1: expected the header"));
}

TEST(ParseTables, RefusesATagThatIsNotItsVersions) {
    EXPECT_THAT(problem("cuda_driver.csv", "10.2.89,cu102", "10.2.89,cu92"),
                HasSubstr("is not the tag of CUDA 10.2.89"));
}

TEST(ParseTables, RefusesRowsOutOfOrder) {
    const auto swapped = replaced(replaced(embedded("torch_extra.csv"), "\n1.9.0,", "\nX,"), "\n1.9.1,", "\n1.9.0,");
    const auto parsed = parse_tables({{"torch_extra.csv", replaced(swapped, "\nX,", "\n1.9.1,")}});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("rows ascend"));
    EXPECT_THAT(problem("torch_sm.csv", "\n1.0.1,", "\n1.0.0,"), HasSubstr("rows ascend"));
    EXPECT_THAT(problem("cuda_driver.csv", "\n9.1.85,cu91", "\n9.0.76,cu90"), HasSubstr("rows ascend"));
    EXPECT_THAT(problem("capabilities.csv", "\n2.1,", "\n2.0,"), HasSubstr("rows ascend"));
}

TEST(ParseTables, RefusesANameWithTwoCapabilities) {
    const auto text = embedded("gpus.csv") + "Quadro  K-620,5.2,,GM204,,high,nobody,\n";
    const auto parsed = parse_tables({{"gpus.csv", text}});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("one name with two capabilities"));
}

TEST(ParseTables, RefusesACapabilityThatNoTableKnows) {
    const auto parsed = parse_tables({{"gpus.csv", embedded("gpus.csv") + "RTX 9090,13.0,,GC102,,low,nobody,\n"}});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("13.0 is not in capabilities.csv"));
}

TEST(ParseTables, RefusesATableWithoutRows) {
    const auto text = embedded("merged.csv");
    const auto parsed = parse_tables({{"merged.csv", text.substr(0, text.find('\n') + 1)}});
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("no rows"));
    EXPECT_FALSE(parse_tables({{"merged.csv", ""}}));
}

TEST(LoadTables, ReplacesWhatTheFolderHas) {
    const TemporaryFolder folder;
    const auto path = folder.file("gpus.csv", embedded("gpus.csv") + "GeForce RTX 5099,12.0,,GB202,,low,a rumour,\n");
    folder.file("mirrors.csv", "read by others");
    folder.file("notes.txt", "not a table");
    const auto loaded = load_tables(folder.path());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(loaded->gpu("RTX 5099"));
    EXPECT_FALSE(embedded_tables().gpu("RTX 5099"));
    EXPECT_EQ(loaded->origin.at("gpus.csv"), path.string());
    EXPECT_EQ(loaded->origin.at("torch_sm.csv"), "config/data/torch_sm.csv");
    EXPECT_EQ(loaded->torch.size(), embedded_tables().torch.size());
}

TEST(LoadTables, NamesTheFileInErrors) {
    const TemporaryFolder folder;
    const auto path = folder.file("gpus.csv", replaced(embedded("gpus.csv"), ",high,", ",sure,"));
    const auto loaded = load_tables(folder.path());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, StartsWith(path.string() + ":2:"));
}

TEST(LoadTables, DoesNotPassOverAMisspelledName) {
    const TemporaryFolder folder;
    folder.file("torch-sm.csv", embedded("torch_sm.csv"));
    const auto loaded = load_tables(folder.path());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("did you mean torch_sm.csv?"));
}

TEST(LoadTables, SaysWhichFolderOrFileCannotBeRead) {
    const TemporaryFolder folder;
    const auto missing = load_tables(folder.path() / "none");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::io);
    EXPECT_THAT(missing.error().message, HasSubstr("none"));
    std::filesystem::create_directory(folder.path() / "gpus.csv");
    const auto a_folder = load_tables(folder.path());
    ASSERT_FALSE(a_folder);
    EXPECT_THAT(a_folder.error().message, HasSubstr("gpus.csv"));
}

TEST(LoadTables, BoundsAFile) {
    const TemporaryFolder folder;
    folder.file("gpus.csv", std::string((1 << 20) + 1, 'x'));
    const auto loaded = load_tables(folder.path());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("over 1 MiB"));
}

} // namespace
} // namespace yizhan
