#include "index/stable_list.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace yizhan {
namespace {

TEST(StableList, EndsBeforeTorch24AndWhatWentWithIt) {
    for (const std::string name :
         {"torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl", "torch-2.3.1+rocm6.0-cp312-cp312-linux_x86_64.whl",
          "torchvision-0.18.1+cu121-cp312-cp312-win_amd64.whl", "torchaudio-2.3.1+cpu-cp39-cp39-linux_x86_64.whl",
          "torchtext-0.18.0-cp38-cp38-win_amd64.whl", "torchcsprng-0.2.1-cp37-cp37m-win_amd64.whl"})
        EXPECT_TRUE(in_stable_list(name)) << name;
    for (const std::string name :
         {"torch-2.4.0+cpu-cp312-cp312-win_amd64.whl", "torch-2.4.0rc1-cp312-cp312-win_amd64.whl",
          "torch-2.14.1+xpu-cp312-cp312-linux_x86_64.whl", "torchvision-0.19.0-cp38-cp38-win_amd64.whl",
          "torchaudio-2.4.0-cp38-cp38-win_amd64.whl", "torch-1.0.tar.gz", "torch.html"})
        EXPECT_FALSE(in_stable_list(name)) << name;
}

TEST(StableList, IsMadeOfThePagesInTheirOrder) {
    ProjectPage torch, vision;
    for (const std::string name : {"torch-1.9.0-cp36-cp36m-win_amd64.whl", "torch-2.5.0-cp39-cp39-win_amd64.whl"})
        torch.files.emplace_back().filename = name;
    vision.files.emplace_back().filename = "torchvision-0.10.0-cp36-cp36m-win_amd64.whl";
    const std::array<const ProjectPage*, 2> pages{&torch, &vision};
    const auto list = stable_list(pages);
    ASSERT_EQ(list.files.size(), 2u);
    EXPECT_EQ(list.files[0].filename, "torch-1.9.0-cp36-cp36m-win_amd64.whl");
    EXPECT_EQ(list.files[1].filename, "torchvision-0.10.0-cp36-cp36m-win_amd64.whl");
}

} // namespace
} // namespace yizhan
