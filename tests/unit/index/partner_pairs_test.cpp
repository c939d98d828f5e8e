#include "index/partner_pairs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

std::string required(const std::string& lines) {
    return required_torch("Metadata-Version: 2.1\nName: torchvision\n" + lines + "\nThe words\n").value_or("nothing");
}

TEST(RequiredTorch, IsTheOneReleaseThatIsNamed) {
    EXPECT_EQ(required("Requires-Dist: numpy\nRequires-Dist: torch==2.11.0\nRequires-Dist: pillow>=5.3\n"), "2.11.0");
    EXPECT_EQ(required("Requires-Dist: torch (==1.9.0)\n"), "1.9.0") << "as setuptools wrote it";
    EXPECT_EQ(required("requires-dist: Torch == 2.11.0 ; python_version >= '3.9'\r\n"), "2.11.0");
    EXPECT_EQ(required("Requires-Dist: torch==2.0.0+cu118\n"), "2.0.0") << "a label is no part of the release";
    EXPECT_EQ(required("Requires-Dist: torch==2.11\n"), "2.11.0") << "as the tables spell it";
}

TEST(RequiredTorch, AnythingElseNamesNone) {
    for (const char* clause : {"", ">=2.11", "~=2.11.0", "==2.11.*", "===2.11.0", "==2.11.0,!=2.11.1", ">=2,==2.11.0",
                               "==2.15.0rc1", "==2.15.0.dev20260101", "==2.11.0.post1", " @ https://x.example/t.whl",
                               "[opt]==2.11.0", "(==2.11.0", "-tensorrt==2.11.0", "vision==0.26.0"})
        EXPECT_EQ(required(std::string("Requires-Dist: torch") + clause + "\n"), "nothing") << clause;
    EXPECT_EQ(required(""), "nothing");
    EXPECT_EQ(required("\nRequires-Dist: torch==2.11.0\n"), "nothing") << "the words below are the author's";
}

TEST(RequiredTorch, LinesThatDifferNameNoneAndExtrasDoNotCount) {
    EXPECT_EQ(required("Requires-Dist: torch==2.11.0 ; sys_platform == 'linux'\n"
                       "Requires-Dist: torch==2.10.0 ; sys_platform == 'win32'\n"),
              "nothing");
    EXPECT_EQ(required("Requires-Dist: torch==2.11.0 ; sys_platform == 'linux'\n"
                       "Requires-Dist: torch==2.11.0 ; sys_platform == 'win32'\n"),
              "2.11.0");
    EXPECT_EQ(required("Requires-Dist: torch==2.11.0\nRequires-Dist: torch>=2.0 ; extra == 'test'\n"), "2.11.0");
    EXPECT_EQ(required("Requires-Dist: torch==2.11.0\nRequires-Dist: torch<3\n"), "nothing");
}

} // namespace
} // namespace yizhan
