// What only ever grew from release to release. Rows whose contents were exchanged still parse, and a list of examples
// misses most of them.
#include "config/tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

const Tables& tables() {
    return embedded_tables();
}

/// Calls `look` with each row and the one before it.
template <class Rows, class Look>
void each_after_another(const Rows& rows, const Look& look) {
    for (auto row = std::next(rows.begin()); row != rows.end(); ++row)
        look(*std::prev(row), *row);
}

bool ascend(const std::string& a, const std::string& b) {
    return compare_releases(a, b) < 0;
}

/// Where one of them is absent nothing is wrong.
bool stay_or_ascend(const std::string& a, const std::string& b) {
    return a.empty() || b.empty() || compare_releases(a, b) <= 0;
}

TEST(DriverTable, DriversGrowWithToolkits) {
    each_after_another(tables().toolkits, [](const ToolkitRow& before, const ToolkitRow& row) {
        EXPECT_LE(before.linux_driver, row.linux_driver) << row.toolkit;
        EXPECT_LE(before.linux_min, row.linux_min) << row.toolkit;
        EXPECT_LE(before.windows_min, row.windows_min) << row.toolkit;
        if (row.windows_driver) {
            EXPECT_LE(before.windows_driver, row.windows_driver) << row.toolkit;
        }
    });
}

TEST(TorchMatrix, PartnersGrowWithTorch) {
    each_after_another(tables().torch, [](const TorchRow& before, const TorchRow& row) {
        EXPECT_TRUE(ascend(before.torchvision.back(), row.torchvision.front())) << row.torch;
        EXPECT_TRUE(std::ranges::is_sorted(row.torchvision, ascend)) << row.torch;
        EXPECT_TRUE(stay_or_ascend(before.torchaudio, row.torchaudio)) << row.torch;
        EXPECT_TRUE(stay_or_ascend(before.torchtext, row.torchtext)) << row.torch;
    });
}

TEST(TorchExtra, DatesAndPyPIsCudaGrowWithTorch) {
    std::vector<TorchExtraRow> rows;
    std::ranges::copy_if(tables().torch_extra, std::back_inserter(rows), [](const TorchExtraRow& row) {
        return row.torch != "1.8.2"; // long-term support: after 1.9.0, and never on PyPI
    });
    each_after_another(rows, [](const TorchExtraRow& before, const TorchExtraRow& row) {
        EXPECT_LT(before.released, row.released) << row.torch;
        EXPECT_LE(before.pypi_linux, row.pypi_linux) << row.torch;
        EXPECT_LE(before.pypi_aarch64, row.pypi_aarch64) << row.torch;
        EXPECT_LE(row.all_untagged, before.all_untagged) << row.torch;
    });
}

TEST(TorchCode, OfOneReleaseAHigherCudaReachesNoLowerCapability) {
    std::map<std::pair<std::string, BuildPlatform>, ComputeCapability> reached;
    for (const auto& row : tables().torch_code) { // of a release the lowest CUDA first
        auto& most = reached[{row.torch, row.platform}];
        EXPECT_LE(most, row.code.back().capability) << row.torch << ' ' << row.cuda.tag();
        most = row.code.back().capability;
    }
}

TEST(TensorflowMatrix, GrowsWithTensorflow) {
    each_after_another(tables().tensorflow, [](const TensorflowRow& before, const TensorflowRow& row) {
        if (before.windows != row.windows)
            return;
        EXPECT_LE(std::tie(before.cuda, before.cudnn), std::tie(row.cuda, row.cudnn)) << row.tensorflow;
        EXPECT_LE(before.python.front().first, row.python.front().first) << row.tensorflow;
        EXPECT_LE(before.python.back().second, row.python.back().second) << row.tensorflow;
        EXPECT_LE(before.code.front().capability, row.code.front().capability) << row.tensorflow;
        const auto highest = [](const TensorflowRow& of) {
            return std::pair(of.code.back().capability, of.code.back().ptx);
        };
        EXPECT_LE(highest(before), highest(row)) << row.tensorflow;
        EXPECT_LE(before.and_cuda, row.and_cuda) << row.tensorflow;
    });
}

// The plain name got GPU code with 1.15, lost it in 2.0 and has it since 2.1; tensorflow-gpu ended with 2.11.
TEST(TensorflowMatrix, KnowsUnderWhichNamesTheGpuBuildsStand) {
    using Names = std::vector<std::string>;
    for (const auto& row : tables().tensorflow) {
        const bool plain = row.tensorflow == "1.15.0" || (ascend("2.0.9", row.tensorflow));
        const bool gpu = ascend(row.tensorflow, "2.12.0");
        auto expected = plain ? Names{"tensorflow"} : Names{};
        if (gpu)
            expected.emplace_back("tensorflow-gpu");
        EXPECT_EQ(row.projects, expected) << row.tensorflow;
    }
}

} // namespace
} // namespace yizhan
