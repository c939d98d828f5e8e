#include "index/machine_detect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* open_module =
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n";

/// A server with a V100 as its programs and files show it.
MachineEvidence v100() {
    MachineEvidence out;
    out.processor = "x86_64";
    out.libc = "glibc 2.36";
    out.kernel = "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)";
    out.smi_found = true;
    out.smi = "580.95.05, 7.0, Tesla V100-SXM2-16GB\n";
    out.proc_driver = open_module;
    out.module_version = "580.95.05\n";
    out.nvidia_devices = 1;
    out.python = "CPython 3.11 gil linux-x86_64\n";
    return out;
}

DetectedMachine detected(const MachineEvidence& evidence) {
    auto out = detect_machine(evidence, embedded_tables());
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : DetectedMachine{};
}

std::string literal(const MachineEvidence& evidence) {
    return detected(evidence).machine.str();
}

TEST(Detect, AMachineThatTellsEverythingLeavesNoDoubt) {
    const auto out = detected(v100());
    EXPECT_EQ(out.machine.str(), "driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, IsEmpty());
}

TEST(Detect, TheLiteralParsesBackToTheSameMachine) {
    const auto out = detected(v100());
    const auto parsed = parse_machine(out.machine.str(), embedded_tables());
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, out.machine);
}

TEST(Detect, AnOldNvidiaSmiTellsNamesAndTheTablesTheRest) {
    auto evidence = v100();
    evidence.smi = "470.82.01, Quadro K620\n470.82.01, NVIDIA GeForce RTX 3090\n";
    evidence.smi_with_capability = false;
    evidence.proc_driver = evidence.module_version = "";
    const auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "driver470.82.01-sm50-sm86-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, IsEmpty());
}

TEST(Detect, AnUnknownGpuIsLeftOutAndSaid) {
    auto evidence = v100();
    evidence.smi = "580.95.05, NVIDIA Frobnicator 9000\n";
    evidence.smi_with_capability = false;
    const auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "driver580.95.05-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, Contains(HasSubstr("do not know NVIDIA Frobnicator 9000")));
    EXPECT_THAT(out.doubts, Contains(HasSubstr("chosen by the driver alone")));
    evidence.smi = "580.95.05, 19.7, NVIDIA Frobnicator 9000\n";
    evidence.smi_with_capability = true;
    EXPECT_THAT(detected(evidence).doubts, Contains(HasSubstr("capability 19.7, which the tables do not know")));
}

TEST(Detect, WithoutNvidiaSmiTheKernelsFilesDo) {
    auto evidence = v100();
    evidence.smi_found = false;
    evidence.smi = "";
    evidence.proc_gpus = {"Model: \t\t Tesla V100-SXM2-16GB\nIRQ: \t\t 42\n"};
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    evidence.proc_driver = "";
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
}

TEST(Detect, ADriverThatWasUpdatedWithoutARestartIsADoubt) {
    auto evidence = v100();
    evidence.smi = "575.57.08, 7.0, Tesla V100-SXM2-16GB\n";
    EXPECT_THAT(detected(evidence).doubts, Contains(HasSubstr("updated without a restart")));
    evidence.smi = "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 575.57\n";
    evidence.proc_gpus = {"Model: Tesla V100-SXM2-16GB\n"};
    const auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, Contains(HasSubstr("version mismatch")));
}

TEST(Detect, UnderWsl2WindowsDriverCounts) {
    auto evidence = v100();
    evidence.kernel = "Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d701f84f1)";
    evidence.smi = "552.44, 8.9, NVIDIA GeForce RTX 4060 Laptop GPU\n";
    evidence.proc_driver = evidence.module_version = "";
    const auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "driver552.44-sm89-cp311-manylinux_2_36_x86_64-wsl2");
    EXPECT_EQ(out.machine.driver_system(), DriverSystem::windows_driver);
}

TEST(Detect, WithoutADriverItIsCpuAndSaysWhyWhereItKnows) {
    auto evidence = v100();
    evidence.smi_found = false;
    evidence.smi = evidence.proc_driver = evidence.module_version = "";
    evidence.nvidia_devices = 0;
    auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "cpu-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, IsEmpty()) << "a laptop without a GPU is no doubtful case";

    evidence.nvidia_devices = 2;
    EXPECT_THAT(detected(evidence).doubts, Contains(HasSubstr("2 NVIDIA GPUs on the PCI bus, but no NVIDIA driver")));

    evidence.smi_found = true;
    evidence.smi = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n";
    out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "cpu-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(out.doubts, Contains(HasSubstr("couldn't communicate")));
}

TEST(Detect, ThePythonThatWasAskedForCounts) {
    auto evidence = v100();
    evidence.wanted_python = "3.6";
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp36-manylinux_2_36_x86_64");
    evidence.wanted_python = "cp313t";
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp313t-manylinux_2_36_x86_64");
    evidence.wanted_python = "three";
    const auto out = detect_machine(evidence, embedded_tables());
    ASSERT_FALSE(out);
    EXPECT_THAT(out.error().message, HasSubstr("three"));
}

TEST(Detect, PythonsThatDoNotFitAreLeftOpen) {
    auto evidence = v100();
    for (const auto* const said : {"", "Traceback (most recent call last):\n", "PyPy 3.10 gil linux-x86_64\n",
                                   "CPython three gil linux-x86_64\n", "a b c d e f g h i j\n"}) {
        evidence.python = said;
        const auto out = detected(evidence);
        EXPECT_EQ(out.machine.str(), "driver580.95.05-sm70-manylinux_2_36_x86_64") << said;
        EXPECT_THAT(out.doubts, Contains(HasSubstr("--python"))) << said;
    }
    evidence.python.reset();
    EXPECT_THAT(detected(evidence).doubts, Contains(HasSubstr("no python3 on PATH")));
    evidence.python = "CPython 3.13 free linux-x86_64\n";
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp313t-manylinux_2_36_x86_64");
}

TEST(Detect, A32BitPythonIsOfItsOwnPlatform) {
    auto evidence = v100();
    evidence.python = "CPython 3.9 gil linux-i686\n";
    EXPECT_EQ(literal(evidence), "driver580.95.05-sm70-cp39-manylinux_2_36_i686");
}

TEST(Detect, AnUnknownLibcLeavesNoBuildOut) {
    auto evidence = v100();
    evidence.libc = "";
    const auto out = detected(evidence);
    EXPECT_EQ(out.machine.str(), "driver580.95.05-sm70-cp311-linux_x86_64");
    EXPECT_THAT(out.doubts, Contains(HasSubstr("glibc")));
}

TEST(Detect, AProcessorThatNobodyBuildsForIsAnError) {
    auto evidence = v100();
    evidence.python.reset();
    evidence.processor = "pdp11";
    const auto out = detect_machine(evidence, embedded_tables());
    ASSERT_FALSE(out);
    EXPECT_THAT(out.error().message, HasSubstr("pdp11"));
}

TEST(Detect, DriversThatDoNotKnowTheGpuAreADoubt) {
    auto evidence = v100();
    evidence.smi = "535.54.03, 12.0, NVIDIA GeForce RTX 5090\n";
    evidence.proc_driver = evidence.module_version = "";
    EXPECT_THAT(detected(evidence).doubts, Contains(HasSubstr("does not know GPUs of capability 12.0")));
}

} // namespace
} // namespace yizhan
