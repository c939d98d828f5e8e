// A partner of torch that came after the tables: its METADATA says which torch it goes with, and the match follows it.
#include "tests/integration/wheel_tree.hpp"

namespace yizhan::integration {
namespace {

using ::testing::ElementsAre;

class Partner : public WheelTree {
  protected:
    Partner() : root_(mirror("root")), whl_(wheels("whl")) {
        for (const std::string version : {"2.10.0+cu126", "2.10.0+cu128", "2.14.1+cu126", "2.14.1+cu130"})
            on_whl("torch", version, version.substr(version.find('+') + 1), tag_);
    }
    /// A release of torchvision for each CUDA of both.
    void vision(const std::string& release, const std::string& requirement) {
        for (const std::string tag : {"cu126", "cu128", "cu130"})
            on_whl("torchvision", release + "+" + tag, tag, tag_, 1, 2 * KiB, {requirement});
    }
    void begin() {
        publish();
        publish_whl(whl_);
        start();
    }
    static std::string name(const std::string& version) { return "torchvision-" + version + "-" + tag_ + ".whl"; }

    static inline const std::string tag_ = "cp312-cp312-manylinux_2_28_x86_64";
    const std::string page_ = "/for/driver580.95.05-rtx_4090-cp312-manylinux_2_35_x86_64/simple/torchvision/";
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

} // namespace
} // namespace yizhan::integration
