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
    WitnessedPage out{.family = family, .page = {}};
    out.page.name = "p";
    out.page.serial = serial;
    out.page.files = std::move(files);
    return out;
}

std::optional<Sha256> nothing(const std::string&) {
    return std::nullopt;
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
    const auto agreement = agreed_page(pages, [](const std::string& name) -> std::optional<Sha256> {
        return name == "a-1.zip" ? std::optional(sha256("1")) : std::nullopt;
    });
    EXPECT_THAT(names(agreement), ElementsAre("a-1.zip"));
}

TEST(Agreement, NoMajorityBeatsWhatIsKnown) {
    const WitnessedPage pages[] = {page("tuna", {file("a-1.zip", "evil")}), page("aliyun", {file("a-1.zip", "evil")})};
    const auto agreement = agreed_page(pages, [](const std::string&) { return std::optional(sha256("1")); });
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
    EXPECT_EQ(agreement.page.serial, 7u);
}

TEST(Agreement, AFileWithoutADigestConfirmsNothing) {
    auto bare = file("a-1.zip", "1");
    bare.hashes.clear();
    const WitnessedPage pages[] = {page("tuna", {bare}), page("aliyun", {bare})};
    const auto agreement = agreed_page(pages, nothing);
    EXPECT_THAT(names(agreement), IsEmpty());
    ASSERT_EQ(agreement.withheld.size(), 1u);
}

TEST(Agreement, NobodySaysNothing) {
    EXPECT_THAT(names(agreed_page({}, nothing)), IsEmpty());
}

} // namespace
} // namespace yizhan
