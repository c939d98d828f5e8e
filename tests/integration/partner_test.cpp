// A partner of torch that came after the tables: its METADATA says which torch it goes with, and the match follows it.
#include "tests/integration/wheel_tree.hpp"

namespace yizhan::integration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class Partner : public WheelTree {
  protected:
    Partner() : root_(mirror("root")), whl_(wheels("whl")) {
        for (const std::string version : {"2.10.0+cu126", "2.10.0+cu128", "2.14.1+cu126", "2.14.1+cu130"})
            on_whl("torch", version, version.substr(version.find('+') + 1), tag_);
    }
    /// A release of a partner for each CUDA that torch has here, and for none.
    void partner(const std::string& project, const std::string& release, const std::string& requirement) {
        for (const std::string tag : {"cpu", "cu126", "cu128", "cu130", "cu132"})
            on_whl(project, release + "+" + tag, tag, tag_, 1, 2 * KiB, {requirement});
    }
    void vision(const std::string& release, const std::string& requirement) {
        partner("torchvision", release, requirement);
    }
    /// A release of torch that the tables do not know, with a higher CUDA too.
    void newer_torch() {
        for (const std::string tag : {"cpu", "cu130", "cu132"})
            on_whl("torch", "2.99.0+" + tag, tag, tag_);
    }
    void begin() {
        publish();
        publish_whl(whl_);
        start();
    }
    static std::string name(const std::string& version, const std::string& project = "torchvision") {
        return project + "-" + version + "-" + tag_ + ".whl";
    }

    static inline const std::string tag_ = "cp312-cp312-manylinux_2_28_x86_64";
    const std::string machine_ = "/for/driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64";
    const std::string page_ = machine_ + "/simple/torchvision/";
    Server& root_;
    Server& whl_;
};

TEST_F(Partner, ThatIsNewerThanTheTablesTakesTheTagOfTheTorchThatItsMetadataNames) {
    vision("0.98.0", "torch>=2.10");
    vision("0.99.0", "torch==2.10.0");
    begin();
    const Reply page = get(page_);
    EXPECT_THAT(kept(page.body), ElementsAre(name("0.98.0+cu130"), name("0.99.0+cu128")))
        << "torch 2.10.0 runs with cu128; tied to none, it goes with the newest, which has cu130";
    EXPECT_LE(whl_.record().count(name("0.98.0+cu126")), 1u) << "one small wheel is read in one piece";
    EXPECT_EQ(whl_.record().count(name("0.98.0+cu128")), 0u) << "and one of a release is enough";

    const auto asked = upstream_requests();
    for (int round = 0; round < 2; ++round) {
        const Reply again = get(page_);
        EXPECT_EQ(again.body, page.body);
        EXPECT_THAT(again.field("Cache-Status"), StartsWith("yizhan; hit; ttl="));
    }
    EXPECT_EQ(upstream_requests(), asked);
    start_offline();
    EXPECT_THAT(kept(get(page_).body), ElementsAre(name("0.98.0+cu130"), name("0.99.0+cu128")))
        << "the store has the METADATA";
}

TEST_F(Partner, WhatTheIndexOffersIsReadAndNoWheelIsOpened) {
    vision("0.99.0", "torch==2.10.0");
    const auto& plain =
        farm().index().add_wheel("torchvision", "0.99.0", {.tag = tag_, .requires_dist = {"torch==2.10.0"}});
    begin();
    EXPECT_THAT(kept(get(page_).body), ElementsAre(name("0.99.0+cu128")));
    EXPECT_EQ(root_.record().count(plain.filename + ".metadata"), 1u);
    EXPECT_EQ(root_.record().count(plain.filename), 0u);
    EXPECT_EQ(whl_.record().count(name("0.99.0+cu126")), 0u);
}

TEST_F(Partner, WhoseMetadataIsLateGoesWithTheNewestTorchUntilItIsHere) {
    vision("0.99.0", "torch==2.10.0");
    const auto& plain =
        farm().index().add_wheel("torchvision", "0.99.0", {.tag = tag_, .requires_dist = {"torch==2.10.0"}});
    root_.misbehave(farm().index().path(plain.filename) + ".metadata", Behaviour().stall_head("metadata"));
    begin();
    EXPECT_THAT(kept(get(page_).body), ElementsAre(name("0.99.0+cu130"))) << "whole, and in time for pip";
    gates().open("metadata");
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    std::vector<std::string> later;
    while (later != std::vector{name("0.99.0+cu128")} && std::chrono::steady_clock::now() < until)
        later = kept(get(page_).body);
    EXPECT_THAT(later, ElementsAre(name("0.99.0+cu128"))) << "made anew, though no page was replaced";
}

TEST_F(Partner, WhoseMetadataNobodyHasGoesWithTheNewestTorch) {
    vision("0.99.0", "torch==2.10.0");
    for (auto& entry : tree_)
        if (entry.project == "torchvision")
            entry.file.body = Body::text("no wheel " + entry.folder);
    begin();
    EXPECT_THAT(kept(get(page_).body), ElementsAre(name("0.99.0+cu130")));
}

TEST_F(Partner, TorchsOwnPageStaysAsItIsWhateverMetadataTells) {
    newer_torch();
    partner("torchaudio", "2.99.0", "torch==2.99.0");
    begin();
    const std::string page = machine_ + "/simple/torch/";
    const auto before = kept(get(page).body);
    EXPECT_THAT(before, Contains(name("2.99.0+cu130", "torch"))) << "2.14.1 may share its torchaudio, and has no cu132";
    EXPECT_THAT(kept(get(machine_ + "/simple/torchaudio/").body), ElementsAre(name("2.99.0+cu130", "torchaudio")));
    EXPECT_EQ(kept(get(page).body), before) << "whoever read it before, and its partners after, gets one CUDA";
}

TEST_F(Partner, ConstraintsOfATorchThatTheTablesDoNotKnowNameThePartnersThatAskForIt) {
    newer_torch();
    vision("0.99.0", "torch==2.99.0");
    vision("0.100.0", "torch==2.10.0");
    partner("torchaudio", "2.99.0", "torch>=2.10");
    begin();
    const Reply reply = get(machine_ + "/constraints.txt");
    EXPECT_THAT(reply.body, HasSubstr("\ntorch==2.99.0+cu130\n"));
    EXPECT_THAT(reply.body,
                HasSubstr("\n# torchvision: the tables do not know torch 2.99.0; the METADATA of 0.99.0 asks"));
    EXPECT_THAT(reply.body, HasSubstr("\ntorchvision==0.99.0+cu130\n"));
    EXPECT_THAT(reply.body, HasSubstr("\n# torchaudio: which release goes with torch 2.99.0 is not in the tables"));
}

TEST_F(Partner, AlsoForAMachineWithoutAGpuConstraintsReadMetadataAndItsPagesDoNot) {
    newer_torch();
    vision("0.99.0", "torch==2.99.0");
    const auto& plain =
        farm().index().add_wheel("torchvision", "0.99.0", {.tag = tag_, .requires_dist = {"torch==2.99.0"}});
    begin();
    const std::string machine = "/for/cpu-cp312-manylinux_2_35_x86_64";
    EXPECT_THAT(kept(get(machine + "/simple/torchvision/").body), ElementsAre(name("0.99.0+cpu")));
    EXPECT_EQ(root_.record().count(plain.filename + ".metadata"), 0u) << "no tag depends on it";
    EXPECT_THAT(get(machine + "/constraints.txt").body, HasSubstr("\ntorchvision==0.99.0+cpu\n"));
}

TEST_F(Partner, ConstraintsWaitOnceForAllPartnersAndSayWhatIsNotKnownByNow) {
    newer_torch();
    for (const std::string project : {"torchvision", "torchaudio", "torchtext"}) {
        partner(project, "9.99.0", "torch==2.99.0");
        const auto& plain =
            farm().index().add_wheel(project, "9.99.0", {.tag = tag_, .requires_dist = {"torch==2.99.0"}});
        root_.misbehave(farm().index().path(plain.filename) + ".metadata", Behaviour().stall_head("metadata"));
    }
    begin();
    const auto begun = std::chrono::steady_clock::now();
    const Reply reply = get(machine_ + "/constraints.txt");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(4)) << "2 s are for all of them together";
    EXPECT_THAT(reply.body, HasSubstr("\n# torchvision: which release goes with torch 2.99.0 is not in the tables"));
    gates().open("metadata");
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    std::string later;
    while (later.find("\ntorchaudio==9.99.0") == std::string::npos && std::chrono::steady_clock::now() < until)
        later = get(machine_ + "/constraints.txt").body;
    for (const char* line : {"\ntorchvision==9.99.0+cu130\n", "\ntorchaudio==9.99.0+cu130\n", "\ntorchtext==9.99.0\n"})
        EXPECT_THAT(later, HasSubstr(line));
}

} // namespace
} // namespace yizhan::integration
