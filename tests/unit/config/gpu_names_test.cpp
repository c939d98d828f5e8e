#include "config/gpu_names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

TEST(GpuKey, BringsSpellingsOfOneGpuTogether) {
    const std::pair<const char*, const char*> table[] = {
        {"NVIDIA GeForce RTX 3090", "rtx3090"},
        {"GeForce RTX 3090", "rtx3090"},
        {"RTX 3090", "rtx3090"},
        {"rtx-3090", "rtx3090"},
        {"rtx_3090", "rtx3090"},
        {"RTX3090", "rtx3090"},
        {"GeForce RTX 3090 Laptop GPU", "rtx3090"},
        {"NVIDIA GeForce RTX 3080 Ti Laptop GPU", "rtx3080ti"},
        {"GeForce GTX 1650 with Max-Q Design", "gtx1650"},
        {"GeForce GTX 1060 6GB", "gtx1060"},
        {"GeForce RTX 2070 SUPER", "rtx2070super"},
        {"GeForce 940MX", "940mx"},
        {"Quadro K620", "quadrok620"},
        {"NVIDIA RTX A6000", "rtxa6000"},
        {"NVIDIA RTX 6000 Ada Generation", "rtx6000ada"},
        {"NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtxpro6000"},
        {"Tesla V100-SXM2-16GB", "v100"},
        {"Tesla T4", "t4"},
        {"NVIDIA A100-SXM4-80GB", "a100"},
        {"NVIDIA A100 80GB PCIe", "a100"},
        {"NVIDIA A100-SXM4-40GB MIG 1g.5gb", "a100"},
        {"NVIDIA H100 80GB HBM3", "h100"},
        {"NVIDIA H100 NVL", "h100"},
        {"NVIDIA GH200 480GB", "gh200"},
        {"GRID T4-16Q", "t4"},
        {"NVIDIA A40-48Q", "a40"},
        {"Quadro M6000 24GB", "quadrom6000"},
        {"TITAN X (Pascal)", "titanxpascal"},
        {"Orin (nvgpu)", "orin"},
    };
    for (const auto& [name, key] : table)
        EXPECT_EQ(gpu_key(name), key) << name;
}

TEST(GpuKey, KeepsWhatTellsGpusApart) {
    const std::pair<const char*, const char*> table[] = {
        {"RTX 3080", "RTX 3080 Ti"},
        {"RTX 4070 SUPER", "RTX 4070"},
        {"Quadro RTX 4000", "RTX 4000 Ada"},
        {"GTX 960M", "GTX 960"},
        {"A100", "A100X"},
        {"L40", "L40S"},
        {"RTX 2000 Ada", "RTX A2000"},
        {"GTX TITAN X", "TITAN Xp"},
        {"Quadro M4000", "Quadro M4000M"},
        {"RTX 6000 Ada", "RTX PRO 6000"},
        {"GeForce MX570", "GeForce MX570 A"},
    };
    for (const auto& [a, b] : table)
        EXPECT_NE(gpu_key(a), gpu_key(b)) << a;
}

TEST(GpuKey, OfNothingOrTooMuchIsEmpty) {
    for (const auto& name : {std::string(), std::string("NVIDIA"), std::string("- _ ()"), std::string(101, 'a'),
                             std::string("NVIDIA Graphics Device").substr(0, 15)})
        EXPECT_EQ(gpu_key(name), "") << name;
}

} // namespace
} // namespace yizhan
