#include "index/driver_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;

std::string driver_of(const std::optional<DriverVersion>& driver) {
    return driver ? driver->str() : "none";
}

TEST(Smi, TellsDriverCapabilityAndName) {
    const auto report =
        read_smi("580.95.05, 8.6, NVIDIA GeForce RTX 3090\n580.95.05, 7.0, Tesla V100-SXM2-16GB\n", true);
    EXPECT_EQ(driver_of(report.driver), "580.95.05");
    const std::vector<ReportedGpu> expected{{"NVIDIA GeForce RTX 3090", ComputeCapability{8, 6}},
                                            {"Tesla V100-SXM2-16GB", ComputeCapability{7, 0}}};
    EXPECT_EQ(report.gpus, expected);
    EXPECT_EQ(report.complaint, "");
}

TEST(Smi, WithoutTheCapabilityTheRestIsTheName) {
    const auto report = read_smi("441.22, Quadro K620\r\n", false);
    EXPECT_EQ(driver_of(report.driver), "441.22");
    ASSERT_EQ(report.gpus.size(), 1u);
    EXPECT_EQ(report.gpus[0], (ReportedGpu{"Quadro K620", {}}));
}

TEST(Smi, OfBefore510DoesNotKnowTheField) {
    const auto report = read_smi("Field \"compute_cap\" is not a valid field to query.\n\n", true);
    EXPECT_TRUE(report.field_unknown);
    EXPECT_EQ(driver_of(report.driver), "none");
}

TEST(Smi, ErrorsAreComplaintsAndNoMachine) {
    for (const std::string text :
         {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest "
          "NVIDIA driver is installed and running.\n",
          "No devices were found\n",
          "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.161\n",
          "Unable to determine the device handle for GPU0000:01:00.0: Unknown Error\n"}) {
        const auto report = read_smi(text, true);
        EXPECT_FALSE(report.driver) << text;
        EXPECT_TRUE(report.gpus.empty()) << text;
        EXPECT_THAT(report.complaint, HasSubstr(text.substr(0, 20)));
        EXPECT_FALSE(report.field_unknown);
    }
}

TEST(Smi, PlaceholdersAreNotNames) {
    const auto report = read_smi("535.54.03, [N/A], [Unknown Error]\n", true);
    ASSERT_EQ(report.gpus.size(), 1u);
    EXPECT_EQ(report.gpus[0], ReportedGpu{});
}

TEST(Smi, HostileTextIsBoundedAndPrintable) {
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += "535.54.03, 8.6, A\x1b[31mB\n";
    const auto report = read_smi(many, true);
    EXPECT_EQ(report.gpus.size(), 64u);
    EXPECT_EQ(report.gpus[0].name, "A?[31mB");
    EXPECT_LE(read_smi(std::string(1'000'000, 'x'), true).complaint.size(), 200u);
    EXPECT_EQ(read_smi("", true).complaint, "");
}

TEST(ProcDriver, IsReadOfBothModules) {
    EXPECT_EQ(
        driver_of(read_proc_driver("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.07  Sat Feb 17 22:55:48 "
                                   "UTC 2024\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n")),
        "535.161.07");
    EXPECT_EQ(driver_of(read_proc_driver("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release "
                                         "Build  (dvs-builder@U22-I3-AE18)  Tue Sep 23 10:11:16 UTC 2025\n")),
              "580.95.05");
    EXPECT_EQ(driver_of(read_proc_driver("NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12 2022\n")),
              "390.157");
}

TEST(ProcDriver, OtherTextIsNone) {
    for (const auto* const text : {"", "GCC version: gcc version 12.2.0\n", "NVRM version: something else 535.161.07\n",
                                   "NVRM version: NVIDIA UNIX x86_64 Kernel Module\n"})
        EXPECT_FALSE(read_proc_driver(text)) << text;
}

TEST(ModuleVersion, IsTheWholeText) {
    EXPECT_EQ(driver_of(read_module_version("470.256.02\n")), "470.256.02");
    EXPECT_FALSE(read_module_version("470.256.02 dirty\n"));
    EXPECT_FALSE(read_module_version(""));
}

TEST(ProcGpu, IsItsModel) {
    EXPECT_EQ(read_proc_gpu("Model: \t\t NVIDIA GeForce GTX 1080 Ti\nIRQ:   \t\t 42\nGPU UUID: \t GPU-0\n"),
              "NVIDIA GeForce GTX 1080 Ti");
    EXPECT_EQ(read_proc_gpu("Model: \t\t Unknown\n"), "");
    EXPECT_EQ(read_proc_gpu("IRQ: 42\n"), "");
}

TEST(Kernel, Wsl2IsToldFromWsl1AndLinux) {
    EXPECT_TRUE(is_wsl2_kernel("Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d701f84f1) (gcc 11.2.0)"));
    EXPECT_FALSE(is_wsl2_kernel("Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0)"));
    EXPECT_FALSE(is_wsl2_kernel("Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)"));
}

} // namespace
} // namespace yizhan
