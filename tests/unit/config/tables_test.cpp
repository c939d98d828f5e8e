#include "config/tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::HasSubstr;

const Tables& tables() {
    return embedded_tables();
}

CudaVersion cu(const char* tag) {
    return *CudaVersion::parse_tag(tag);
}

std::string floor_of(const char* tag, bool windows) {
    const auto floor = tables().driver_floor(cu(tag), windows);
    return floor ? floor->str() : "none";
}

TEST(DriverFloor, IsNvidiasForEachTag) {
    const std::tuple<const char*, const char*, const char*> table[] = {
        {"cu132", "580", "580"},          {"cu130", "580", "580"},          {"cu129", "525.60.13", "528.33"},
        {"cu120", "525.60.13", "528.33"}, // 12.0.0 was shipped with 527.41 on Windows, which is not enough
        {"cu118", "450.80.02", "452.39"}, {"cu111", "450.80.02", "452.39"}, {"cu110", "450.36.06", "451.22"},
        {"cu102", "440.33", "441.22"},    {"cu101", "418.39", "418.96"},    {"cu100", "410.48", "411.31"},
        {"cu92", "396.37", "398.26"}, // 9.2.148, which torch was built with
        {"cu91", "390.46", "391.29"},     {"cu90", "384.81", "385.54"},     {"cu80", "375.26", "376.51"},
    };
    for (const auto& [tag, linux_floor, windows_floor] : table) {
        EXPECT_EQ(floor_of(tag, false), linux_floor) << tag;
        EXPECT_EQ(floor_of(tag, true), windows_floor) << tag;
    }
}

TEST(DriverFloor, OfAnUnlistedMinorVersionIsItsMajorVersionsFrom11On) {
    EXPECT_EQ(floor_of("cu134", false), "580");
    EXPECT_EQ(floor_of("cu127", true), "528.33");
    EXPECT_EQ(floor_of("cu103", false), "none");
    EXPECT_EQ(floor_of("cu140", false), "none");
}

TEST(TorchMatrix, PairsPartners) {
    const auto names = [](const char* project, const char* version) {
        std::vector<std::string> out;
        for (const auto* const row : tables().torch_for(project, version))
            out.push_back(row->torch);
        return out;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("torch", "1.9.0"), Names{"1.9.0"});
    EXPECT_EQ(names("torchvision", "0.10.0"), Names{"1.9.0"}); // the 2021 guide's three
    EXPECT_EQ(names("torchaudio", "0.9.0"), Names{"1.9.0"});
    EXPECT_EQ(names("torchtext", "0.10.0"), Names{"1.9.0"});
    EXPECT_EQ(names("torchvision", "0.11.1"), Names{"1.10.0"});
    EXPECT_EQ(names("torchtext", "0.18.0"), (Names{"2.3.0", "2.3.1"}));
    EXPECT_EQ(names("torchaudio", "2.11.0"), (Names{"2.11.0", "2.12.0", "2.12.1", "2.13.0", "2.14.0", "2.14.1"}));
    EXPECT_EQ(names("torchvision", "9.9.9"), Names{});
    EXPECT_EQ(names("numpy", "1.9.0"), Names{});
}

TEST(TorchMatrix, KnowsTagsByPlatform) {
    const auto tags = [](const char* version, BuildPlatform platform) {
        std::string out;
        for (const auto& tag : tables().torch_release(version)->tags[static_cast<std::size_t>(platform)])
            out += tag.tag() + " ";
        return out;
    };
    EXPECT_EQ(tags("1.9.0", BuildPlatform::win_amd64), "cu102 cu111 ");
    EXPECT_EQ(tags("1.11.0", BuildPlatform::linux_x86_64), "cu102 cu113 cu115 ");
    EXPECT_EQ(tags("1.11.0", BuildPlatform::win_amd64), "cu113 cu115 ") << "no cu102 on Windows from 1.11 on";
    EXPECT_EQ(tags("2.8.0", BuildPlatform::linux_x86_64), "cu126 cu128 cu129 ");
    EXPECT_EQ(tags("2.8.0", BuildPlatform::linux_aarch64), "cu129 ");
    EXPECT_EQ(tags("2.4.0", BuildPlatform::linux_aarch64), "");
    EXPECT_EQ(tables().torch_release("1.9"), nullptr);
}

TEST(TorchMatrix, AndTheListsOfCodeNameTheSameBuilds) {
    std::set<std::string> listed;
    for (const auto& row : tables().torch)
        for (std::size_t at = 0; at < row.tags.size(); ++at)
            for (const auto& tag : row.tags[at])
                listed.insert(row.torch + " " + std::string(build_platform_names[at]) + " " + tag.tag());
    std::set<std::string> with_code;
    for (const auto& row : tables().torch_code)
        with_code.insert(row.torch + " " + std::string(build_platform_names[static_cast<std::size_t>(row.platform)]) +
                         " " + row.cuda.tag());
    EXPECT_EQ(listed, with_code);
}

TEST(TorchMatrix, AndTheExtraTableNameTheSameReleases) {
    ASSERT_EQ(tables().torch.size(), tables().torch_extra.size());
    for (std::size_t i = 0; i < tables().torch.size(); ++i)
        EXPECT_EQ(tables().torch[i].torch, tables().torch_extra[i].torch);
}

TEST(TorchCode, SaysWhatWasDroppedAndWhen) {
    using enum BuildPlatform;
    // (torch, platform, tag, capability, whether it has machine code of that capability)
    const std::tuple<const char*, BuildPlatform, const char*, const char*, bool> table[] = {
        {"1.3.0", linux_x86_64, "cu101", "3.5", true},   {"1.3.1", linux_x86_64, "cu101", "3.5", false},
        {"1.3.1", win_amd64, "cu101", "3.5", true},      {"1.4.0", win_amd64, "cu101", "3.5", false},
        {"2.7.1", linux_x86_64, "cu118", "3.7", true},   {"2.4.1", linux_x86_64, "cu121", "3.7", false},
        {"2.6.0", linux_x86_64, "cu126", "5.0", true},   {"2.14.0", win_amd64, "cu126", "5.0", true},
        {"2.7.0", linux_x86_64, "cu128", "5.0", false},  {"2.9.0", linux_x86_64, "cu130", "5.0", false},
        {"2.7.1", linux_x86_64, "cu128", "7.0", false},  {"2.8.0", linux_x86_64, "cu128", "7.0", true},
        {"2.10.0", win_amd64, "cu128", "7.0", true},     {"2.11.0", linux_x86_64, "cu128", "7.0", false},
        {"2.14.0", linux_x86_64, "cu126", "7.0", true},  {"2.12.0", linux_x86_64, "cu132", "7.0", false},
        {"1.9.0", linux_x86_64, "cu102", "7.5", false},  {"1.9.0", win_amd64, "cu102", "7.5", true},
        {"2.7.0", linux_x86_64, "cu128", "12.0", true},  {"2.6.0", linux_x86_64, "cu126", "12.0", false},
        {"2.9.1", linux_aarch64, "cu130", "11.0", true}, {"2.9.1", linux_aarch64, "cu128", "11.0", false},
    };
    for (const auto& [torch, platform, tag, capability, has] : table) {
        const auto* const row = tables().code_of(torch, cu(tag), platform);
        ASSERT_NE(row, nullptr) << torch << tag;
        const auto found = std::ranges::find(row->code, *ComputeCapability::parse(capability), &KernelCode::capability);
        EXPECT_EQ(found != row->code.end(), has) << torch << " " << tag << " " << capability;
    }
    EXPECT_EQ(tables().code_of("1.11.0", cu("cu102"), win_amd64), nullptr);
}

TEST(TorchExtra, SaysWhatPyPIsBuildsAre) {
    const std::pair<const char*, const char*> table[] = {{"1.1.0", "9.0"},  {"1.2.0", "10.0"}, {"1.4.0", "10.1"},
                                                         {"1.9.0", "10.2"}, {"2.0.1", "11.7"}, {"2.4.1", "12.1"},
                                                         {"2.6.0", "12.4"}, {"2.8.0", "12.8"}, {"2.13.0", "13.0"}};
    for (const auto& [torch, cuda] : table)
        EXPECT_EQ(tables().torch_extra_of(torch)->pypi_linux, CudaVersion::parse(cuda)) << torch;
    EXPECT_FALSE(tables().torch_extra_of("1.8.2")->pypi_linux) << "1.8.2 is not on PyPI";
    EXPECT_FALSE(tables().torch_extra_of("2.10.0")->pypi_aarch64);
    EXPECT_EQ(tables().torch_extra_of("1.7.1")->untagged, cu("cu102"));
    EXPECT_TRUE(tables().torch_extra_of("1.1.0")->all_untagged);
    EXPECT_EQ(tables().torch_extra_of("2.14.0")->evidence.confidence, Confidence::low) << "13.2 was only planned";
}

TEST(TensorflowMatrix, KnowsCudaAndCudnn) {
    const std::tuple<unsigned, unsigned, bool, const char*, unsigned, unsigned> table[] = {
        {2, 2, true, "10.1", 7, 6},   {2, 4, true, "11.0", 8, 0},   {2, 10, true, "11.2", 8, 1},
        {2, 0, false, "10.0", 7, 4},  {2, 14, false, "11.8", 8, 7}, {2, 17, false, "12.3", 8, 9},
        {2, 21, false, "12.5", 9, 3},
    };
    for (const auto& [major, minor, windows, cuda, cudnn_major, cudnn_minor] : table) {
        const auto* const row = tables().tensorflow_release(major, minor, windows);
        ASSERT_NE(row, nullptr) << major << "." << minor;
        EXPECT_EQ(row->cuda, CudaVersion::parse(cuda)) << row->tensorflow;
        EXPECT_EQ(row->cudnn, std::pair(cudnn_major, cudnn_minor)) << row->tensorflow;
        EXPECT_EQ(row->and_cuda, minor >= 14) << row->tensorflow;
    }
    EXPECT_EQ(tables().tensorflow_release(2, 11, true), nullptr) << "2.10 is the last with CUDA on native Windows";
    EXPECT_EQ(tables().tensorflow_release(2, 1, false)->tensorflow, "2.1.0") << "not 2.10";
}

TEST(Gpus, AreFoundHoweverTheyAreWritten) {
    const std::pair<const char*, const char*> table[] = {
        {"Quadro K620", "5.0"},
        {"NVIDIA Quadro K620", "5.0"},
        {"K620", "5.0"},
        {"quadro_k620", "5.0"},
        {"NVIDIA GeForce RTX 3090", "8.6"},
        {"RTX 3090", "8.6"},
        {"GeForce RTX 3090 Laptop GPU", "8.6"},
        {"GeForce GTX 680", "3.0"},
        {"GeForce GTX 780 Ti", "3.5"},
        {"GeForce GTX 750 Ti", "5.0"},
        {"GeForce GTX 970", "5.2"},
        {"GeForce GTX 1080 Ti", "6.1"},
        {"GTX 1650 with Max-Q Design", "7.5"},
        {"GeForce MX150", "6.1"},
        {"GeForce MX130", "5.0"},
        {"RTX 2080 Super", "7.5"},
        {"RTX 4070 Ti SUPER", "8.9"},
        {"NVIDIA GeForce RTX 4060 Laptop GPU", "8.9"},
        {"NVIDIA GeForce RTX 5090", "12.0"},
        {"NVIDIA GeForce RTX 5070 Ti Laptop GPU", "12.0"},
        {"Quadro P2000", "6.1"},
        {"Quadro T2000", "7.5"},
        {"T2000", "7.5"},
        {"Quadro RTX 4000", "7.5"},
        {"NVIDIA RTX A2000 12GB", "8.6"},
        {"NVIDIA RTX 4000 Ada Generation", "8.9"},
        {"NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"},
        {"Tesla K40m", "3.5"},
        {"Tesla K80", "3.7"},
        {"Tesla M60", "5.2"},
        {"Tesla P100-PCIE-16GB", "6.0"},
        {"Tesla P40", "6.1"},
        {"Tesla V100-SXM2-32GB", "7.0"},
        {"Tesla T4", "7.5"},
        {"NVIDIA A100-SXM4-80GB", "8.0"},
        {"NVIDIA A10G", "8.6"},
        {"NVIDIA L40S", "8.9"},
        {"NVIDIA H100 80GB HBM3", "9.0"},
        {"NVIDIA H200", "9.0"},
        {"NVIDIA GH200 480GB", "9.0"},
        {"NVIDIA B200", "10.0"},
        {"NVIDIA GB200", "10.0"},
        {"NVIDIA B300 SXM6 AC", "10.3"},
        {"NVIDIA GB10", "12.1"},
        {"GeForce GTX TITAN X", "5.2"},
        {"TITAN X (Pascal)", "6.1"},
        {"NVIDIA TITAN V", "7.0"},
        {"NVIDIA TITAN RTX", "7.5"},
        {"Jetson Nano", "5.3"},
        {"Jetson AGX Xavier", "7.2"},
        {"Orin (nvgpu)", "8.7"},
        {"Jetson AGX Thor", "11.0"},
    };
    for (const auto& [name, capability] : table) {
        const auto row = tables().gpu(name);
        ASSERT_TRUE(row) << name;
        EXPECT_EQ((*row)->capability.str(), capability) << name;
    }
}

TEST(Gpus, OfOneNameWithSeveralChipsCountAsTheLowestAndSaySo) {
    const std::tuple<const char*, const char*, const char*> table[] = {
        {"GeForce GT 730", "2.1", "3.5"}, {"GeForce GTX 860M", "3.0", "5.0"}, {"GeForce GT 710", "2.1", "3.5"},
        {"RTX 4000", "7.5", "8.9"},       {"TITAN X", "5.2", "6.1"},
    };
    for (const auto& [name, lowest, highest] : table) {
        const auto row = tables().gpu(name);
        ASSERT_TRUE(row) << name;
        EXPECT_EQ((*row)->capability.str(), lowest) << name;
        ASSERT_FALSE((*row)->others.empty()) << name;
        EXPECT_EQ((*row)->others.back().str(), highest) << name;
        EXPECT_FALSE((*row)->evidence.note.empty()) << name;
        EXPECT_NE((*row)->evidence.confidence, Confidence::high) << name;
    }
}

TEST(Gpus, HaveTheCapabilityOfTheirChips) {
    for (const auto& gpu : tables().gpus) {
        bool explained = false;
        for (const auto& row : tables().capabilities)
            for (const auto& chip : gpu.chips)
                if (std::ranges::find(row.chips, chip) != row.chips.end())
                    explained = explained || row.capability == gpu.capability ||
                                std::ranges::find(gpu.others, row.capability) != gpu.others.end();
        EXPECT_TRUE(explained) << gpu.name << ": no chip of it has capability " << gpu.capability.str();
    }
}

TEST(Gpus, NobodyKnowsAreAnsweredWithTheNearest) {
    const auto error = [](const char* name) {
        const auto row = tables().gpu(name);
        return row ? "found " + (*row)->name : row.error().message;
    };
    EXPECT_THAT(error("Quadro K260"), HasSubstr("Quadro K620"));
    EXPECT_THAT(error("3090"), HasSubstr("GeForce RTX 3090"));
    EXPECT_THAT(error("RTX 3095"), HasSubstr("GeForce RTX 3090"));
    EXPECT_THAT(error("Radeon RX 7900 XTX"), HasSubstr("sm86"));
    EXPECT_THAT(error(""), HasSubstr("no GPU called"));
    EXPECT_THAT(error("600"), Not(HasSubstr("found"))) << "a bare number is no Quadro";
}

TEST(Capabilities, KnowBoards) {
    for (const auto* const jetson : {"5.3", "6.2", "7.2", "8.7", "11.0"})
        EXPECT_TRUE(tables().capability(*ComputeCapability::parse(jetson))->jetson) << jetson;
    for (const auto* const card : {"5.0", "6.1", "7.5", "8.6", "12.0"})
        EXPECT_FALSE(tables().capability(*ComputeCapability::parse(card))->jetson) << card;
    EXPECT_EQ(tables().capability({5, 5}), nullptr);
}

TEST(Breakers, NameTheKnownCases) {
    const auto has = [](const char* project, const char* versions, const char* constraint) {
        return std::ranges::any_of(tables().breakers, [&](const BreakerRow& row) {
            return row.project == project && row.versions == versions && row.constraint == constraint;
        });
    };
    EXPECT_TRUE(has("torch", "<2.3", "numpy<2"));
    EXPECT_TRUE(has("torchvision", "<0.5", "pillow<7"));
    EXPECT_TRUE(has("torch", "<1.11", "setuptools<59.6"));
    EXPECT_TRUE(has("tensorflow", "<2.12", "protobuf<3.21"));
    EXPECT_TRUE(has("tensorflow", ">=2.6,<2.16", "keras<3"));
}

TEST(Merged, NamesTheProjectsThatFollowTorch) {
    EXPECT_EQ(tables().merged_project("torchaudio")->cuda_from, "0.10.0");
    EXPECT_EQ(tables().merged_project("torchtext")->cuda_from, "");
    EXPECT_NE(tables().merged_project("torch"), nullptr);
    EXPECT_EQ(tables().merged_project("triton"), nullptr);
    EXPECT_EQ(tables().merged_project("xformers"), nullptr);
}

} // namespace
} // namespace yizhan
