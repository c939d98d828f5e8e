#include "index/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const Tables& tables() {
    return embedded_tables();
}

TEST(ParseMachine, ReadsCanonicalLiteralsBackAsTheyAre) {
    for (const auto* const text : {
             "cu102-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64", "cpu-cp311-manylinux_2_28_x86_64",
             "cpu-win_amd64", "cu118-win_amd64-only", "cu92-cp27-linux_x86_64", "cu101-cudnn7.6-sm50-cp37-win_amd64",
             "driver580-sm50-sm86-cp312-manylinux_2_35_x86_64", "driver580.95.05-sm120-cp313t-manylinux_2_39_x86_64",
             "driver560.94-sm86-cp310-manylinux_2_35_x86_64-wsl2",
             "driver560.94-sm86-cp310-manylinux_2_35_x86_64-wsl2-only",
             "driver580.65.06-sm121-cp312-manylinux_2_39_aarch64", "cpu-cp311-macosx_11_0_arm64",
             "cpu-cp311-macosx_10_9_x86_64", "cpu-cp312-musllinux_1_2_x86_64", "cpu-cp310-win32",
             "cu134-cp314-win_amd64", // newer than the tables
         }) {
        const auto machine = parse_machine(text, tables());
        ASSERT_TRUE(machine) << text << ": " << machine.error().message;
        EXPECT_EQ(machine->str(), text);
    }
}

TEST(ParseMachine, BringsSpellingsToOne) {
    const std::pair<const char*, const char*> table[] = {
        {"driver441.22-quadro_k620-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64"},
        {"driver441.22-quadro-k620-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64"},
        {"driver441.22-k620-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64"},
        {"driver535.54.3-rtx-3080-ti-cp310-win_amd64", "driver535.54.03-sm86-cp310-win_amd64"},
        {"driver535-sm86-sm50-cp310-win_amd64", "driver535-sm50-sm86-cp310-win_amd64"},
        {"driver535-sm86-sm86-cp310-win_amd64", "driver535-sm86-cp310-win_amd64"},
        {"driver535-rtx-3090-gtx-1080-ti-cp310-win_amd64", "driver535-sm61-sm86-cp310-win_amd64"},
        {"driver535-a100-t4-cp310-manylinux2014_x86_64", "driver535-sm75-sm80-cp310-manylinux_2_17_x86_64"},
        {"cpu-cp310-manylinux1_x86_64", "cpu-cp310-manylinux_2_5_x86_64"},
        {"cpu-cp310-manylinux2010_i686", "cpu-cp310-manylinux_2_12_i686"},
        {"cpu-cp310-macosx_13_4_arm64", "cpu-cp310-macosx_13_0_arm64"},
        {"driver580-geforce-rtx-5090-laptop-gpu-cp312-win_amd64", "driver580-sm120-cp312-win_amd64"},
    };
    for (const auto& [text, canonical] : table) {
        const auto machine = parse_machine(text, tables());
        ASSERT_TRUE(machine) << text << ": " << machine.error().message;
        EXPECT_EQ(machine->str(), canonical) << text;
    }
}

TEST(ParseMachine, SaysWhatEachPartIs) {
    const auto machine = parse_machine("driver441.22-sm50-cp36-win_amd64-only", tables());
    ASSERT_TRUE(machine);
    EXPECT_FALSE(machine->cpu);
    EXPECT_FALSE(machine->cuda);
    EXPECT_EQ(machine->driver, DriverVersion::parse("441.22"));
    EXPECT_EQ(machine->gpus, std::vector{(ComputeCapability{5, 0})});
    EXPECT_EQ(machine->python, Interpreter::parse("3.6"));
    EXPECT_EQ(machine->platform, "win_amd64");
    EXPECT_TRUE(machine->only);
    EXPECT_FALSE(machine->wsl2);
    const auto by_cuda = parse_machine("cu102-win_amd64", tables());
    ASSERT_TRUE(by_cuda);
    EXPECT_EQ(by_cuda->cuda, (CudaVersion{10, 2}));
    EXPECT_FALSE(by_cuda->python);
}

TEST(ParseMachine, ShowsTheNearestValidForm) {
    const std::pair<const char*, const char*> table[] = {
        {"cu1o2-cp36-win_amd64", "cu102-cp36-win_amd64"},
        {"cu12-cp310-win_amd64", "cu129-cp310-win_amd64"},
        {"cu103-cp310-win_amd64", "cu100-cp310-win_amd64"},
        {"CU102-CP36-WIN_AMD64", "cu102-cp36-win_amd64"},
        {"cp36-win_amd64-cu102", "cu102-cp36-win_amd64"},
        {"win_amd64-cp36-sm50-driver441.22", "driver441.22-sm50-cp36-win_amd64"},
        {"cuda10.2-py36-windows", "cu102-cp36-win_amd64"},
        {"cu10.2-3.6-win_amd64", "cu102-cp36-win_amd64"},
        {"driver-441.22-sm50-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64"},
        {"441.22-sm50-cp36-win_amd64", "driver441.22-sm50-cp36-win_amd64"},
        {"driver535-sm_86-cp310-win_amd64", "driver535-sm86-cp310-win_amd64"},
        {"driver535-8.6-cp310-win_amd64", "driver535-sm86-cp310-win_amd64"},
        {"driver535-sm55-cp310-win_amd64", "driver535-sm52-cp310-win_amd64"},
        {"driver535-sm86-cp310-manylinux_2_28_amd64", "driver535-sm86-cp310-manylinux_2_28_x86_64"},
        {"driver535-sm86-cp310-win_amd46", "driver535-sm86-cp310-win_amd64"},
        {"cpu-cp310-linux", "cpu-cp310-linux_x86_64"},
        {"cpu-cp310-macos", "cpu-cp310-macosx_11_0_arm64"},
        {"cu102-cp36-win_amd64-onyl", "cu102-cp36-win_amd64-only"},
        {"cu102-cp36-only-win_amd64", "cu102-cp36-win_amd64-only"},
        {"driver560.94-sm86-cp310-manylinux_2_35_x86_64-wsl", "driver560.94-sm86-cp310-manylinux_2_35_x86_64-wsl2"},
        {"cpu--win_amd64", "cpu-win_amd64"},
        {"cpu-cp310-win_amd64-only-only", "cpu-cp310-win_amd64-only"},
        {"win_amd64", "cpu-win_amd64"},
    };
    for (const auto& [text, nearest] : table) {
        const auto machine = parse_machine(text, tables());
        ASSERT_FALSE(machine) << text;
        EXPECT_EQ(machine.error().code, Errc::invalid) << text;
        EXPECT_THAT(machine.error().message, EndsWith(std::string("the nearest that is one: ") + nearest)) << text;
        EXPECT_TRUE(parse_machine(nearest, tables())) << nearest;
    }
}

TEST(ParseMachine, SaysWhatIsWrong) {
    const std::pair<const char*, const char*> table[] = {
        {"", "a machine is written like"},
        {"k620", "at least its hardware and its platform"},
        {"driver441.22-quadro_k260-cp36-win_amd64", "did you mean Quadro K620?"},
        {"driver535-3090-cp310-win_amd64", "did you mean GeForce RTX 3090?"},
        {"sm86-cp310-win_amd64", "begins with cpu, its CUDA (cu102) or its driver"},
        {"cpu-sm86-cp310-win_amd64", "either cpu or has GPUs"},
        {"cu118-cp310-macosx_11_0_arm64", "no CUDA on macOS"},
        {"cpu-pp310-win_amd64", "expected a CPython"},
        {"cpu-cp3-win_amd64", "expected a CPython"},
        {"driver0-sm50-win_amd64", "such as driver441.22"},
        {"driver441.22.1.5-sm50-win_amd64", "such as driver441.22"},
        {"cu102-cudnn7-cp36-win_amd64", "such as cudnn7.6"},
        {"driver535-sm50-win_amd64-wsl2", "wsl2 goes with a driver and a Linux platform"},
        {"<script>-cp36-win_amd64", "begins with cpu"},
    };
    for (const auto& [text, why] : table) {
        const auto machine = parse_machine(text, tables());
        ASSERT_FALSE(machine) << text;
        EXPECT_THAT(machine.error().message, HasSubstr(why)) << text;
    }
}

TEST(ParseMachine, SendsOtherVendorsToTheirOwnIndex) {
    const std::pair<const char*, const char*> table[] = {
        {"rocm6.4-cp312-manylinux_2_28_x86_64", "/pytorch/whl/rocm6.4/"},
        {"rocm6.4-gfx1100-cp312-manylinux_2_28_x86_64", "/pytorch/whl/rocm6.4/"},
        {"gfx1100-cp312-manylinux_2_28_x86_64", "/pytorch/whl/rocm<version>/"},
        {"xpu-cp312-win_amd64", "/pytorch/whl/xpu/"},
    };
    for (const auto& [text, path] : table) {
        const auto machine = parse_machine(text, tables());
        ASSERT_FALSE(machine) << text;
        EXPECT_EQ(machine.error().code, Errc::not_found) << text;
        EXPECT_THAT(machine.error().message, HasSubstr(path)) << text;
    }
}

TEST(ParseMachine, BoundsWhatItReads) {
    EXPECT_FALSE(parse_machine(std::string(201, 'a'), tables()));
    std::string many = "driver535";
    while (many.size() < 180)
        many += "-x";
    const auto machine = parse_machine(many + "-win_amd64", tables());
    ASSERT_FALSE(machine);
    EXPECT_LT(machine.error().message.size(), 1000u);
    for (char c = 0; c < 127; ++c)
        EXPECT_FALSE(parse_machine("cpu-cp310-win_amd6" + std::string(1, c == '4' ? '5' : c), tables())) << int(c);
}

} // namespace
} // namespace yizhan
