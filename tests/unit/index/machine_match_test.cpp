#include "index/machine_match.hpp"
#include "index/specifiers.hpp"
#include "tests/unit/index/torch_shelf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::HasSubstr;

const Tables& tables() {
    return embedded_tables();
}

MachineMatch match(const std::string& literal) {
    auto machine = parse_machine(literal, tables());
    EXPECT_TRUE(machine) << literal << ": " << machine.error().message;
    return std::move(*MachineMatch::of(std::move(*machine), tables()));
}

BuildFacts build(const std::string& filename, const std::string& folder = "") {
    return *BuildFacts::of(*parse_wheel_filename(filename), folder, tables());
}

BuildVerdict judge(const std::string& literal, const std::string& filename, const std::string& folder = "") {
    return match(literal).judge(build(filename, folder));
}

const std::vector<BuildFacts>& shelf(BuildPlatform platform) {
    static const std::array<std::vector<BuildFacts>, 3> shelves{torch_shelf(BuildPlatform::linux_x86_64, tables()),
                                                                torch_shelf(BuildPlatform::win_amd64, tables()),
                                                                torch_shelf(BuildPlatform::linux_aarch64, tables())};
    return shelves[static_cast<std::size_t>(platform)];
}

struct Expected {
    const char* machine;
    const char* torch; ///< the newest release with a candidate, and its highest CUDA
    const char* why;
};

// Each line worked out by hand from NVIDIA's driver table, PyTorch's lists of code and the Pythons of each release.
constexpr Expected machines[] = {
    // The machines of the facts.
    {"driver441.22-quadro_k620-cp36-win_amd64", "1.10.2+cu102", "441.22 is CUDA 10.2's own; 1.10.2 the last for 3.6"},
    {"driver472.12-quadro_k620-cp36-win_amd64", "1.10.2+cu113", "452.39 runs all of 11; cu113 has 5.0 on Windows"},
    {"driver581.80-quadro_k620-cp312-win_amd64", "2.14.1+cu126", "cu130 and cu132 begin at 7.5"},
    {"driver580.95.05-v100-cp312-manylinux_2_35_x86_64", "2.14.1+cu126", "7.0 is in cu126 alone"},
    {"driver535.154.05-gtx_1080_ti-cp312-manylinux_2_35_x86_64", "2.14.1+cu126", "525 runs all of 12; 6.0 runs on 6.1"},
    {"driver535.154.05-rtx_4090-cp312-manylinux_2_35_x86_64", "2.14.1+cu126", "13 needs 580; 8.6 runs on 8.9"},
    {"driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64", "2.14.1+cu132", "everything runs"},
    {"driver570.26-rtx_5090-cp312-manylinux_2_39_x86_64", "2.11.0+cu128", "no 12.0 in cu126; the last cu128"},
    {"driver470.82.01-k80-cp38-manylinux_2_27_x86_64", "2.4.1+cu118", "3.7 only in cu118; 2.4.1 the last for 3.8"},
    {"driver418.39-k40m-cp37-manylinux_2_17_x86_64", "1.3.0+cu101", "3.5 left Linux with 1.3.1"},
    // Windows.
    {"driver441.22-k40m-cp37-win_amd64", "1.3.1+cu101", "3.5 left Windows with 1.4.0; no cu102 before 1.5"},
    {"driver411.31-gtx_1060-cp37-win_amd64", "1.7.1+cu92", "CUDA 10.0 allowed, but 1.5 to 1.7 have cu92, cu101, cu102"},
    {"driver452.39-rtx_3060-cp39-win_amd64", "2.7.1+cu118", "the last cu118"},
    {"driver527.41-rtx_4090-cp310-win_amd64", "2.7.1+cu118", "12 needs 528.33 on Windows"},
    {"driver528.33-rtx_4090-cp310-win_amd64", "2.14.1+cu126", "just enough for 12"},
    {"driver572.61-rtx_5080-cp313-win_amd64", "2.11.0+cu128", "as on Linux"},
    {"driver581.80-rtx_5070_ti-cp313-win_amd64", "2.14.1+cu132", ""},
    {"driver385.54-gtx_970-cp35-win_amd64", "1.1.0+cu90", "CUDA 9.0's own driver; cu92 needs 398.26"},
    // Linux, old to new.
    {"driver384.81-p100-cp27-linux_x86_64", "1.1.0+cu90", "cu92 needs 396.37"},
    {"driver396.37-gtx_1080-cp36-linux_x86_64", "1.7.1+cu92", "the last cu92"},
    {"driver410.48-titan_v-cp37-linux_x86_64", "1.7.1+cu92", "cu92 again: cu100 ended with 1.4.0"},
    {"driver440.33-rtx_2080_ti-cp38-linux_x86_64", "1.12.1+cu102", "7.0 runs on 7.5; the last cu102"},
    {"driver450.36.06-t4-cp36-linux_x86_64", "1.10.2+cu102", "enough for 11.0, not for 11.3; cu110 ended with 1.7.1"},
    {"driver450.80.02-t4-cp27-linux_x86_64", "1.4.0+cu101", "the last for 2.7"},
    {"driver450.80.02-t4-cp36-linux_x86_64", "1.10.2+cu113", ""},
    {"driver520.61.05-rtx_3090-cp311-linux_x86_64", "2.7.1+cu118", "12 needs 525.60.13"},
    {"driver525.60.13-a100-cp310-manylinux_2_28_x86_64", "2.14.1+cu126", ""},
    {"driver595.45.04-rtx_2080_ti-cp39-manylinux_2_35_x86_64", "2.8.0+cu129", "2.8.0 is the last for 3.9"},
    {"driver580.95.05-h100-cp314-manylinux_2_35_x86_64", "2.14.1+cu132", ""},
    {"driver570.124.06-b200-cp312-manylinux_2_35_x86_64", "2.11.0+cu128", ""},
    {"driver610.43.02-b300-cp313-manylinux_2_35_x86_64", "2.14.1+cu132", "10.0 runs on 10.3"},
    // CUDA named instead of a driver: nothing above it.
    {"cu102-cp36-win_amd64", "1.10.2+cu102", ""},
    {"cu102-cp310-linux_x86_64", "1.12.1+cu102", ""},
    {"cu92-cp37-linux_x86_64", "1.7.1+cu92", "cu101 is above 9.2 as a number, below as text"},
    {"cu113-cp39-win_amd64", "1.12.1+cu113", ""},
    {"cu118-cp311-win_amd64", "2.7.1+cu118", ""},
    {"cu126-cp312-manylinux_2_28_x86_64", "2.14.1+cu126", ""},
    {"cu118-rtx_5090-cp311-linux_x86_64", "2.14.1+cpu", "no code for 12.0 up to 11.8"},
    // WSL2: Linux builds, Windows' floors.
    {"driver560.94-rtx_3090-cp310-manylinux_2_35_x86_64-wsl2", "2.14.1+cu126", ""},
    {"driver527.41-rtx_3090-cp310-manylinux_2_35_x86_64-wsl2", "2.7.1+cu118", "527.41 is above 525.60.13, not 528.33"},
    {"driver441.22-gtx_1080-cp38-manylinux_2_31_x86_64-wsl2", "1.12.1+cu102", ""},
    // aarch64.
    {"driver580.65.06-gb10-cp312-manylinux_2_39_aarch64", "2.14.1+cu132", "12.0 runs on 12.1"},
    {"driver570.124.06-gh200-cp312-manylinux_2_39_aarch64", "2.14.1+cu126", "aarch64's cu126 has 9.0"},
    {"driver570.124.06-gb200-cp312-manylinux_2_39_aarch64", "2.11.0+cu128", ""},
    {"driver580.65.06-t4-cp312-manylinux_2_39_aarch64", "2.14.1+cpu", "aarch64 begins at 8.0"},
    {"driver540.4-jetson-agx-orin-cp310-manylinux_2_35_aarch64", "2.14.1+cpu", "server builds do not run on Jetson"},
    {"driver580-jetson-agx-thor-cp312-manylinux_2_39_aarch64", "2.14.1+cu132", "but for Thor, from CUDA 13 on"},
    // Several GPUs.
    {"driver580.95.05-quadro_k620-rtx_3090-cp312-manylinux_2_35_x86_64", "2.14.1+cu126", "cu126 serves both"},
    {"driver580.95.05-gtx_1080-rtx_5090-cp312-manylinux_2_35_x86_64", "2.14.1+cu132", "none serves both"},
    {"driver580.95.05-t4-rtx_5090-cp312-manylinux_2_35_x86_64", "2.14.1+cu132", ""},
    // No GPU, or none of use.
    {"cpu-cp311-manylinux_2_28_x86_64", "2.14.1+cpu", ""},
    {"cpu-cp36-win_amd64", "1.10.2+cpu", ""},
    {"cpu-cp27-linux_x86_64", "1.4.0+cpu", ""},
    {"driver390.157-sm21-cp36-win_amd64", "1.10.2+cpu", "Fermi"},
    {"driver470.256.02-gtx_680-cp38-manylinux_2_31_x86_64", "2.4.1+cpu", "3.0 was never built for"},
    {"driver470.256.02-gt_730-cp38-manylinux_2_31_x86_64", "2.4.1+cpu", "the lowest that it may be"},
    {"driver470.256.02-k40m-cp310-manylinux_2_31_x86_64", "2.14.1+cpu", "3.5 ended before 3.10 began"},
    // No Python said.
    {"driver441.22-quadro_k620-win_amd64", "1.10.2+cu102", "Windows' cu102 ended with 1.10.2"},
    {"driver580.95.05-rtx_3060-manylinux_2_35_x86_64", "2.14.1+cu132", ""},
};

TEST(MachineMatch, KeepsTheNewestBuildThatRuns) {
    static_assert(std::size(machines) >= 30);
    for (const auto& [literal, torch, why] : machines) {
        const auto one = match(literal);
        EXPECT_EQ(newest_kept(one, shelf(*build_platform(one.machine().platform))), torch) << literal << ": " << why;
    }
}

TEST(MachineMatch, OfAPinnedReleaseKeepsTheTagThatRuns) {
    // The guide's exact pins, and what stands beside them.
    const std::tuple<const char*, const char*, bool> table[] = {
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl", true},
        {"driver441.22-sm50-cp36-win_amd64", "torchvision-0.10.0+cu102-cp36-cp36m-win_amd64.whl", true},
        {"driver441.22-sm50-cp36-win_amd64", "torchaudio-0.9.0-cp36-cp36m-win_amd64.whl", true},
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu111-cp36-cp36m-win_amd64.whl", false},
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cpu-cp36-cp36m-win_amd64.whl", false},
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0-cp36-cp36m-win_amd64.whl", false}, // PyPI's: CPU on Windows
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu102-cp37-cp37m-win_amd64.whl", false},
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu102-cp36-cp36m-linux_x86_64.whl", false},
        {"driver440.33-sm75-cp36-linux_x86_64", "torch-1.9.0-cp36-cp36m-manylinux1_x86_64.whl", true}, // PyPI's: cu102
        {"driver440.33-sm86-cp36-linux_x86_64", "torch-1.9.0-cp36-cp36m-manylinux1_x86_64.whl", false},
        {"cpu-cp37-win_amd64", "torch-1.4.0+cpu-cp37-cp37m-win_amd64.whl", true},
        {"cpu-cp37-win_amd64", "torchvision-0.5.0+cpu-cp37-cp37m-win_amd64.whl", true},
        {"cpu-cp37-win_amd64", "torch-1.4.0-cp37-cp37m-win_amd64.whl", true},
        {"cpu-cp37-win_amd64", "torch-1.4.0+cu92-cp37-cp37m-win_amd64.whl", false},
    };
    for (const auto& [literal, filename, kept] : table)
        EXPECT_EQ(judge(literal, filename).kept, kept) << literal << " " << filename;
}

TEST(MachineMatch, TellsOneNameInThreeFoldersApart) {
    const std::string name = "torch-1.1.0-cp36-cp36m-linux_x86_64.whl";
    const std::string machine = "driver384.81-p100-cp36-linux_x86_64";
    EXPECT_TRUE(judge(machine, name, "/whl/cu90/"));
    EXPECT_FALSE(judge(machine, name, "/whl/cu100/"));
    EXPECT_FALSE(judge(machine, name, "/whl/cpu/"));
    EXPECT_TRUE(judge("cpu-cp36-linux_x86_64", name, "/whl/cpu/"));
}

TEST(MachineMatch, JudgesPartnersByTheTorchTheyGoWith) {
    const std::string v100 = "driver580.95.05-v100-cp312-manylinux_2_35_x86_64";
    EXPECT_TRUE(judge(v100, "torchvision-0.25.0+cu128-cp312-cp312-manylinux_2_28_x86_64.whl"))
        << "2.10 has 7.0 in cu128";
    EXPECT_FALSE(judge(v100, "torchvision-0.26.0+cu128-cp312-cp312-manylinux_2_28_x86_64.whl")) << "2.11 has not";
    EXPECT_FALSE(judge(v100, "torchaudio-2.11.0+cu130-cp312-cp312-manylinux_2_28_x86_64.whl"));
    EXPECT_TRUE(judge(v100, "torchaudio-2.11.0+cu126-cp312-cp312-manylinux_2_28_x86_64.whl"));
}

TEST(MachineMatch, KeepsBuildsWithoutGpuCodeOnlyWhereTheirTorchRuns) {
    const std::string old_k40 = "driver418.39-k40m-cp37-linux_x86_64"; // torch up to 1.3.0
    EXPECT_TRUE(judge(old_k40, "torchaudio-0.3.1-cp37-cp37m-manylinux1_x86_64.whl")) << "goes with 1.3.0";
    EXPECT_FALSE(judge(old_k40, "torchaudio-0.9.0-cp37-cp37m-manylinux1_x86_64.whl")) << "goes with 1.9.0";
    EXPECT_FALSE(judge(old_k40, "torchtext-0.10.0-cp37-cp37m-manylinux1_x86_64.whl"));
    EXPECT_TRUE(judge("driver452.39-rtx_3060-cp39-win_amd64", "torchaudio-0.9.0-cp39-cp39-win_amd64.whl"));
    EXPECT_TRUE(judge("driver452.39-rtx_3060-cp39-win_amd64", "torchtext-0.15.1+cpu-cp39-cp39-win_amd64.whl"));
    EXPECT_TRUE(judge("cpu-cp39-win_amd64", "torchtext-0.15.1+cpu-cp39-cp39-win_amd64.whl"));
}

TEST(MachineMatch, NeverKeepsOtherVendorsBuilds) {
    for (const auto* const machine : {"driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64",
                                      "cpu-cp312-manylinux_2_35_x86_64", "cu126-cp312-manylinux_2_35_x86_64"})
        for (const auto* const local : {"xpu", "rocm6.4", "git1234"}) {
            const auto judged =
                judge(machine, std::string("torch-2.12.0+") + local + "-cp312-cp312-manylinux_2_28_x86_64.whl");
            EXPECT_FALSE(judged) << machine << local;
            EXPECT_THAT(judged.reason, HasSubstr(local));
        }
}

TEST(MachineMatch, PassesOtherProjects) {
    const auto one = match("driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64");
    for (const auto* const name :
         {"triton-3.5.0-cp312-cp312-manylinux_2_27_x86_64.whl", "numpy-2.1.0-cp39-cp39-win_amd64.whl",
          "xformers-0.0.30-cp312-cp312-manylinux_2_28_x86_64.whl"}) {
        EXPECT_FALSE(one.judges(parse_wheel_filename(name)->name)) << name;
        EXPECT_TRUE(one.judge(build(name))) << name;
    }
    EXPECT_TRUE(one.judges("torchvision"));
    EXPECT_TRUE(one.judges("tensorflow"));
}

TEST(MachineMatch, SaysWhyInWords) {
    const std::tuple<const char*, const char*, const char*> table[] = {
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu111-cp36-cp36m-win_amd64.whl",
         "CUDA 11.1 needs driver 452.39 on Windows, this machine has 441.22"},
        {"driver580.95.05-sm70-cp312-manylinux_2_35_x86_64", "torch-2.14.0+cu132-cp312-cp312-manylinux_2_28_x86_64.whl",
         "has no code for 7.0 (it has 7.5 8.0 8.6 9.0 10.0 12.0+PTX)"},
        {"cu102-cp36-win_amd64", "torch-1.9.0+cu111-cp36-cp36m-win_amd64.whl",
         "is built for CUDA 11.1, above this machine's 10.2"},
        {"cpu-cp36-win_amd64", "torch-1.9.0+cu111-cp36-cp36m-win_amd64.whl",
         "is built for CUDA 11.1, this machine has no GPU"},
        {"cu102-cp36-win_amd64", "torch-1.9.0+cpu-cp36-cp36m-win_amd64.whl",
         "the CPU build does not use this machine's GPU"},
        {"cu102-cp36-win_amd64", "torch-1.9.0+cu102-cp39-cp39-win_amd64.whl",
         "is for cp39-cp39-win_amd64, this machine is cp36 on win_amd64"},
        {"driver441.22-sm50-cp36-win_amd64", "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl",
         "built for CUDA 10.2, which this machine runs, with code for 5.0"},
        {"driver580-sm87-cp310-manylinux_2_35_aarch64", "torch-2.9.1+cu130-cp310-cp310-manylinux_2_28_aarch64.whl",
         "is a Jetson's"},
        {"driver580-sm110-cp310-manylinux_2_35_aarch64", "torch-2.9.1+cu128-cp310-cp310-manylinux_2_28_aarch64.whl",
         "before CUDA 13.0"},
        {"driver580.95.05-sm61-sm120-cp312-manylinux_2_35_x86_64",
         "torch-2.14.0+cu132-cp312-cp312-manylinux_2_28_x86_64.whl", "the GPU with the highest capability decides"},
        {"driver580.95.05-sm61-sm120-cp312-manylinux_2_35_x86_64",
         "torch-2.14.0+cu126-cp312-cp312-manylinux_2_28_x86_64.whl", "has no code for 6.1 and 12.0"},
        {"driver610.43.02-sm120-cp312-manylinux_2_35_x86_64", "torch-3.0.0+cu140-cp312-cp312-manylinux_2_28_x86_64.whl",
         "whose driver the tables do not know"},
    };
    for (const auto& [literal, filename, why] : table)
        EXPECT_THAT(judge(literal, filename).reason, HasSubstr(why)) << literal << " " << filename;
}

TEST(MachineMatch, ForSeveralGpusTakesTheTagThatServesAllBeforeAHigherOne) {
    const std::string both = "driver580.95.05-sm50-sm86-cp312-manylinux_2_35_x86_64";
    EXPECT_TRUE(judge(both, "torch-2.14.0+cu126-cp312-cp312-manylinux_2_28_x86_64.whl"));
    EXPECT_FALSE(judge(both, "torch-2.14.0+cu132-cp312-cp312-manylinux_2_28_x86_64.whl"));
}

TEST(MachineMatch, TakesAReleaseThatNobodyHasNotedLikeTheNewestOfItsTag) {
    const std::string machine = "driver580.95.05-rtx_5090-cp315-manylinux_2_39_x86_64";
    EXPECT_TRUE(judge(machine, "torch-2.99.0+cu132-cp315-cp315-manylinux_2_28_x86_64.whl"));
    EXPECT_TRUE(judge(machine, "torch-2.99.0+cu134-cp315-cp315-manylinux_2_28_x86_64.whl"));
    EXPECT_FALSE(judge(machine, "torch-2.99.0+cu126-cp315-cp315-manylinux_2_28_x86_64.whl"));
    EXPECT_FALSE(judge(machine, "torch-2.99.0+cpu-cp315-cp315-manylinux_2_28_x86_64.whl"));
    EXPECT_TRUE(judge(machine, "torchvision-0.99.0+cu132-cp315-cp315-manylinux_2_28_x86_64.whl"));
}

TEST(MachineMatch, SaysSoWhereNoGpuBuildIsKnown) {
    EXPECT_THAT(match("driver470.256.02-gtx_680-cp38-manylinux_2_31_x86_64").notes(),
                testing::Contains(HasSubstr("no CUDA build of torch is known to run on this machine")));
    EXPECT_THAT(match("driver441.22-sm50-cp36-win_amd64").notes(), testing::IsEmpty());
    EXPECT_THAT(match("cpu-cp38-win_amd64").notes(), testing::IsEmpty());
}

TEST(JudgeBuild, IsTheSameForOne) {
    const auto machine = parse_machine("cu102-cp36-win_amd64", tables());
    ASSERT_TRUE(machine);
    const auto judged = judge_build(*machine, build("torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl"), tables());
    ASSERT_TRUE(judged);
    EXPECT_TRUE(judged->kept);
}

TEST(Breakers, AreSpecifiersWhoseRemedyKeepsThemOut) {
    for (const auto& row : tables().breakers) {
        EXPECT_TRUE(SpecifierSet::parse(row.versions)) << row.project << row.versions;
        const auto breaks = SpecifierSet::parse(row.breaks);
        const auto remedy = SpecifierSet::parse(std::string_view(row.constraint).substr(row.breaker.size()));
        ASSERT_TRUE(breaks && remedy) << row.constraint;
        const auto first_bad = Version::parse(std::string_view(row.breaks).substr(2)); // ">=2"
        ASSERT_TRUE(first_bad) << row.breaks;
        EXPECT_TRUE(breaks->contains(*first_bad)) << row.breaks;
        EXPECT_FALSE(remedy->contains(*first_bad)) << row.constraint;
    }
}

TEST(BuildFacts, NeedAVersion) {
    auto file = *parse_wheel_filename("torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl");
    file.version = "nightly";
    EXPECT_FALSE(BuildFacts::of(file, "", tables()));
}

} // namespace
} // namespace yizhan
