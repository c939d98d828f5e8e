#include "index/pin_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;

constexpr const char* k620 = "driver441.22-sm50-cp36-win_amd64";
constexpr const char* v100 = "driver580.95.05-sm70-cp311-manylinux_2_36_x86_64";

struct Checked {
    std::string nearest; ///< "fine" where there is no trouble
    std::string reason;
};

Checked check(std::string_view literal, std::string_view project, std::string_view specifiers) {
    const auto machine = parse_machine(literal, embedded_tables());
    EXPECT_TRUE(machine) << machine.error().message;
    const auto match = MachineMatch::of(*machine, embedded_tables());
    EXPECT_TRUE(match);
    const auto out = check_pin(project, specifiers, *match, embedded_tables());
    return out ? Checked{out->nearest, out->reason} : Checked{"fine", ""};
}

TEST(Pin, OfATagThatTheDriverDoesNotRunNamesTheOneThatItDoes) {
    const auto out = check(k620, "torch", "==1.9.0+cu111");
    EXPECT_EQ(out.nearest, "torch==1.9.0+cu102");
    EXPECT_THAT(out.reason, HasSubstr("452.39"));
    EXPECT_EQ(check(k620, "torch", "==1.9.0+cu102").nearest, "fine");
    EXPECT_EQ(check(k620, "torch", "==1.9.0").nearest, "fine") << "a matched page gives it the right tag";
}

TEST(Pin, TheNearestTagIsTheHighestAsANumber) {
    EXPECT_EQ(check(k620, "torch", "==1.7.1+cu110").nearest, "torch==1.7.1+cu102") << "and not +cu92, as text";
}

TEST(Pin, OfATagWithoutCodeForTheGpuNamesOneWithIt) {
    const auto out = check(v100, "torch", "==2.13.0+cu130");
    EXPECT_EQ(out.nearest, "torch==2.13.0+cu126");
    EXPECT_THAT(out.reason, HasSubstr("no code for 7.0"));
}

TEST(Pin, OfAReleaseWithoutBuildsForThePythonNamesTheNearestBelow) {
    const auto out = check(k620, "torch", "==2.0.0");
    EXPECT_EQ(out.nearest, "torch==1.10.2+cu102");
    EXPECT_THAT(out.reason, HasSubstr("no builds for Python 3.6"));
    EXPECT_EQ(check(v100, "torch", "==1.9.0").nearest, "torch==2.0.0+cu118") << "nothing below has cp311";
}

TEST(Pin, RangesAreFineWhereAnyOfTheirBuildsRuns) {
    EXPECT_EQ(check(k620, "torch", ">=1.7,<2").nearest, "fine");
    EXPECT_EQ(check(k620, "torch", ">=1.11").nearest, "torch==1.10.2+cu102");
    EXPECT_EQ(check(k620, "torch", "").nearest, "fine");
}

TEST(Pin, IdentityIsAPinToo) {
    EXPECT_EQ(check(k620, "torchaudio", "===0.9.0").nearest, "fine") << "one build for every CUDA, without a tag";
    EXPECT_EQ(check(k620, "torchvision", "===0.10.0+cu111").nearest, "torchvision==0.10.0+cu102");
}

TEST(Pin, OnAMachineWithoutAGpuTheCpuBuildIsTheNearest) {
    EXPECT_EQ(check("cpu-cp38-win_amd64", "torch", "==1.9.0+cu111").nearest, "torch==1.9.0+cpu");
    EXPECT_EQ(check("cpu-cp38-win_amd64", "torch", "==1.9.0").nearest, "fine");
}

TEST(Pin, ABuildOfAnotherVendorNeverFits) {
    EXPECT_EQ(check(v100, "torch", "==2.6.0+rocm6.2").nearest, "torch==2.6.0+cu126");
}

TEST(Pin, ATagThatTheTablesDoNotListIsJudgedByItself) {
    EXPECT_EQ(check(k620, "torch", "==1.9.0+cu112").nearest, "torch==1.9.0+cu102");
}

TEST(Pin, OfTensorflowKnowsTheEndOnNativeWindows) {
    const auto out = check("driver580.95-sm86-cp310-win_amd64", "tensorflow", "==2.15.0");
    EXPECT_EQ(out.nearest, "tensorflow==2.10.0");
    EXPECT_THAT(out.reason, HasSubstr("native Windows"));
    EXPECT_EQ(check("driver580.95-sm86-cp310-win_amd64", "tensorflow", "==2.11.1").nearest, "tensorflow==2.10.0");
    EXPECT_EQ(check("driver580.95-sm86-cp310-win_amd64", "tensorflow", "==2.10.0").nearest, "fine");
}

TEST(Pin, OtherProjectsAndUnknownReleasesAreNotJudged) {
    EXPECT_EQ(check(k620, "numpy", "==99").nearest, "fine");
    EXPECT_EQ(check(k620, "torch", "==99.0").nearest, "fine");
    EXPECT_EQ(check(k620, "torch", "nonsense").nearest, "fine");
}

} // namespace
} // namespace yizhan
