#include "index/cuda.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using Kind = BuildLabel::Kind;

const Tables& tables() {
    return embedded_tables();
}

TEST(LabelOfLocal, ReadsEverySpelling) {
    const std::tuple<const char*, Kind, const char*> table[] = {
        {"cu92", Kind::cuda, "cu92"},
        {"cu102", Kind::cuda, "cu102"},
        {"cu130", Kind::cuda, "cu130"},
        {"cu117.with.pypi.cudnn", Kind::cuda, "cu117"},
        {"cu128.full", Kind::cuda, "cu128"},
        {"cu.12.8.torch.2.11", Kind::cuda, "cu128"},
        {"cpu", Kind::cpu, "cpu"},
        {"cpu.cxx11.abi", Kind::cpu, "cpu"},
        {"any", Kind::neutral, "any"},
        {"rocm4.2", Kind::other, "rocm4.2"},
        {"rocm6.2.4", Kind::other, "rocm6.2.4"},
        {"xpu", Kind::other, "xpu"},
        {"git1234abc", Kind::other, "git1234abc"},
        {"cu1", Kind::other, "cu1"},
        {"1", Kind::other, "1"},
    };
    for (const auto& [local, kind, text] : table) {
        const auto label = label_of_local(local);
        ASSERT_TRUE(label) << local;
        EXPECT_EQ(label->kind, kind) << local;
        EXPECT_EQ(label->text, text) << local;
    }
    EXPECT_FALSE(label_of_local(""));
}

TEST(LabelOfFolder, TakesTheInnermostThatIsOne) {
    const std::pair<const char*, const char*> table[] = {
        {"/whl/cu102/torch-1.7.1-cp36-cp36m-win_amd64.whl", "cu102"},
        {"whl/cu80/torch/", "cu80"},
        {"https://mirror.example/pytorch/whl/cu128", "cu128"},
        {"/whl/cpu/", "cpu"},
        {"/whl/cpu-cxx11-abi/torch/", "cpu"},
        {"/whl/cu121_pypi_cudnn/", "cu121"},
        {"/whl/rocm6.4/torch/", "rocm6.4"},
        {"/whl/lts/1.8/cu111/", "cu111"},
        {"/whl/nightly/xpu/", "xpu"},
    };
    for (const auto& [path, text] : table) {
        const auto label = label_of_folder(path);
        ASSERT_TRUE(label) << path;
        EXPECT_EQ(label->text, text) << path;
    }
    for (const auto* const path : {"", "/", "/whl/", "/whl/torch/", "/simple/torch/", "/custom/any/", "/cu/"})
        EXPECT_FALSE(label_of_folder(path)) << path;
}

std::string label(const char* project, const char* release, const char* local, const char* folder,
                  const char* platform) {
    return build_label(project, release, local, folder, platform, tables()).text;
}

TEST(BuildLabel, IsTheLocalVersionsThenTheFoldersThenPyPIs) {
    EXPECT_EQ(label("torch", "1.9.0", "cu111", "/whl/cu102/", "win_amd64"), "cu111");
    EXPECT_EQ(label("torch", "1.7.1", "", "/whl/cu102/", "win_amd64"), "cu102") << "a plain name that is a CUDA build";
    EXPECT_EQ(label("torch", "1.7.1", "", "/whl/cpu/", "win_amd64"), "cpu");
    EXPECT_EQ(label("torch", "1.1.0", "", "/whl/cu90/", "linux_x86_64"), "cu90");
}

TEST(BuildLabel, OfPyPIsFilesIsTheReleasesDefault) {
    const std::tuple<const char*, const char*, const char*, const char*> table[] = {
        {"torch", "1.9.0", "manylinux1_x86_64", "cu102"},
        {"torch", "2.0.1", "manylinux1_x86_64", "cu117"},
        {"torch", "2.8.0", "manylinux_2_28_x86_64", "cu128"},
        {"torch", "2.13.0", "manylinux_2_28_x86_64", "cu130"},
        {"torch", "1.9.0", "win_amd64", "cpu"},
        {"torch", "2.13.0", "macosx_11_0_arm64", "cpu"},
        {"torch", "2.10.0", "manylinux_2_28_aarch64", "cpu"},
        {"torch", "2.11.0", "manylinux_2_28_aarch64", "cu130"},
        {"torchvision", "0.10.0", "manylinux1_x86_64", "cu102"},
        {"torchaudio", "2.11.0", "manylinux_2_28_x86_64", "cu130"},
        {"torch", "2.99.0", "manylinux_2_28_x86_64", "cu132"}, // like the newest one known
    };
    for (const auto& [project, release, platform, expected] : table)
        EXPECT_EQ(label(project, release, "", "", platform), expected) << project << release << platform;
}

TEST(BuildLabel, OfProjectsWithoutGpuCodeIsAny) {
    EXPECT_EQ(label("torchaudio", "0.9.0", "", "", "win_amd64"), "any");
    EXPECT_EQ(label("torchaudio", "0.9.0", "", "/whl/", "manylinux1_x86_64"), "any");
    EXPECT_EQ(label("torchaudio", "0.10.0", "cu113", "", "win_amd64"), "cu113");
    EXPECT_EQ(label("torchtext", "0.13.0", "cpu", "/whl/cpu/", "linux_x86_64"), "any");
    EXPECT_EQ(label("torchvision", "0.2.1", "", "", "any"), "any");
}

TEST(BuildPlatform, OfAWheelIsThatOfAnyOfItsTags) {
    EXPECT_EQ(build_platform("manylinux_2_17_x86_64.manylinux2014_x86_64"), BuildPlatform::linux_x86_64);
    EXPECT_EQ(build_platform("linux_x86_64"), BuildPlatform::linux_x86_64);
    EXPECT_EQ(build_platform("win_amd64"), BuildPlatform::win_amd64);
    EXPECT_EQ(build_platform("manylinux2014_aarch64"), BuildPlatform::linux_aarch64);
    for (const auto* const none : {"macosx_11_0_arm64", "win32", "win_arm64", "any", "", "musllinux_1_2_x86_64"})
        EXPECT_FALSE(build_platform(none)) << none;
}

TEST(CudaAllowedByDriver, FollowsMinorVersionCompatibilityFrom11On) {
    using enum DriverSystem;
    const std::tuple<const char*, DriverSystem, const char*, bool> table[] = {
        {"535.154.05", linux_driver, "cu129", true}, {"525.60.13", linux_driver, "cu126", true},
        {"525.60.12", linux_driver, "cu121", false}, {"520.61.05", linux_driver, "cu118", true},
        {"520.61.05", linux_driver, "cu120", false}, {"450.80.02", linux_driver, "cu118", true},
        {"450.80.01", linux_driver, "cu111", false}, {"450.36.06", linux_driver, "cu110", true},
        {"450.36.06", linux_driver, "cu111", false}, {"527.41", windows_driver, "cu120", false},
        {"528.33", windows_driver, "cu129", true},   {"452.39", windows_driver, "cu118", true},
        {"441.22", windows_driver, "cu102", true},   {"441.21", windows_driver, "cu102", false},
        {"441.22", windows_driver, "cu110", false},  {"441.22", windows_driver, "cu92", true},
        {"440.33", linux_driver, "cu102", true},     {"418.39", linux_driver, "cu101", true},
        {"418.39", linux_driver, "cu102", false},    {"580.65.06", linux_driver, "cu132", true},
        {"579.99", linux_driver, "cu130", false},    {"580", linux_driver, "cu130", true},
        {"525", linux_driver, "cu121", false},       {"610.43.02", linux_driver, "cu80", true},
        {"610.43.02", linux_driver, "cu140", false}, {"610.43.02", linux_driver, "cu134", true},
        {"440.33", windows_driver, "cu102", false},  {"570.26", linux_driver, "cu130", false},
    };
    for (const auto& [driver, system, tag, allowed] : table)
        EXPECT_EQ(cuda_allowed_by_driver(*CudaVersion::parse_tag(tag), *DriverVersion::parse(driver), system, tables()),
                  allowed)
            << driver << " " << tag;
}

TEST(SmRunsOn, MachineCodeRunsWithinAMajorVersionUpwards) {
    const auto code = [](std::vector<const char*> entries) {
        std::vector<KernelCode> out;
        for (const auto* const entry : entries)
            out.push_back(*KernelCode::parse(entry));
        return out;
    };
    const std::tuple<std::vector<const char*>, const char*, bool> table[] = {
        {{"8.6"}, "8.6", true},
        {{"8.6"}, "8.7", true},
        {{"8.6"}, "8.9", true},
        {{"8.6"}, "8.0", false},
        {{"8.0"}, "8.6", true},
        {{"6.0"}, "6.1", true},
        {{"5.0"}, "5.2", true},
        {{"7.0"}, "7.5", true},
        {{"12.0"}, "12.1", true},
        {{"10.0"}, "10.3", true},
        {{"10.0"}, "12.0", false},
        {{"3.5"}, "3.7", true},
        {{"3.7"}, "3.5", false},
        {{"9.0"}, "12.0", false},
        {{"9.0+PTX"}, "12.0", true},
        {{"9.0+PTX"}, "10.0", true},
        {{"12.0+PTX"}, "10.0", false},
        {{"12.0+PTX"}, "11.0", false},
        {{"3.7+PTX", "5.0", "6.0"}, "8.6", false}, // old PTX: its libraries do not know Ampere
        {{"8.0+PTX"}, "9.0", false},
        {{"8.0+PTX"}, "8.6", true},
        {{}, "8.6", false},
    };
    for (const auto& [entries, capability, runs] : table)
        EXPECT_EQ(sm_runs_on(*ComputeCapability::parse(capability), code(entries)), runs)
            << (entries.empty() ? "" : entries.front()) << " on " << capability;
}

TEST(TorchCode, IsInheritedFromTheNewestKnownBuildOfTheTag) {
    using enum BuildPlatform;
    const auto row = [](const char* torch, const char* tag, BuildPlatform platform) {
        const auto* const out = torch_code(torch, *CudaVersion::parse_tag(tag), platform, tables());
        return out == nullptr ? std::string("none") : out->torch + "+" + out->cuda.tag();
    };
    EXPECT_EQ(row("1.9.0", "cu111", win_amd64), "1.9.0+cu111");
    EXPECT_EQ(row("2.13.0", "cu129", linux_x86_64), "2.8.0+cu129") << "tags outside the official list exist";
    EXPECT_EQ(row("2.99.0", "cu126", linux_x86_64), "2.14.1+cu126");
    EXPECT_EQ(row("2.99.0", "cu134", linux_x86_64), "2.14.1+cu132");
    EXPECT_EQ(row("2.99.0", "cu140", linux_x86_64), "none");
    EXPECT_EQ(row("2.8.0", "cu128", linux_aarch64), "2.11.0+cu128");
    EXPECT_EQ(row("1.12.0", "cu102", win_amd64), "1.10.2+cu102");
}

} // namespace
} // namespace yizhan
