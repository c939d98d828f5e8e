#include "index/unpaired_wheels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct UnpairedWheels : testing::Test {
    ProjectPage pypi, pytorch;

    ProjectFile& add(ProjectPage& page, const std::string& version, const std::string& tag,
                     const std::string& platform = "manylinux_2_28_x86_64") {
        auto& out = page.files.emplace_back();
        out.filename = "torchvision-" + version + "-cp312-cp312-" + platform + ".whl";
        out.folder = tag.empty() ? "" : "pytorch/whl/" + tag + "/";
        out.hashes = {{"sha256", sha256(out.filename).hex()}};
        return out;
    }
    std::vector<std::string> asked(const std::string& project = "torchvision", std::size_t most = 8,
                                   const std::string& gpu = "driver580.95.05-rtx_4090") const {
        auto machine = parse_machine(gpu + "-cp312-manylinux_2_35_x86_64", embedded_tables());
        const auto match = MachineMatch::of(std::move(*machine), embedded_tables());
        const std::vector<const ProjectPage*> pages{&pypi, &pytorch};
        std::vector<std::string> out;
        for (const auto& wheel : unpaired_wheels(project, pages, *match, most))
            out.push_back(wheel.release + " " + wheel.file.filename.substr(0, wheel.file.filename.find("-cp")));
        return out;
    }
};

TEST_F(UnpairedWheels, AreOneOfEachReleaseThatTheTablesDoNotKnowTheNewestFirst) {
    add(pytorch, "0.26.0+cu130", "cu130");
    for (const std::string version : {"0.98.0", "0.100.0", "0.26.7"}) {
        add(pytorch, version + "+cu128", "cu128");
        add(pytorch, version + "+cu130", "cu130");
    }
    EXPECT_THAT(asked(), ElementsAre("0.100.0 torchvision-0.100.0+cu128", "0.98.0 torchvision-0.98.0+cu128",
                                     "0.26.7 torchvision-0.26.7+cu128"));
    EXPECT_THAT(asked("torchvision", 2), testing::SizeIs(2));
    EXPECT_THAT(asked("torch"), IsEmpty());
}

TEST_F(UnpairedWheels, WithoutAGpuThoseCountThatHaveABuildForTheCpu) {
    add(pytorch, "0.98.0+cpu", "cpu", "win_amd64");
    add(pytorch, "0.99.0+cpu", "cpu");
    EXPECT_THAT(asked("torchvision", 8, "cpu"), ElementsAre("0.99.0 torchvision-0.99.0+cpu"));
}

TEST_F(UnpairedWheels, WhatTheIndexOffersIsTakenBeforeWhatMustBeReadByRanges) {
    add(pypi, "0.99.0", "");
    add(pytorch, "0.99.0+cu128", "cu128");
    EXPECT_THAT(asked(), ElementsAre("0.99.0 torchvision-0.99.0+cu128")) << "PyPI's cannot be read";
    pypi.files.front().core_metadata.available = true;
    EXPECT_THAT(asked(), ElementsAre("0.99.0 torchvision-0.99.0+cu128")) << "nothing proves what it is";
    pypi.files.front().core_metadata.sha256 = sha256("METADATA");
    EXPECT_THAT(asked(), ElementsAre("0.99.0 torchvision-0.99.0"));
}

TEST_F(UnpairedWheels, WhatDoesNotFitOrDoesNotRunOrIsNotFinalIsPassedOver) {
    add(pytorch, "0.97.0+cu128", "cu128", "win_amd64");
    add(pytorch, "0.97.0+cpu", "cpu");
    add(pytorch, "0.98.0rc1+cu128", "cu128");
    add(pytorch, "0.99.0+cu128", "cu128").hashes.clear();
    EXPECT_THAT(asked(), IsEmpty());
}

} // namespace
} // namespace yizhan
