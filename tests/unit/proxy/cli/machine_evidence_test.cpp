// Real programs and files, made up: a folder stands for the root of the file system, scripts for nvidia-smi.
#include "proxy/cli/machine_evidence.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace yizhan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Evidence : public testing::Test {
  protected:
    Evidence() { ::setenv("PATH", (folder_.path() / "bin:/usr/bin:/bin").c_str(), 1); }

    void write(const fs::path& path, const std::string& text) {
        const auto full = folder_.path() / path;
        fs::create_directories(full.parent_path());
        std::ofstream(full) << text;
    }
    void script(const fs::path& path, const std::string& text) {
        write(path, "#!/bin/sh\n" + text);
        fs::permissions(folder_.path() / path, fs::perms::owner_all);
    }
    MachineEvidence gathered(const std::string& python = "python3") { return gather_evidence(folder_.path(), python); }

  private:
    TemporaryFolder folder_;
};

TEST_F(Evidence, OfAMachineWithoutAnythingIsEmpty) {
    const auto out = gathered("no-such-python");
    EXPECT_FALSE(out.smi_found);
    EXPECT_EQ(out.smi + out.proc_driver + out.module_version + out.kernel, "");
    EXPECT_EQ(out.nvidia_devices, 0u);
    EXPECT_FALSE(out.python);
    EXPECT_NE(out.processor, "");
    EXPECT_THAT(out.libc, HasSubstr("glibc 2."));
}

TEST_F(Evidence, FilesOfTheKernelAreRead) {
    write("proc/version", "Linux version 6.1.0");
    write("proc/driver/nvidia/version", "NVRM version: …");
    write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: Tesla T4");
    write("sys/module/nvidia/version", "470.82.01\n");
    write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    write("sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n");
    write("sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n"); // the card's sound
    write("sys/bus/pci/devices/0000:01:00.1/class", "0x040300\n");
    write("sys/bus/pci/devices/0000:02:00.0/vendor", "0x8086\n");
    write("sys/bus/pci/devices/0000:02:00.0/class", "0x030000\n");
    const auto out = gathered();
    EXPECT_EQ(out.kernel, "Linux version 6.1.0");
    EXPECT_EQ(out.module_version, "470.82.01\n");
    EXPECT_THAT(out.proc_gpus, testing::ElementsAre("Model: Tesla T4"));
    EXPECT_EQ(out.nvidia_devices, 1u);
}

TEST_F(Evidence, NvidiaSmiIsAskedForWhatItKnows) {
    script("bin/nvidia-smi", "[ \"$*\" = '--query-gpu=driver_version,compute_cap,name --format=csv,noheader' ] && "
                             "echo '580.95.05, 7.0, Tesla V100'\n");
    const auto out = gathered();
    EXPECT_TRUE(out.smi_found);
    EXPECT_TRUE(out.smi_with_capability);
    EXPECT_EQ(out.smi, "580.95.05, 7.0, Tesla V100\n");
}

TEST_F(Evidence, AnOldNvidiaSmiIsAskedAgainWithoutTheCapability) {
    script("bin/nvidia-smi",
           "case \"$1\" in *compute_cap*) echo 'Field \"compute_cap\" is not a valid field to query.'; "
           "exit 2;; esac\necho '441.22, Quadro K620'\n");
    const auto out = gathered();
    EXPECT_FALSE(out.smi_with_capability);
    EXPECT_EQ(out.smi, "441.22, Quadro K620\n");
}

TEST_F(Evidence, UnderWsl2ItIsFoundOffThePath) {
    script("usr/lib/wsl/lib/nvidia-smi", "echo '552.44, 8.9, RTX 4060'\n");
    const auto out = gathered();
    EXPECT_TRUE(out.smi_found);
    EXPECT_EQ(out.smi, "552.44, 8.9, RTX 4060\n");
}

TEST_F(Evidence, TheRealPythonAnswersTheQuestion) {
    const auto out = gathered();
    if (!out.python)
        GTEST_SKIP() << "there is no python3 here";
    EXPECT_THAT(*out.python, testing::MatchesRegex("CPython 3\\.[0-9]+ (gil|free) linux-[a-z0-9_]+\n"));
}

TEST_F(Evidence, APythonThatFailsHasSaidNothing) {
    script("bin/python3", "echo oops >&2\nexit 1\n");
    const auto out = gathered();
    ASSERT_TRUE(out.python);
    EXPECT_EQ(*out.python, "");
}

} // namespace
} // namespace yizhan
