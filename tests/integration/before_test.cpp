// Indexes as they were: /before/<date>/ over every spelling, and the setting that lets files ripen.
#include "tests/integration/stage.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <ctime>

namespace yizhan::integration {
namespace {

constexpr const char* json_type = "application/vnd.pypi.simple.v1+json";

/// RFC 3339, so many days ago.
std::string days_ago(int days) {
    const std::time_t then = std::time(nullptr) - static_cast<std::time_t>(days) * 86400;
    std::tm utc{};
    gmtime_r(&then, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
}

class Before : public Stage {
  protected:
    Before() { root_ = &mirror("root"); }

    std::string version(const std::string& number, const std::string& uploaded) {
        auto& file = farm().index().add_wheel("six", number);
        file.upload_time = uploaded;
        return file.filename;
    }
    /// "1.0 2.0": the versions whose files a page lists.
    std::string listed(const std::string& target) {
        const auto page = get(target);
        EXPECT_EQ(page.status, 200u) << page.body;
        std::string out;
        for (const auto& filename : farm().index().filenames())
            if (!href_of(page.body, filename).empty())
                out += (out.empty() ? "" : " ") + filename.substr(4, 3);
        return out;
    }

    Server* root_ = nullptr;
};

TEST_F(Before, APageHasWhatCameBeforeAndSaysWhatIsLeftOut) {
    version("1.0", "2020-01-01T00:00:00Z");
    version("2.0", "2023-12-31T23:59:59.999999Z");
    version("3.0", "2024-01-01T00:00:00Z");
    version("4.0", "");
    publish();
    start();
    EXPECT_EQ(listed("/simple/six/"), "1.0 2.0 3.0 4.0");
    EXPECT_EQ(get("/simple/six/").field("Yizhan-Hidden"), "");
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0 2.0");
    EXPECT_EQ(listed("/before/2024-01-01T00:00:01Z/simple/six/"), "1.0 2.0 3.0");
    EXPECT_EQ(listed("/before/2024-01-01T08:00:00+08:00/simple/six/"), "1.0 2.0");
    EXPECT_EQ(listed("/before/1999-01-01/simple/six/"), "");
    EXPECT_EQ(listed("/simple/six/"), "1.0 2.0 3.0 4.0") << "a dated page is no page of today's";
    for (int round = 0; round < 2; ++round) // made, and then from memory
        EXPECT_EQ(get("/before/2024-01-01/simple/six/").field("Yizhan-Hidden"), "too-new=1, without-upload-time=1");
    EXPECT_EQ(root_->record().count("/simple/six/"), 1u) << "one page upstream serves every date";
}

TEST_F(Before, JsonListsTheVersionsThatAreLeft) {
    version("1.0", "2020-01-01T00:00:00Z");
    version("2.0", "2025-01-01T00:00:00Z");
    publish();
    start();
    const auto json = boost::json::parse(get("/before/2024-01-01/simple/six/", {{"Accept", json_type}}).body);
    EXPECT_EQ(boost::json::serialize(json.at("versions")), "[\"1.0\"]");
    EXPECT_EQ(json.at("files").as_array().size(), 1u);
}

TEST_F(Before, LinksClimbOutToTheCanonicalPath) {
    const auto filename = version("1.0", "2020-01-01T00:00:00Z");
    publish();
    start();
    const auto& file = farm().index().find(filename);
    for (const std::string tree :
         {"/before/2024-01-01/simple/", "/before/2024-01-01/pypi/simple/", "/before/2024-01-01/pypi/web/simple/"}) {
        const auto page = get(tree + "six/");
        EXPECT_EQ(resolved(tree + "six/", href_of(page.body, filename)), path_of(file)) << tree;
    }
    EXPECT_EQ(get(path_of(file)).body, file.body.str());
    EXPECT_EQ(get("/before/2024-01-01" + path_of(file)).status, 404u) << "a file has one path";
}

TEST_F(Before, TheSpellingOfTheIndexIsMendedThereToo) {
    version("1.0", "2020-01-01T00:00:00Z");
    publish();
    start();
    EXPECT_EQ(get("/before/2024-01-01/simple/Six").field("Location"), "six/");
    EXPECT_EQ(get("/before/2024-01-01/simple").field("Location"), "simple/");
    get("/simple/six/");
    EXPECT_THAT(list_with("six", "/before/2024-01-01/simple/"), HasSubstr("six/"));
}

TEST_F(Before, WhatIsNoDateOrNoIndexIsRefusedInWords) {
    start();
    for (const auto* const target : {"/before/", "/before/yesterday/simple/six/", "/before/2024-02-30/simple/six/"}) {
        const auto reply = get(target);
        EXPECT_EQ(reply.status, 404u) << target;
        EXPECT_THAT(reply.body, HasSubstr("/before/2024-06-30/simple/")) << target;
    }
    for (const auto* const target : {"/before/2024-01-01/", "/before/2024-01-01/status", "/before/2024-01-01/livez",
                                     "/before/2024-01-01/before/2023-01-01/simple/six/"})
        EXPECT_EQ(get(target).status, 404u) << target;
    EXPECT_EQ(root_->record().size(), 0u);
}

TEST_F(Before, ManyDatesDoNotPileUp) {
    version("1.0", "2020-01-01T00:00:00Z");
    publish();
    start();
    for (int day = 1; day <= 28; ++day)
        for (int month = 1; month <= 4; ++month)
            EXPECT_EQ(listed(fmt::format("/before/2024-{:02}-{:02}/simple/six/", month, day)), "1.0");
}

TEST_F(Before, YoungFilesAreNotListedWhereTheSettingSaysSo) {
    set("pypi.min_age = '7d'");
    version("1.0", days_ago(30));
    version("2.0", days_ago(8));
    version("3.0", days_ago(6));
    version("4.0", "");
    publish();
    start();
    EXPECT_EQ(listed("/simple/six/"), "1.0 2.0");
    EXPECT_EQ(listed("/simple/six/"), "1.0 2.0") << "from memory";
    EXPECT_EQ(get("/simple/six/").field("Yizhan-Hidden"), "too-new=1, without-upload-time=1");
    EXPECT_EQ(listed("/before/" + days_ago(20) + "/simple/six/"), "1.0");
    EXPECT_EQ(listed("/before/" + days_ago(0) + "/simple/six/"), "1.0 2.0") << "no date makes files older";
    EXPECT_EQ(get("/livez").status, 200u);
}

TEST_F(Before, ARootThatTellsNoTimesIsCompletedByItsMirrorsForTheSameBytes) {
    Server& html = mirror("html");
    Server& json = mirror("json");
    version("1.0", "2020-01-01T00:00:00Z");
    version("2.0", "2025-01-01T00:00:00Z");
    const auto other = version("3.0", "2020-01-01T00:00:00Z");
    for (auto* each : {root_, &html})
        farm().index().publish(*each, {.json = false});
    farm().index().publish(json, {.other_hash = {other}});
    start();
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0") << "of 3.0 it speaks of other bytes";
    EXPECT_EQ(get("/before/2024-01-01/simple/six/").field("Yizhan-Hidden"), "too-new=1, without-upload-time=1");
    EXPECT_EQ(listed("/simple/six/"), "1.0 2.0 3.0");
    stop();
    start_offline();
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0") << "they are kept";
}

TEST_F(Before, ARootThatTellsAllIsNotSecondGuessed) {
    Server& other = mirror("other");
    version("1.0", "2020-01-01T00:00:00Z");
    publish();
    start();
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0");
    EXPECT_EQ(other.record().size(), 0u);
}

TEST_F(Before, AMirrorsPageWithoutTimesTakesThemFromTheRootsOfBefore) {
    Server& first = mirror("first");
    Server& second = mirror("second");
    set("pypi.page_ttl = '0s'\npypi.stale_after = '1s'\npypi.root_patience = '300ms'\nrelay.connect_timeout = '500ms'");
    version("1.0", "2020-01-01T00:00:00Z");
    version("2.0", "2025-01-01T00:00:00Z");
    farm().index().publish(*root_);
    for (auto* each : {&first, &second})
        farm().index().publish(*each, {.json = false});
    start();
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0");
    root_->refuse();
    for (int round = 0; round < 2; ++round) { // the second time what they agreed on is what is shown
        const auto page = get("/before/2024-01-01/simple/six/");
        EXPECT_EQ(page.field("Yizhan-Hidden"), "too-new=1, without-upload-time=0");
    }
    EXPECT_GT(first.record().count("/simple/six/") + second.record().count("/simple/six/"), 0u);
    EXPECT_EQ(listed("/before/2024-01-01/simple/six/"), "1.0");
}

} // namespace
} // namespace yizhan::integration
