#include "index/judged_files.hpp"
#include "tests/unit/index/torch_shelf.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

/// Every file of torch that the tables know, as PyTorch's page lists them.
ProjectPage everything() {
    ProjectPage out;
    for (const auto platform : {BuildPlatform::win_amd64, BuildPlatform::linux_x86_64, BuildPlatform::linux_aarch64})
        for (const auto& build : torch_shelf(platform, embedded_tables())) {
            const auto& wheel = build.wheel;
            out.files.emplace_back().filename =
                "torch-" + build.version.str() + "-" + wheel.python + "-" + wheel.abi + "-" + wheel.platform + ".whl";
        }
    out.files.emplace_back().filename = "torch-1.9.0.tar.gz";
    return out;
}

TEST(JudgedFiles, AreWhatTheMatchSaysOfEachAlone) {
    const auto page = everything();
    const std::vector<const ProjectPage*> pages{&page};
    for (const std::string literal : {"driver580.95-rtx_4090-cp312-linux_x86_64", "driver472.12-quadro_k620-win_amd64",
                                      "cpu-cp36-win_amd64", "driver580.95-gh200-manylinux_2_39_aarch64"}) {
        const auto match = MachineMatch::of(*parse_machine(literal, embedded_tables()), embedded_tables());
        std::size_t fitting = 0;
        for (const auto& file : judged_files("torch", pages, *match)) {
            const auto alone = match->judge(*file.build);
            EXPECT_EQ(file.fits, match->fits(*file.build)) << literal << ' ' << file.file->filename;
            EXPECT_EQ(file.judged.kept, alone.kept) << literal << ' ' << file.file->filename;
            EXPECT_EQ(file.judged.reason, alone.reason) << literal << ' ' << file.file->filename;
            fitting += file.fits;
        }
        EXPECT_GT(fitting, 10u) << literal;
    }
}

} // namespace
} // namespace yizhan
