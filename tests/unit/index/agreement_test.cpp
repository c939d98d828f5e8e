#include "index/agreement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string folder = "packages/aa/bb/" + std::string(60, 'c') + "/";

ProjectFile file(const std::string& name, const std::string& content, const std::string& where = folder) {
    ProjectFile out;
    out.filename = name;
    out.url = "https://mirror.example/" + where + name;
    out.hashes = {{"sha256", sha256(content).hex()}};
    return out;
}

WitnessedPage page(const std::string& family, std::vector<ProjectFile> files,
                   std::optional<std::uint64_t> serial = {}) {
    WitnessedPage out{.family = family, .page = {}, .serial = serial};
    out.page.name = "p";
    out.page.serial = serial;
    out.page.files = std::move(files);
    return out;
}

std::optional<KnownFile> nothing(const std::string&) {
    return std::nullopt;
}

// What the root has said of a file before.
KnownFiles known(const ProjectFile& listed) {
    return [listed](const std::string& name) -> std::optional<KnownFile> {
        if (name != listed.filename)
            return std::nullopt;
        return KnownFile{
            .digest = *listed.sha256(), .url = listed.url, .size = listed.size, .core_metadata = listed.core_metadata};
    };
}

ProjectFile with_metadata(ProjectFile out, const std::string& text) {
    out.core_metadata = {.available = true, .sha256 = sha256(text)};
    return out;
}

ProjectFile with_size(ProjectFile out, std::uint64_t size) {
    out.size = size;
    return out;
}

WitnessedPage with_status(WitnessedPage out, const std::string& status) {
    out.page.status = ProjectStatus{.status = status, .reason = "of " + out.family};
    return out;
}

std::vector<std::string> names(const Agreement& agreement) {
    std::vector<std::string> out;
    for (const auto& listed : agreement.page.files)
        out.push_back(listed.filename);
    return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Agreement, WhatTwoFamiliesSayIsShown) {
    const WitnessedPage pages[] = {page("tuna", {file("a-1.zip", "1"), file("a-2.zip", "2")}),
                                   page("aliyun", {file("a-1.zip", "1")})};
    const auto agreement = agreed_page(pages, nothing);
    EXPECT_THAT(names(agreement), ElementsAre("a-1.zip"));
    ASSERT_EQ(agreement.withheld.size(), 1u);
    EXPECT_EQ(agreement.withheld[0].filename, "a-2.zip");
    EXPECT_THAT(agreement.conflicts, IsEmpty());
}

TEST(Agreement, OneFamilyTwiceIsOneWitness) {
    const WitnessedPage pages[] = {page("tuna", {file("a-1.zip", "1")}), page("tuna", {file("a-1.zip", "1")})};
    EXPECT_THAT(names(agreed_page(pages, nothing)), IsEmpty());
}

TEST(Agreement, WhatIsKnownNeedsNoSecondWitness) {
    const WitnessedPage pages[] = {page("tuna", {file("a-1.zip", "1"), file("a-2.zip", "2")})};
    const auto agreement = agreed_page(pages, known(file("a-1.zip", "1")));
    EXPECT_THAT(names(agreement), ElementsAre("a-1.zip"));
}

TEST(Agreement, NoMajorityBeatsWhatIsKnown) {
    const WitnessedPage pages[] = {page("tuna", {file("a-1.zip", "evil")}), page("aliyun", {file("a-1.zip", "evil")})};
    const auto agreement = agreed_page(pages, known(file("a-1.zip", "1")));
    EXPECT_THAT(names(agreement), IsEmpty());
    ASSERT_EQ(agreement.conflicts.size(), 1u);
    EXPECT_EQ(agreement.conflicts[0].claims.size(), 3u);
}

TEST(Agreement, TheMinoritysFileIsRefusedAndToldOf) {
    const WitnessedPage pages[] = {page("liar", {file("a-1.zip", "evil")}, 9), page("tuna", {file("a-1.zip", "1")}),
                                   page("aliyun", {file("a-1.zip", "1")})};
    const auto agreement = agreed_page(pages, nothing);
    ASSERT_THAT(names(agreement), ElementsAre("a-1.zip"));
    EXPECT_EQ(*agreement.page.files[0].sha256(), sha256("1"));
    ASSERT_EQ(agreement.conflicts.size(), 1u);
    EXPECT_EQ(agreement.conflicts[0].filename, "a-1.zip");
}

TEST(Agreement, TheSameDigestAtAnotherPathIsAnotherClaim) {
    // A liar may list the right digest under a path of its own, whose bytes would then be its own.
    const WitnessedPage pages[] = {page("liar", {file("a-1.zip", "1", "packages/dd/ee/" + std::string(60, 'f') + "/")}),
                                   page("tuna", {file("a-1.zip", "1")})};
    EXPECT_THAT(names(agreed_page(pages, nothing)), IsEmpty());
}

TEST(Agreement, TheFreshestPageGivesOrderAndAttributes) {
    auto yanked = file("a-1.zip", "1");
    yanked.yanked = "broken";
    const WitnessedPage pages[] = {page("old", {file("a-2.zip", "2"), file("a-1.zip", "1")}, 5),
                                   page("new", {yanked, file("a-2.zip", "2")}, 7)};
    const auto agreement = agreed_page(pages, nothing);
    EXPECT_THAT(names(agreement), ElementsAre("a-1.zip", "a-2.zip"));
    EXPECT_EQ(agreement.page.files[0].yanked, "broken");
    EXPECT_EQ(agreement.page.serial, 5u) << "which both have reached";
}

TEST(Agreement, HowFreshAPageIsItsAnswersHeadMayTell) {
    auto newer = page("new", {file("a-2.zip", "2"), file("a-1.zip", "1")});
    newer.serial = 7;
    const WitnessedPage pages[] = {page("old", {file("a-1.zip", "1"), file("a-2.zip", "2")}, 5), newer};
    EXPECT_THAT(names(agreed_page(pages, nothing)), ElementsAre("a-2.zip", "a-1.zip"));
}

TEST(Agreement, AFileWithoutADigestConfirmsNothing) {
    auto bare = file("a-1.zip", "1");
    bare.hashes.clear();
    const WitnessedPage pages[] = {page("tuna", {bare}), page("aliyun", {bare})};
    const auto agreement = agreed_page(pages, nothing);
    EXPECT_THAT(names(agreement), IsEmpty());
    ASSERT_EQ(agreement.withheld.size(), 1u);
}

TEST(Agreement, OneMirrorsWordOnMetadataIsNotShownHoweverFreshItIs) {
    const WitnessedPage pages[] = {page("liar", {with_metadata(file("a-1.zip", "1"), "forged")}, 9),
                                   page("tuna", {with_metadata(file("a-1.zip", "1"), "true")}, 7)};
    const auto open = agreed_page(pages, nothing);
    ASSERT_THAT(names(open), ElementsAre("a-1.zip"));
    EXPECT_EQ(open.page.files[0].core_metadata, CoreMetadata{}) << "nobody is believed";
    const auto settled = agreed_page(pages, known(with_metadata(file("a-1.zip", "1"), "true")));
    ASSERT_THAT(names(settled), ElementsAre("a-1.zip"));
    EXPECT_EQ(settled.page.files[0].core_metadata.sha256, sha256("true"));
}

TEST(Agreement, TwoFamiliesWordOnMetadataIsShown) {
    const WitnessedPage pages[] = {page("liar", {with_metadata(file("a-1.zip", "1"), "forged")}, 9),
                                   page("tuna", {with_metadata(file("a-1.zip", "1"), "true")}),
                                   page("aliyun", {with_metadata(file("a-1.zip", "1"), "true")})};
    const auto agreement = agreed_page(pages, nothing);
    ASSERT_THAT(names(agreement), ElementsAre("a-1.zip"));
    EXPECT_EQ(agreement.page.files[0].core_metadata, (CoreMetadata{.available = true, .sha256 = sha256("true")}));
}

TEST(Agreement, WhatTwoPairsSayOfMetadataIsLeftOpen) {
    const WitnessedPage pages[] = {page("a", {with_metadata(file("a-1.zip", "1"), "this")}),
                                   page("b", {with_metadata(file("a-1.zip", "1"), "this")}),
                                   page("c", {with_metadata(file("a-1.zip", "1"), "that")}),
                                   page("d", {with_metadata(file("a-1.zip", "1"), "that")})};
    EXPECT_EQ(agreed_page(pages, nothing).page.files.at(0).core_metadata, CoreMetadata{});
}

TEST(Agreement, MetadataThatTheKnownWordLacksIsNotAdded) {
    // Its digest would stand in no ledger, and the root alone could be asked for it.
    const WitnessedPage pages[] = {page("tuna", {with_metadata(file("a-1.zip", "1"), "text")}),
                                   page("aliyun", {with_metadata(file("a-1.zip", "1"), "text")})};
    EXPECT_EQ(agreed_page(pages, known(file("a-1.zip", "1"))).page.files.at(0).core_metadata, CoreMetadata{});
}

TEST(Agreement, AKnownFileAtALiarsOwnPathIsShownAtTheKnownOne) {
    const auto honest = file("a-1.zip", "1");
    // Paths are looked at in their order, and ours for a sha256 comes before PyPI's.
    for (const auto& first : {"packages/00/00/" + std::string(60, '0') + "/", std::string("elsewhere/")}) {
        auto lie = file("a-1.zip", "1", first);
        lie.requires_python = ">=99";
        auto told = honest;
        told.requires_python = ">=3";
        const WitnessedPage pages[] = {page("liar", {lie}, 3), page("tuna", {told}, 7)};
        const auto agreement = agreed_page(pages, known(honest));
        ASSERT_THAT(names(agreement), ElementsAre("a-1.zip")) << first;
        EXPECT_EQ(agreement.page.files[0].url, honest.url);
        EXPECT_EQ(agreement.page.files[0].requires_python, ">=3") << "the freshest page's, and not the liar's";
        const auto alone = agreed_page(std::span(pages).first(1), known(honest));
        ASSERT_THAT(names(alone), ElementsAre("a-1.zip")) << first;
        EXPECT_EQ(alone.page.files[0].url, honest.url);
    }
}

TEST(Agreement, AWrongSizeByOneIsLeftOpen) {
    const WitnessedPage pages[] = {page("liar", {with_size(file("a-1.zip", "1"), 99)}, 9),
                                   page("tuna", {with_size(file("a-1.zip", "1"), 1)}),
                                   page("aliyun", {with_size(file("a-1.zip", "1"), 1)})};
    EXPECT_EQ(agreed_page(std::span(pages).first(2), nothing).page.files.at(0).size, std::nullopt);
    EXPECT_EQ(agreed_page(pages, nothing).page.files.at(0).size, 1u) << "two families say so";
    EXPECT_EQ(agreed_page(std::span(pages).first(2), known(with_size(file("a-1.zip", "1"), 1))).page.files.at(0).size,
              1u);
}

TEST(Agreement, WhatIsSaidOfOtherBytesIsNoWordAboutTheseOnes) {
    const WitnessedPage pages[] = {page("liar", {with_size(file("a-1.zip", "evil"), 4)}),
                                   page("tuna", {with_size(file("a-1.zip", "1"), 4)}),
                                   page("aliyun", {file("a-1.zip", "1")})};
    EXPECT_EQ(agreed_page(pages, nothing).page.files.at(0).size, std::nullopt);
}

TEST(Agreement, OtherDigestsOfOneMirrorsAreNotPassedOn) {
    auto more = file("a-1.zip", "1");
    more.hashes.emplace_back("sha512", std::string(128, '0'));
    const WitnessedPage pages[] = {page("liar", {more}, 9), page("tuna", {file("a-1.zip", "1")})};
    EXPECT_EQ(agreed_page(pages, nothing).page.files.at(0).hashes, file("a-1.zip", "1").hashes);
}

TEST(Agreement, OneFamilysQuarantineIsNotAppliedTwoFamiliesIs) {
    const std::vector<ProjectFile> files{file("a-1.zip", "1")};
    const WitnessedPage pages[] = {with_status(page("liar", files, 9), "quarantined"),
                                   with_status(page("liar", files, 9), "quarantined"), page("tuna", files),
                                   with_status(page("aliyun", files, 9), "quarantined")};
    EXPECT_EQ(agreed_page(std::span(pages).first(3), nothing).page.status, std::nullopt);
    const auto agreement = agreed_page(pages, nothing);
    ASSERT_TRUE(agreement.page.status);
    EXPECT_EQ(agreement.page.status->status, "quarantined");
    EXPECT_EQ(agreement.page.status->reason, "of liar") << "the freshest page's words";
}

TEST(Agreement, WhoClaimsToBeFarAheadSetsNoMark) {
    const WitnessedPage pages[] = {page("liar", {file("a-1.zip", "1")}, 1'000'000'000'000),
                                   page("tuna", {file("a-1.zip", "1")}, 101), page("aliyun", {file("a-1.zip", "1")})};
    EXPECT_EQ(agreed_page(pages, nothing).page.serial, 101u);
}

TEST(Agreement, WhatLaggardsStillSayOfAProjectMayHaveBeenLifted) {
    auto old = {page("tuna", {}, 10), page("aliyun", {}, 10)};
    std::vector<WitnessedPage> pages{page("ustc", {file("a-1.zip", "1")}, 11)};
    for (auto laggard : old) {
        laggard.page.status = ProjectStatus{.status = "quarantined", .reason = ""};
        pages.push_back(laggard);
    }
    EXPECT_FALSE(agreed_page(pages, nothing).page.status);
}

TEST(Agreement, MetadataThatMirrorsDidNotTellBeforeTheyMayTellNow) {
    auto told = file("a-1.whl", "1");
    told.core_metadata = {.available = true, .sha256 = sha256("m")};
    const WitnessedPage pages[] = {page("tuna", {told}), page("aliyun", {told})};
    for (const bool of_root : {true, false}) {
        const auto known = [&](const std::string&) {
            return std::optional(
                KnownFile{.digest = sha256("1"), .url = told.url, .size = {}, .core_metadata = {}, .of_root = of_root});
        };
        const auto agreement = agreed_page(pages, known);
        ASSERT_EQ(agreement.page.files.size(), 1u);
        EXPECT_EQ(agreement.page.files[0].core_metadata.available, !of_root);
    }
}

TEST(Agreement, NobodySaysNothing) {
    EXPECT_THAT(names(agreed_page({}, nothing)), IsEmpty());
}

} // namespace
} // namespace yizhan
