#include "index/torch_tags.hpp"
#include "tests/unit/index/torch_shelf.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

const Tables& tables() {
    return embedded_tables();
}

/// Judged as if everything ran, unless `kept` says otherwise.
JudgedFile build(const std::string& version, const std::string& python, bool kept = true) {
    JudgedFile out;
    const auto name = "torch-" + version + "-" + python + "-" + python + "-win_amd64.whl";
    out.build = BuildFacts::of(*parse_wheel_filename(name), "", tables());
    out.release = out.build->version.public_str();
    out.python = python;
    out.judged = {kept, ""};
    return out;
}

std::string chosen(const std::vector<JudgedFile>& files, const std::string& release, const std::string& python) {
    const auto choice = TorchTags::of(files, tables()).find(release, python);
    return choice ? choice->cuda.tag() + (choice->shared ? " shared" : "") : "none";
}

TEST(TorchTags, TakesTheHighestByNumber) {
    EXPECT_EQ(chosen({build("1.7.0+cu92", "cp38"), build("1.7.0+cu110", "cp38"), build("1.7.0+cu101", "cp38")}, "1.7.0",
                     "cp38"),
              "cu110");
    EXPECT_EQ(chosen({build("1.7.0+cu92", "cp38"), build("1.7.0+cu110", "cp38", false)}, "1.7.0", "cp38"), "cu92");
    EXPECT_EQ(chosen({build("1.7.0+cpu", "cp38")}, "1.7.0", "cp38"), "none");
}

TEST(TorchTags, ReleasesWithOneTorchaudioTakeWhatAllOfThemHave) {
    const std::vector<JudgedFile> files{build("2.10.0+cu130", "cp312"), build("2.11.0+cu128", "cp312"),
                                        build("2.11.0+cu130", "cp312"), build("2.12.0+cu130", "cp312"),
                                        build("2.12.0+cu132", "cp312"), build("2.14.1+cu130", "cp312"),
                                        build("2.14.1+cu132", "cp312")};
    EXPECT_EQ(chosen(files, "2.14.1", "cp312"), "cu130 shared");
    EXPECT_EQ(chosen(files, "2.11.0", "cp312"), "cu130");
    EXPECT_EQ(chosen(files, "2.10.0", "cp312"), "cu130") << "its torchaudio is its own";
}

TEST(TorchTags, AReleaseThatDoesNotRunTiesNobody) {
    EXPECT_EQ(chosen({build("2.11.0+cu128", "cp312", false), build("2.12.0+cu132", "cp312")}, "2.12.0", "cp312"),
              "cu132");
}

TEST(TorchTags, WhereNothingIsCommonEachTakesItsOwn) {
    const std::vector<JudgedFile> files{build("2.11.0+cu128", "cp312"), build("2.12.0+cu132", "cp312")};
    EXPECT_EQ(chosen(files, "2.11.0", "cp312"), "cu128");
    EXPECT_EQ(chosen(files, "2.12.0", "cp312"), "cu132");
}

TEST(TorchTags, AReleaseNewerThanTheTablesTakesWhatTheNewestKnownOneTakes) {
    std::vector<JudgedFile> files{build("2.11.0+cu130", "cp312"), build("2.14.1+cu130", "cp312"),
                                  build("2.14.1+cu132", "cp312"), build("2.99.0+cu130", "cp312"),
                                  build("2.99.0+cu140", "cp312"), build("2.99.0+cu140", "cp313")};
    EXPECT_EQ(chosen(files, "2.99.0", "cp312"), "cu130 shared");
    EXPECT_EQ(chosen(files, "2.99.0", "cp313"), "cu140") << "no other release runs for this Python";
    files[3].judged.kept = false;
    EXPECT_EQ(chosen(files, "2.99.0", "cp312"), "cu140") << "it has no cu130";
    EXPECT_EQ(chosen(files, "2.14.1", "cp312"), "cu130 shared") << "and disturbs nobody";
}

TEST(TorchTags, TheNewestIsTheHighestReleaseByNumber) {
    const auto tags =
        TorchTags::of(std::vector{build("2.9.0+cu126", "cp312"), build("2.10.0+cu128", "cp312")}, tables());
    EXPECT_EQ(tags.newest("cp312")->cuda.tag(), "cu128");
    EXPECT_EQ(tags.newest("cp312", "2.9.1")->cuda.tag(), "cu126");
    EXPECT_FALSE(tags.newest("cp313"));
}

TEST(TorchTags, PythonsAreTiedApart) {
    const std::vector<JudgedFile> files{build("2.11.0+cu130", "cp312"), build("2.12.0+cu130", "cp312"),
                                        build("2.12.0+cu132", "cp312"), build("2.12.0+cu132", "cp313")};
    EXPECT_EQ(chosen(files, "2.12.0", "cp312"), "cu130 shared");
    EXPECT_EQ(chosen(files, "2.12.0", "cp313"), "cu132");
}

} // namespace
} // namespace yizhan
