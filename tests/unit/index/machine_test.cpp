#include "index/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;

const Tables& tables() {
    return embedded_tables();
}

MachineSettings k620() {
    MachineSettings out;
    out.gpu = {"Quadro K620"};
    out.driver = "441.22";
    out.python = "3.6";
    out.platform = "win_amd64";
    return out;
}

std::string literal(const MachineSettings& fields) {
    const auto machine = machine_of(fields, tables());
    return machine ? machine->str() : machine.error().message;
}

TEST(MachineOf, ReadsTheSettingsOfTheDesign) {
    EXPECT_EQ(literal(k620()), "driver441.22-sm50-cp36-win_amd64");
}

TEST(MachineOf, IsTheSameMachineAsItsLiteral) {
    auto fields = k620();
    fields.gpu = {"GeForce RTX 3090", "5.0", "sm_86"};
    fields.driver = "535.154.5";
    fields.python = "3.13t";
    fields.platform = "manylinux2014_x86_64";
    fields.only = true;
    const auto machine = machine_of(fields, tables());
    ASSERT_TRUE(machine) << machine.error().message;
    EXPECT_EQ(machine->str(), "driver535.154.05-sm50-sm86-cp313t-manylinux_2_17_x86_64-only");
    const auto parsed = parse_machine(machine->str(), tables());
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, *machine);
}

TEST(MachineOf, WithoutAGpuIsCpu) {
    MachineSettings fields;
    fields.platform = "macosx_14_5_arm64";
    fields.python = "3.11.4";
    EXPECT_EQ(literal(fields), "cpu-cp311-macosx_14_0_arm64");
}

TEST(MachineOf, TakesCudaInsteadOfADriver) {
    auto fields = k620();
    fields.driver.clear();
    fields.cuda = "10.1";
    fields.cudnn = "7.6";
    EXPECT_EQ(literal(fields), "cu101-cudnn7.6-sm50-cp36-win_amd64");
    fields.cuda = "cu101";
    EXPECT_EQ(literal(fields), "cu101-cudnn7.6-sm50-cp36-win_amd64");
}

TEST(MachineOf, NamesTheFieldAndTheRemedy) {
    const auto error = [](auto change) {
        auto fields = k620();
        change(fields);
        return literal(fields);
    };
    EXPECT_THAT(error([](auto& f) { f.gpu = {"Quadro K260"}; }), HasSubstr("gpu = \"Quadro K260\": no GPU called"));
    EXPECT_THAT(error([](auto& f) { f.gpu = {"Quadro K260"}; }), HasSubstr("Quadro K620"));
    EXPECT_THAT(error([](auto& f) { f.gpu = {"5.5"}; }), HasSubstr("sm52"));
    EXPECT_THAT(error([](auto& f) { f.driver = "latest"; }), HasSubstr("driver = \"latest\""));
    EXPECT_THAT(error([](auto& f) { f.python = "three"; }), HasSubstr("such as 3.6"));
    EXPECT_THAT(error([](auto& f) { f.python = "8.6"; }), HasSubstr("python = \"8.6\""));
    EXPECT_THAT(error([](auto& f) { f.platform = ""; }), HasSubstr("platform = \"\": expected a platform tag"));
    EXPECT_THAT(error([](auto& f) { f.platform = "windows"; }), HasSubstr("did you mean win_amd64?"));
    EXPECT_THAT(error([](auto& f) { f.cuda = "10.2"; }), HasSubstr("a driver or a CUDA version, not both"));
    EXPECT_THAT(error([](auto& f) { f.driver = ""; }), HasSubstr("GPUs without a driver"));
    EXPECT_THAT(error([](auto& f) { f.cudnn = "7.6"; }), HasSubstr("cuDNN"));
    EXPECT_THAT(error([](auto& f) { f.wsl2 = true; }), HasSubstr("wsl2"));
    EXPECT_THAT(error([](auto& f) { f.platform = "macosx_11_0_arm64"; }), HasSubstr("no CUDA on macOS"));
    EXPECT_THAT(error([](auto& f) {
                    f.driver = "";
                    f.cuda = "12";
                }),
                HasSubstr("cuda = \"12\""));
}

TEST(Machine, KeepsDoubtsAsNotesNotAsIdentity) {
    auto fields = k620();
    fields.gpu = {"GeForce GTX 860M"};
    const auto doubtful = machine_of(fields, tables());
    ASSERT_TRUE(doubtful);
    ASSERT_EQ(doubtful->notes.size(), 1u);
    EXPECT_THAT(doubtful->notes.front(), HasSubstr("GeForce GTX 860M: one name for several chips"));
    fields.gpu = {"3.0"};
    EXPECT_EQ(*machine_of(fields, tables()), *doubtful);
}

TEST(Machine, NotesADriverThatDoesNotGoWithItsGpu) {
    auto fields = k620();
    fields.driver = "595.45";
    const auto too_new = machine_of(fields, tables());
    ASSERT_TRUE(too_new);
    EXPECT_THAT(too_new->notes, testing::ElementsAre(HasSubstr("driver 595.45 does not support")));
    fields.driver = "581.80"; // of branch R580, the last one for Maxwell
    EXPECT_THAT(machine_of(fields, tables())->notes, testing::IsEmpty());
    fields.gpu = {"RTX 5090"};
    fields.driver = "566.36";
    EXPECT_THAT(machine_of(fields, tables())->notes,
                testing::ElementsAre(HasSubstr("does not know GPUs of capability 12.0")));
}

TEST(Machine, ReportsTheDriverThatCounts) {
    const auto system = [](const char* text) { return parse_machine(text, tables())->driver_system(); };
    EXPECT_EQ(system("driver441.22-sm50-cp36-win_amd64"), DriverSystem::windows_driver);
    EXPECT_EQ(system("driver560.94-sm86-manylinux_2_35_x86_64-wsl2"), DriverSystem::windows_driver);
    EXPECT_EQ(system("driver560.28.03-sm86-manylinux_2_35_x86_64"), DriverSystem::linux_driver);
}

TEST(Machine, HidesWhereItsPipKnowsNoYanks) {
    const auto hides = [](const char* text) { return parse_machine(text, tables())->hides(); };
    EXPECT_TRUE(hides("cu102-cp36-win_amd64"));
    EXPECT_TRUE(hides("cu102-cp37-win_amd64"));
    EXPECT_TRUE(hides("cpu-cp27-linux_x86_64"));
    EXPECT_FALSE(hides("cu102-cp38-win_amd64"));
    EXPECT_FALSE(hides("cu118-cp310-win_amd64"));
    EXPECT_FALSE(hides("cu118-win_amd64"));
    EXPECT_TRUE(hides("cu118-cp310-win_amd64-only"));
    EXPECT_TRUE(hides("cu118-win_amd64-only"));
}

} // namespace
} // namespace yizhan
