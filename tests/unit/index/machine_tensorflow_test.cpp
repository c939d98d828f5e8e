#include "index/machine_match.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

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

/// A wheel of `project` for the machine itself, so that only TensorFlow's own rules decide.
BuildVerdict judge(const std::string& literal, const std::string& project, const std::string& version) {
    const auto one = match(literal);
    BuildFacts build;
    build.project = project;
    build.version = *Version::parse(version);
    build.wheel.kind = DistributionKind::wheel;
    build.wheel.python = one.machine().python ? one.machine().python->tag() : "cp39";
    build.wheel.abi = "none";
    build.wheel.platform = one.machine().platform;
    return one.judge(build);
}

TEST(TensorflowMatch, KeepsWhatRuns) {
    const std::tuple<const char*, const char*, const char*, bool> table[] = {
        // The guide's: a K620 with 441.22, which is enough for CUDA 10.1 and not for 11.
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "2.2.0", true},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow-gpu", "2.2.0", true},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "2.3.4", true},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "2.4.0", false},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "1.14.0", false}, // GPU code only under tensorflow-gpu
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow-gpu", "1.14.0", true},
        // Native Windows ends with 2.10, Maxwell with 2.16.
        {"driver581.80-sm50-cp310-win_amd64", "tensorflow", "2.10.1", true},
        {"driver581.80-sm50-cp310-win_amd64", "tensorflow", "2.11.0", false},
        {"driver581.80-sm50-cp310-win_amd64", "tensorflow", "2.15.0", false},
        {"driver581.80-sm86-cp310-win_amd64", "tensorflow", "2.99.0", false}, // nor one newer than the table
        {"driver581.80-sm86-cp310-linux_x86_64", "tensorflow", "2.99.0", true},
        {"driver535.154.05-sm50-cp311-linux_x86_64", "tensorflow", "2.16.2", true},
        {"driver535.154.05-sm50-cp311-linux_x86_64", "tensorflow", "2.17.0", false},
        {"driver535.154.05-sm61-cp311-linux_x86_64", "tensorflow", "2.17.0", true},
        {"driver560.94-sm86-cp311-manylinux_2_35_x86_64-wsl2", "tensorflow", "2.17.0", true},
        {"driver527.41-sm86-cp311-manylinux_2_35_x86_64-wsl2", "tensorflow", "2.15.0", false},
        {"driver520.61.05-sm86-cp311-linux_x86_64", "tensorflow", "2.14.0", true},
        {"driver520.61.05-sm86-cp311-linux_x86_64", "tensorflow", "2.15.0", false},
        // The end of tensorflow-gpu.
        {"driver535.154.05-sm61-cp310-linux_x86_64", "tensorflow-gpu", "2.11.0", true},
        {"driver535.154.05-sm61-cp310-linux_x86_64", "tensorflow-gpu", "2.12.0", false},
        {"cpu-cp310-linux_x86_64", "tensorflow-gpu", "2.12.0", false},
        // Installed CUDA and cuDNN, named.
        {"cu101-cp37-win_amd64", "tensorflow", "2.3.0", true},
        {"cu101-cp37-win_amd64", "tensorflow", "2.4.0", false},
        {"cu101-cp37-win_amd64", "tensorflow", "2.0.0", false},
        {"cu101-cudnn7.6-cp37-win_amd64", "tensorflow", "2.3.0", true},
        {"cu101-cudnn7.5-cp37-win_amd64", "tensorflow-gpu", "2.3.0",
         true}, // no GPU build of any release finds its cuDNN
        {"cu112-cudnn8.1-cp38-linux_x86_64", "tensorflow", "2.5.0", true},
        {"cu112-cudnn8.0-cp38-linux_x86_64", "tensorflow", "2.5.0", false},
        {"cu112-cudnn8.1-cp38-linux_x86_64", "tensorflow", "2.4.0", true}, // 11.0 from 11.2: names hold the 11
        {"cu118-cp38-linux_x86_64", "tensorflow", "2.5.0", true},
        {"cu110-cp38-linux_x86_64", "tensorflow", "2.5.0", false},
        {"cu118-cp311-linux_x86_64", "tensorflow", "2.14.0", true},
        {"cu118-cp311-linux_x86_64", "tensorflow", "2.15.0", false},
        {"cu121-cp311-linux_x86_64", "tensorflow", "2.17.0", true}, // [and-cuda] brings 12.3
        // Without a GPU all run; where no GPU build is, the CPU build stays.
        {"cpu-cp312-win_amd64", "tensorflow", "2.18.0", true},
        {"driver581.80-sm50-cp312-win_amd64", "tensorflow", "2.18.0", true},
        {"driver535.154.05-sm90-cp311-manylinux_2_35_aarch64", "tensorflow", "2.18.0", true},
        {"cpu-cp311-macosx_14_0_arm64", "tensorflow", "2.18.0", true},
        // A release newer than the table.
        {"driver580.95.05-sm90-cp313-linux_x86_64", "tensorflow", "2.30.0", true},
        {"driver580.95.05-sm50-cp313-linux_x86_64", "tensorflow", "2.30.0", true}, // no GPU build for 5.0 and 3.13
        {"driver580.95.05-sm50-cp311-linux_x86_64", "tensorflow", "2.30.0", false},
        {"driver580.95.05-sm120-cp312-linux_x86_64", "tensorflow", "2.20.0", true}, // by PTX of 9.0
    };
    for (const auto& [literal, project, version, kept] : table) {
        const auto judged = judge(literal, project, version);
        EXPECT_EQ(judged.kept, kept) << literal << " " << project << " " << version << ": " << judged.reason;
    }
}

TEST(TensorflowMatch, SaysWhyInWords) {
    const std::tuple<const char*, const char*, const char*, const char*> table[] = {
        {"driver581.80-sm50-cp310-win_amd64", "tensorflow", "2.15.0", "no CUDA on native Windows; 2.10 is the last"},
        {"driver535.154.05-sm50-cp311-linux_x86_64", "tensorflow", "2.17.0",
         "needs a GPU of capability 6.0 or above, this machine has 5.0"},
        {"cpu-cp310-linux_x86_64", "tensorflow-gpu", "2.12.0", "only refuses to be installed"},
        {"cu101-cp37-win_amd64", "tensorflow", "2.4.0", "needs CUDA 11.0 installed, this machine has 10.1"},
        {"cu112-cudnn8.0-cp38-linux_x86_64", "tensorflow", "2.5.0", "needs cuDNN 8.1, this machine has 8.0"},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "2.4.0", "CUDA 11.0 needs driver 451.22 on Windows"},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "1.14.0", "under this name; tensorflow-gpu"},
        {"driver535.154.05-sm86-cp311-linux_x86_64", "tensorflow", "2.17.0",
         "install tensorflow[and-cuda] to get CUDA 12.3 and cuDNN 8.9"},
        {"driver441.22-sm50-cp36-win_amd64", "tensorflow", "2.2.0", "with CUDA 10.1 and cuDNN 7.6 installed"},
        {"driver581.80-sm50-cp312-win_amd64", "tensorflow", "2.18.0", "the CPU build: no GPU build is known"},
        {"cu102-cp37-win_amd64", "tensorflow", "2.3.0", "needs CUDA 10.1 installed, this machine has 10.2"},
    };
    for (const auto& [literal, project, version, why] : table)
        EXPECT_THAT(judge(literal, project, version).reason, HasSubstr(why)) << literal << " " << version;
}

TEST(TensorflowMatch, NotesWhereItHasNoGpuBuild) {
    EXPECT_THAT(match("driver581.80-sm50-cp312-win_amd64").notes(),
                testing::Contains(HasSubstr("2.10 was the last on native Windows")));
    EXPECT_THAT(match("driver535.154.05-sm86-cp312-linux_x86_64").notes(), testing::IsEmpty());
}

TEST(TensorflowMatch, OfSeveralGpusTakesTheHighestWhereNoReleaseServesAll) {
    const auto mixed = "driver535.154.05-sm30-sm86-cp311-linux_x86_64";
    EXPECT_TRUE(judge(mixed, "tensorflow", "2.17.0")) << "no release of TensorFlow has code for 3.0";
    const auto served = "driver535.154.05-sm50-sm86-cp311-linux_x86_64";
    EXPECT_FALSE(judge(served, "tensorflow", "2.17.0")) << "2.16 serves both";
    EXPECT_TRUE(judge(served, "tensorflow", "2.16.1"));
}

TEST(TensorflowMatch, LeavesOtherNamesAlone) {
    const auto one = match("driver581.80-sm50-cp310-win_amd64");
    EXPECT_FALSE(one.judges("tensorflow-intel"));
    EXPECT_FALSE(one.judges("tensorflow-cpu"));
    EXPECT_TRUE(judge("driver581.80-sm50-cp310-win_amd64", "tensorflow-intel", "2.11.0"));
}

} // namespace
} // namespace yizhan
