#include "index/page_before.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ProjectFile file(const std::string& name, std::optional<std::string> time, char digest = 'a') {
    ProjectFile out;
    out.filename = name;
    out.upload_time = std::move(time);
    out.hashes = {{"sha256", std::string(64, digest)}};
    return out;
}

std::vector<std::string> names(const ProjectPage& page) {
    std::vector<std::string> out;
    for (const auto& each : page.files)
        out.push_back(each.filename);
    return out;
}

ProjectPage six() {
    ProjectPage out;
    out.name = "six";
    out.serial = 7;
    out.status = ProjectStatus{.status = "archived", .reason = "done"};
    out.files = {file("old", "2020-01-01T00:00:00Z"), file("just", "2023-12-31T23:59:59.999999Z"),
                 file("at", "2024-01-01T00:00:00Z"),  file("east", "2024-01-01T07:59:59+08:00"),
                 file("new", "2025-01-01T00:00:00Z"), file("never", std::nullopt),
                 file("odd", "2024-13-01T00:00:00Z")};
    return out;
}

TEST(PageBefore, HasWhatCameStrictlyBefore) {
    const auto out = page_before(six(), *parse_date_time("2024-01-01"));
    EXPECT_THAT(names(out.page), ElementsAre("old", "just", "east"));
    EXPECT_EQ(out.newer, 2u);
    EXPECT_EQ(out.undated, 2u);
}

TEST(PageBefore, KeepsEverythingElseOfThePage) {
    auto expected = six();
    std::erase_if(expected.files,
                  [](const ProjectFile& each) { return each.filename == "never" || each.filename == "odd"; });
    EXPECT_EQ(page_before(six(), *parse_date_time("2030-01-01")).page, expected);
}

TEST(PageBefore, OfTheBeginningIsEmpty) {
    EXPECT_THAT(names(page_before(six(), 0).page), IsEmpty());
}

TEST(FillUploadTimes, TakesThoseOfTheSameBytesAlone) {
    ProjectPage page;
    page.files = {file("a", std::nullopt), file("b", std::nullopt, 'b'), file("c", "2020-01-01T00:00:00Z"),
                  file("d", std::nullopt), file("e", std::nullopt)};
    ProjectPage other;
    other.files = {file("a", "2021-01-01T00:00:00Z"), file("b", "2022-01-01T00:00:00Z"),
                   file("c", "2023-01-01T00:00:00Z"), file("d", std::nullopt)};
    fill_upload_times(page, other);
    EXPECT_EQ(page.files[0].upload_time, "2021-01-01T00:00:00Z");
    EXPECT_EQ(page.files[1].upload_time, std::nullopt) << "another digest: other bytes";
    EXPECT_EQ(page.files[2].upload_time, "2020-01-01T00:00:00Z") << "what it says itself stays";
    EXPECT_EQ(page.files[3].upload_time, std::nullopt);
    EXPECT_EQ(page.files[4].upload_time, std::nullopt);
}

TEST(FillUploadTimes, WithoutADigestNothingIsKnownToBeTheSame) {
    ProjectPage page;
    page.files = {file("a", std::nullopt)};
    page.files[0].hashes.clear();
    ProjectPage other;
    other.files = {file("a", "2021-01-01T00:00:00Z")};
    other.files[0].hashes.clear();
    fill_upload_times(page, other);
    EXPECT_EQ(page.files[0].upload_time, std::nullopt);
}

} // namespace
} // namespace yizhan
