#include "proxy/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(RunProgram, GivesOutputAndStatus) {
    const auto run = run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}, seconds(10));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->out, "out\n");
    EXPECT_EQ(run->status, 7);
}

TEST(RunProgram, UsesNoShellAndNoInputAndTheRootFolder) {
    const auto echoed = run_program({"echo", "$HOME; *"}, seconds(10));
    ASSERT_TRUE(echoed);
    EXPECT_EQ(echoed->out, "$HOME; *\n");
    EXPECT_EQ(run_program({"cat"}, seconds(10))->out, "");
    EXPECT_EQ(run_program({"pwd"}, seconds(10))->out, "/\n");
}

TEST(RunProgram, WhatIsNotThereIsNotFound) {
    for (const auto* const program : {"no-such-program-of-ours", "/no/such/program"}) {
        const auto run = run_program({program}, seconds(10));
        ASSERT_FALSE(run) << program;
        EXPECT_EQ(run.error().code, Errc::not_found);
    }
}

TEST(RunProgram, WhatHangsIsEndedWithItsChildren) {
    for (const auto* const script : {"sleep 100", "sleep 100 & wait", "exec >&-; sleep 100"}) {
        const auto run = run_program({"/bin/sh", "-c", script}, milliseconds(200));
        ASSERT_FALSE(run) << script;
        EXPECT_EQ(run.error().code, Errc::timeout) << script;
    }
}

TEST(RunProgram, OutputIsBounded) {
    const auto run = run_program({"head", "-c", "1000000", "/dev/zero"}, seconds(10));
    ASSERT_TRUE(run);
    EXPECT_EQ(run->out.size(), 64u * 1024);
    EXPECT_EQ(run->status, 0);
}

} // namespace
} // namespace yizhan
