#include "index/matched_page.hpp"
#include "tests/unit/index/torch_shelf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Names = std::vector<std::string>;

const Tables& tables() {
    return embedded_tables();
}

MachineMatch match(const std::string& literal) {
    auto machine = parse_machine(literal, tables());
    EXPECT_TRUE(machine) << literal << ": " << (machine ? "" : machine.error().message);
    return std::move(*MachineMatch::of(std::move(*machine), tables()));
}

ProjectFile file(const std::string& filename, const std::string& tag = "") {
    ProjectFile out;
    out.filename = filename;
    out.url = "https://files.example/whl/" + tag + "/" + filename;
    out.folder = tag.empty() ? "" : "pytorch/whl/" + tag + "/";
    out.hashes = {{"sha256", sha256(tag + filename).hex()}};
    return out;
}

ProjectPage page_of(const std::string& project, std::vector<ProjectFile> files) {
    ProjectPage out;
    out.name = project;
    out.files = std::move(files);
    return out;
}

std::string wheel(const std::string& project, const std::string& version, const std::string& python = "cp36",
                  const std::string& platform = "win_amd64") {
    return project + "-" + version + "-" + python + "-" + shelf_abi(python) + "-" + platform + ".whl";
}

/// One release as PyPI (plain) and PyTorch (tags) have it.
void add_release(ProjectPage& pypi, ProjectPage& pytorch, const std::string& version,
                 const std::vector<std::string>& tags, const std::string& python = "cp36",
                 const std::string& platform = "win_amd64") {
    pypi.files.push_back(file(wheel(pypi.name, version, python, platform)));
    for (const auto& tag : tags)
        pytorch.files.push_back(file(wheel(pytorch.name, version + "+" + tag, python, platform), tag));
}

Names listed(const MatchedPage& matched, bool yanked) {
    Names out;
    for (const auto& file : matched.page.files)
        if (file.yanked.has_value() == yanked)
            out.push_back(file.filename);
    return out;
}
Names kept(const MatchedPage& matched) {
    return listed(matched, false);
}
Names yanked(const MatchedPage& matched) {
    return listed(matched, true);
}

std::string reason_of(const MatchedPage& matched, const std::string& filename) {
    for (const auto& verdict : matched.verdicts)
        if (verdict.filename == filename)
            return verdict.reason;
    return "no verdict";
}

struct Torch : testing::Test {
    ProjectPage pypi = page_of("torch", {}), pytorch = page_of("torch", {});
    MatchedPage matched(const std::string& machine) const {
        return match_pages("torch", {.own = {&pypi, &pytorch}, .torch = {}}, match(machine));
    }
};

TEST_F(Torch, OfAReleaseTheHighestTagThatRunsIsKeptAndTheOthersAreHiddenFromAnOldPip) {
    add_release(pypi, pytorch, "1.9.0", {"cpu", "cu92", "cu102", "cu111"});
    const auto out = matched("driver441.22-quadro_k620-cp36-win_amd64");
    EXPECT_THAT(kept(out), ElementsAre(wheel("torch", "1.9.0+cu102")));
    EXPECT_THAT(yanked(out), IsEmpty()) << "pip 18.1 passes over yanks";
    EXPECT_THAT(reason_of(out, wheel("torch", "1.9.0+cu111")), HasSubstr("needs driver 452.39"));
}

TEST_F(Torch, ANewerPipSeesTheOthersYankedWithTheReason) {
    add_release(pypi, pytorch, "1.9.0", {"cpu", "cu92", "cu102", "cu111"}, "cp38");
    const auto out = matched("driver441.22-quadro_k620-cp38-win_amd64");
    EXPECT_THAT(kept(out), ElementsAre(wheel("torch", "1.9.0+cu102", "cp38")));
    EXPECT_THAT(yanked(out),
                UnorderedElementsAre(wheel("torch", "1.9.0", "cp38"), wheel("torch", "1.9.0+cpu", "cp38"),
                                     wheel("torch", "1.9.0+cu92", "cp38"), wheel("torch", "1.9.0+cu111", "cp38")));
    EXPECT_THAT(*out.page.files.back().yanked, HasSubstr("not for this machine: CUDA 11.1 needs driver 452.39"));
    const auto only = matched("driver441.22-quadro_k620-cp38-win_amd64-only");
    EXPECT_THAT(yanked(only), IsEmpty());
}

TEST_F(Torch, TagsAreComparedByNumber) {
    add_release(pypi, pytorch, "1.7.0", {"cu92", "cu101", "cu110"}, "cp38");
    EXPECT_THAT(kept(matched("driver580.10-sm70-cp38-win_amd64")), ElementsAre(wheel("torch", "1.7.0+cu110", "cp38")));
}

TEST_F(Torch, AReleaseWithoutATagIsHiddenWholeSoThatClientsFallBackInVersion) {
    for (const auto& [version, tags] : {std::pair<std::string, Names>{"2.11.0", {"cpu", "cu126", "cu128", "cu130"}},
                                        {"2.12.0", {"cpu", "cu126", "cu130", "cu132"}}})
        add_release(pypi, pytorch, version, tags, "cp312", "manylinux_2_28_x86_64");
    pypi.files.push_back(file("torch-2.12.0.tar.gz"));
    const auto out = matched("driver570.26-rtx_5090-cp312-manylinux_2_39_x86_64");
    EXPECT_THAT(kept(out), ElementsAre(wheel("torch", "2.11.0+cu128", "cp312", "manylinux_2_28_x86_64")));
    for (const auto& listed : out.page.files)
        EXPECT_THAT(listed.filename, HasSubstr("2.11.0"))
            << "neither PyPI's plain build, nor the CPU's, nor the source";
}

TEST_F(Torch, ReleasesThatShareATorchaudioTakeTheirHighestCommonTag) {
    for (const auto& [version, tags] : {std::pair<std::string, Names>{"2.10.0", {"cu126", "cu128", "cu130"}},
                                        {"2.11.0", {"cu126", "cu128", "cu130"}},
                                        {"2.12.0", {"cu126", "cu130", "cu132"}},
                                        {"2.14.1", {"cu126", "cu130", "cu132"}}})
        add_release(pypi, pytorch, version, tags, "cp312", "manylinux_2_28_x86_64");
    const auto out = matched("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64");
    const auto name = [](const std::string& version) {
        return wheel("torch", version, "cp312", "manylinux_2_28_x86_64");
    };
    EXPECT_THAT(kept(out), UnorderedElementsAre(name("2.10.0+cu130"), name("2.11.0+cu130"), name("2.12.0+cu130"),
                                                name("2.14.1+cu130")));
    EXPECT_THAT(reason_of(out, name("2.14.1+cu132")), HasSubstr("sharing a torchaudio"));

    ProjectPage audio = page_of("torchaudio", {}), audio_pypi = page_of("torchaudio", {});
    add_release(audio_pypi, audio, "2.11.0", {"cpu", "cu126", "cu128", "cu130", "cu132"}, "cp312",
                "manylinux_2_28_x86_64");
    const auto partner = match_pages("torchaudio", {.own = {&audio_pypi, &audio}, .torch = {&pypi, &pytorch}},
                                     match("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64"));
    EXPECT_THAT(kept(partner), ElementsAre(wheel("torchaudio", "2.11.0+cu130", "cp312", "manylinux_2_28_x86_64")));
}

TEST_F(Torch, TheTagMayDifferBetweenPythons) {
    add_release(pypi, pytorch, "2.12.0", {"cu126", "cu130", "cu132"}, "cp312", "manylinux_2_28_x86_64");
    add_release(pypi, pytorch, "2.12.0", {"cu126", "cu130"}, "cp310", "manylinux_2_28_x86_64");
    EXPECT_THAT(kept(matched("driver580.95.05-rtx_4090-manylinux_2_35_x86_64")),
                UnorderedElementsAre(wheel("torch", "2.12.0+cu132", "cp312", "manylinux_2_28_x86_64"),
                                     wheel("torch", "2.12.0+cu130", "cp310", "manylinux_2_28_x86_64")));
}

TEST_F(Torch, PypisPlainBuildGivesWayToTheSameOneWithItsTag) {
    add_release(pypi, pytorch, "2.9.0", {"cu126", "cu128"}, "cp312", "manylinux_2_28_x86_64");
    const std::string machine = "driver570.26-rtx_4090-cp312-manylinux_2_35_x86_64";
    EXPECT_THAT(kept(matched(machine)), ElementsAre(wheel("torch", "2.9.0+cu128", "cp312", "manylinux_2_28_x86_64")));
    pytorch.files.clear();
    EXPECT_THAT(kept(matched(machine)), ElementsAre(wheel("torch", "2.9.0", "cp312", "manylinux_2_28_x86_64")));
}

TEST_F(Torch, OneFileNameUnderThreeTagsStandsOnceWithTheBytesThatRun) {
    const auto name = wheel("torch", "1.1.0");
    pypi.files = {file(name)};
    pytorch.files = {file(name, "cpu"), file(name, "cu90"), file(name, "cu100")};
    const auto shown = [&](const std::string& machine) {
        const auto out = matched(machine);
        return out.page.files.size() == 1 ? out.page.files.front().folder : std::to_string(out.page.files.size());
    };
    EXPECT_EQ(shown("driver441.22-quadro_k620-cp36-win_amd64"), "pytorch/whl/cu100/");
    EXPECT_EQ(shown("driver390.77-quadro_k620-cp36-win_amd64"), "pytorch/whl/cu90/");
    EXPECT_EQ(shown("cpu-cp36-win_amd64"), "") << "PyPI's, which is the CPU build on Windows, comes first";
    EXPECT_EQ(shown("driver441.22-quadro_k620-win_amd64"), "pytorch/whl/cu100/")
        << "also where the others would be yanked, not hidden";
}

TEST_F(Torch, OtherVendorsAndFilesWithoutADigestAreNeverListed) {
    add_release(pypi, pytorch, "2.9.0", {"cu128", "rocm6.4", "xpu"}, "cp312", "manylinux_2_28_x86_64");
    pytorch.files.push_back(file(wheel("torch", "2.9.0+cu130", "cp312", "manylinux_2_28_x86_64"), "cu130"));
    pytorch.files.back().hashes.clear();
    for (const std::string machine :
         {"driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64", "cpu-cp312-manylinux_2_35_x86_64"})
        for (const auto& listed : matched(machine).page.files) {
            EXPECT_THAT(listed.filename, testing::Not(testing::AnyOf(HasSubstr("rocm"), HasSubstr("xpu"))));
            EXPECT_THAT(listed.filename, testing::Not(HasSubstr("cu130")));
        }
}

TEST_F(Torch, APartnerTakesTheTagOfTheTorchThatItGoesWith) {
    add_release(pypi, pytorch, "1.9.0", {"cu102"}, "cp38"); // no cu111 for this Python
    ProjectPage vision = page_of("torchvision", {}), vision_pypi = page_of("torchvision", {});
    add_release(vision_pypi, vision, "0.10.0", {"cpu", "cu102", "cu111"}, "cp38");
    const auto machine = match("driver472.12-quadro_k620-cp38-win_amd64");
    const auto with = match_pages("torchvision", {.own = {&vision_pypi, &vision}, .torch = {&pypi, &pytorch}}, machine);
    EXPECT_THAT(kept(with), ElementsAre(wheel("torchvision", "0.10.0+cu102", "cp38")));
    const auto alone = match_pages("torchvision", {.own = {&vision_pypi, &vision}, .torch = {}}, machine);
    EXPECT_THAT(kept(alone), ElementsAre(wheel("torchvision", "0.10.0+cu111", "cp38")));

    ProjectPage audio = page_of("torchaudio", {file(wheel("torchaudio", "0.9.0", "cp38"))});
    const auto neutral = match_pages("torchaudio", {.own = {&audio}, .torch = {&pypi, &pytorch}}, machine);
    EXPECT_THAT(kept(neutral), ElementsAre(wheel("torchaudio", "0.9.0", "cp38"))) << "the guide's torchaudio===0.9.0";
}

TEST_F(Torch, PartnersNewerThanTheTablesTakeTheTagOfTheNewestTorch) {
    const std::string platform = "manylinux_2_28_x86_64";
    const auto machine = match("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64");
    add_release(pypi, pytorch, "2.14.1", {"cu126", "cu130"}, "cp312", platform); // no cu132 for this Python
    add_release(pypi, pytorch, "2.99.0", {"cu126", "cu130", "cu132"}, "cp312", platform);
    pypi.files.clear(); // whose builds are of the newest CUDA
    ProjectPage vision = page_of("torchvision", {}), vision_pypi = page_of("torchvision", {});
    add_release(vision_pypi, vision, "0.99.0", {"cpu", "cu126", "cu130", "cu132"}, "cp312", platform);
    EXPECT_THAT(kept(match_pages("torch", {.own = {&pytorch}, .torch = {}}, machine)),
                UnorderedElementsAre(wheel("torch", "2.14.1+cu130", "cp312", platform),
                                     wheel("torch", "2.99.0+cu130", "cp312", platform)));
    EXPECT_THAT(kept(match_pages("torchvision", {.own = {&vision_pypi, &vision}, .torch = {&pytorch}}, machine)),
                ElementsAre(wheel("torchvision", "0.99.0+cu130", "cp312", platform)));
}

struct Paired : Torch {
    const std::string platform = "manylinux_2_28_x86_64";
    ProjectPage vision = page_of("torchvision", {}), vision_pypi = page_of("torchvision", {});
    Paired() {
        add_release(pypi, pytorch, "2.10.0", {"cu126", "cu128"}, "cp312", platform);
        add_release(pypi, pytorch, "2.14.1", {"cu126", "cu130"}, "cp312", platform);
        pypi.files.clear(); // of the newest CUDA
    }
    void add_vision(const std::string& version) {
        add_release(vision_pypi, vision, version, {"cpu", "cu126", "cu128", "cu130"}, "cp312", platform);
        vision_pypi.files.clear();
    }
    Names kept_with(const PartnerPairs& pairs, const std::string& gpu = "rtx_4090") const {
        return kept(match_pages("torchvision", {.own = {&vision}, .torch = {&pytorch}, .pairs = pairs},
                                match("driver580.95.05-" + gpu + "-cp312-manylinux_2_35_x86_64")));
    }
    std::string name(const std::string& version) const { return wheel("torchvision", version, "cp312", platform); }
};

TEST_F(Paired, APartnerThatTheTablesDoNotKnowTakesTheTagOfTheTorchThatItsMetadataNames) {
    add_vision("0.99.0");
    EXPECT_THAT(kept_with({}), ElementsAre(name("0.99.0+cu130")));
    EXPECT_THAT(kept_with({{"0.99.0", "2.10.0"}}), ElementsAre(name("0.99.0+cu128")));
    EXPECT_THAT(kept_with({{"0.99.0", ""}}), ElementsAre(name("0.99.0+cu130"))) << "tied to none";
    EXPECT_THAT(kept_with({{"0.99.0", "2.13.0"}}), ElementsAre(name("0.99.0+cu130"))) << "which no page of torch lists";
}

TEST_F(Paired, TheVerdictsSayWhichTorchItNames) {
    add_vision("0.99.0");
    add_vision("0.25.0"); // in the tables
    const auto out = match_pages("torchvision",
                                 {.own = {&vision},
                                  .torch = {&pytorch},
                                  .pairs = {{"0.99.0", "2.10.0"}, {"0.98.0", "2.10.0"}, {"0.25.0", "2.10.0"}}},
                                 match("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64"));
    for (const auto& verdict : out.verdicts)
        EXPECT_EQ(verdict.torch, verdict.version.starts_with("0.99.0") ? "2.10.0" : "") << verdict.filename;
}

TEST_F(Paired, AlsoABelatedReleaseIsJudgedByTheCodeOfItsTorch) {
    add_vision("0.25.9"); // newer ones are in the tables
    EXPECT_THAT(kept_with({}), ElementsAre(name("0.25.9+cu130")));
    EXPECT_THAT(kept_with({{"0.25.9", "2.10.0"}}), ElementsAre(name("0.25.9+cu128")));
    EXPECT_THAT(kept_with({}, "sm70"), ElementsAre(name("0.25.9+cu126")));
    EXPECT_THAT(kept_with({{"0.25.9", "2.10.0"}}, "sm70"), ElementsAre(name("0.25.9+cu128")))
        << "the newest cu128 has no code for it, that of 2.10 has";
}

TEST_F(Paired, TheTablesWinForReleasesThatTheyKnow) {
    add_vision("0.25.0");
    EXPECT_THAT(kept_with({{"0.25.0", "2.14.1"}}), ElementsAre(name("0.25.0+cu128")));
}

TEST_F(Paired, WhereTheNamedTorchDoesNotRunThePartnerIsHidden) {
    add_vision("0.99.0");
    add_release(pypi, pytorch, "2.99.0", {"cpu"}, "cp312", platform);
    EXPECT_THAT(kept_with({{"0.99.0", "2.99.0"}}), IsEmpty());
}

TEST_F(Torch, WhatTheIndexYankedStaysYankedAndVariantsPass) {
    add_release(pypi, pytorch, "2.9.0", {"cu128"}, "cp312", "manylinux_2_28_x86_64");
    pytorch.files.back().yanked = "broken";
    pypi.files.push_back(file("torch-2.9.0-variants.json"));
    const auto out = matched("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64");
    EXPECT_THAT(kept(out), ElementsAre("torch-2.9.0-variants.json"));
    EXPECT_EQ(out.page.files.back().yanked, "broken");
}

TEST(MatchedTensorflow, CudaEndsOnNativeWindowsAndTheTombstoneIsHidden) {
    ProjectPage page = page_of("tensorflow", {});
    for (const std::string version : {"2.9.0", "2.10.0", "2.11.0", "2.15.0"})
        page.files.push_back(file(wheel("tensorflow", version, "cp310")));
    const auto out =
        match_pages("tensorflow", {.own = {&page}, .torch = {}}, match("driver531.14-rtx_3090-cp310-win_amd64"));
    EXPECT_THAT(kept(out), ElementsAre(wheel("tensorflow", "2.9.0", "cp310"), wheel("tensorflow", "2.10.0", "cp310")));
    EXPECT_THAT(*out.page.files.back().yanked, HasSubstr("no CUDA on native Windows"));

    ProjectPage gpu = page_of("tensorflow-gpu",
                              {file(wheel("tensorflow_gpu", "2.10.0", "cp310")), file("tensorflow-gpu-2.12.0.tar.gz")});
    for (const std::string machine : {"driver531.14-rtx_3090-cp310-win_amd64", "cpu-cp310-win_amd64"})
        EXPECT_THAT(match_pages("tensorflow-gpu", {.own = {&gpu}, .torch = {}}, match(machine)).page.files,
                    testing::SizeIs(1))
            << machine;
}

TEST(MatchedTensorflow, WhatTheMachinesCudaLacksIsYankedWithTheReason) {
    ProjectPage page = page_of("tensorflow", {});
    for (const std::string version : {"2.1.0", "2.3.0", "2.5.0"})
        page.files.push_back(file(wheel("tensorflow", version, "cp38", "manylinux2010_x86_64")));
    const auto out = match_pages("tensorflow", {.own = {&page}, .torch = {}},
                                 match("cu101-cudnn7.6-sm61-cp38-manylinux_2_27_x86_64"));
    EXPECT_THAT(kept(out), ElementsAre(wheel("tensorflow", "2.1.0", "cp38", "manylinux2010_x86_64"),
                                       wheel("tensorflow", "2.3.0", "cp38", "manylinux2010_x86_64")));
    EXPECT_THAT(*out.page.files.back().yanked, HasSubstr("needs CUDA 11.2 installed, this machine has 10.1"));
}

TEST(MatchedTensorflow, WhereNoGpuBuildExistsTheCpuBuildStays) {
    ProjectPage page = page_of("tensorflow", {file(wheel("tensorflow", "2.15.0", "cp312", "win_amd64"))});
    const auto out =
        match_pages("tensorflow", {.own = {&page}, .torch = {}}, match("driver580.10-rtx_4090-cp312-win_amd64"));
    EXPECT_THAT(kept(out), testing::SizeIs(1));
    EXPECT_THAT(out.verdicts.front().reason, HasSubstr("no GPU build"));
}

TEST(MatchedTensorflow, UnderANameWithoutAnyGpuBuildTheCpuBuildsStay) {
    ProjectPage page = page_of("tensorflow", {file(wheel("tensorflow", "1.12.0", "cp35")), //
                                              file(wheel("tensorflow", "2.3.0", "cp35"))});
    const auto machine = match("driver385.54-gtx_970-cp35-win_amd64"); // CUDA 9.0: tensorflow-gpu alone has it
    const auto out = match_pages("tensorflow", {.own = {&page}, .torch = {}}, machine);
    EXPECT_THAT(kept(out), testing::SizeIs(2));
    EXPECT_THAT(out.verdicts.back().reason, HasSubstr("runs on the CPU"));
    ProjectPage gpu = page_of("tensorflow-gpu", {file(wheel("tensorflow_gpu", "1.12.0", "cp35")),
                                                 file(wheel("tensorflow_gpu", "2.3.0", "cp35"))});
    EXPECT_THAT(kept(match_pages("tensorflow-gpu", {.own = {&gpu}, .torch = {}}, machine)),
                ElementsAre(wheel("tensorflow_gpu", "1.12.0", "cp35")));
}

TEST_F(Torch, WheelsOfOtherPythonsAndPlatformsAreHidden) {
    add_release(pypi, pytorch, "1.9.0", {"cu102"}, "cp38");
    add_release(pypi, pytorch, "1.9.0", {"cu102"}, "cp39");
    add_release(pypi, pytorch, "1.9.0", {"cu102"}, "cp38", "linux_x86_64");
    const auto out = matched("driver441.22-quadro_k620-cp38-win_amd64");
    EXPECT_THAT(out.page.files, testing::SizeIs(2));
    EXPECT_THAT(newest_kept(out.verdicts)->version, "1.9.0+cu102");
}

} // namespace
} // namespace yizhan
