// What the PEPs ask of an index between an index and its clients (592, 691, 700, 740, 792, 817), and what the settings
// and the index say is not to be served: enforced on page, file and metadata alike, stored or not.
#include "tests/integration/stage.hpp"

#include <boost/json.hpp>

#include <sstream>

namespace yizhan::integration {
namespace {

namespace json = boost::json;

constexpr const char* json_type = "application/vnd.pypi.simple.v1+json";

class Peps : public Stage {
  protected:
    /// The page that the index would publish, for a test to change.
    json::object page_of(Server& server, const std::string& project) {
        return json::parse(farm().index().json(project, server, {})).as_object();
    }

    /// Serves it, whatever Accept says.
    static void serve(Server& server, const std::string& project, const json::object& page) {
        Resource resource = origin::page(json::serialize(page));
        resource.content_type = json_type;
        server.serve("/simple/" + project + "/", std::move(resource));
    }

    json::value json_page(const std::string& project) {
        const Reply reply = get("/simple/" + project + "/", {{"Accept", json_type}});
        EXPECT_EQ(reply.status, 200u) << reply.body;
        return json::parse(reply.body);
    }

    /// Fetches page, file and metadata, until the store has them.
    void store(const std::string& project, const Distribution& file) {
        ASSERT_EQ(get("/simple/" + project + "/").status, 200u);
        ASSERT_EQ(get(path_of(file)).status, 200u);
        ASSERT_EQ(get(path_of(file) + ".metadata").body, *file.metadata);
        ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
        ASSERT_TRUE(becomes(path_of(file) + ".metadata", "\"" + sha256_hex(*file.metadata) + "\""));
    }

    /// The status of everything that leads to the file, under each of its spellings; one value where they agree.
    std::vector<unsigned> statuses(const std::string& project, const Distribution& file) {
        std::vector<unsigned> out;
        const std::string tuna = "/pypi/web" + path_of(file).substr(5);
        for (const std::string& target : {"/simple/" + project + "/", "/pypi/simple/" + project + "/", path_of(file),
                                          path_of(file) + ".metadata", tuna, tuna + ".metadata"}) {
            for (const Fields& fields : {Fields{}, Fields{{"Range", "bytes=0-9"}}}) {
                out.push_back(get(target, fields).status);
            }
            out.push_back(get(target, {}, "HEAD").status);
        }
        std::ranges::replace(out, 206u, 200u);
        std::ranges::sort(out);
        out.erase(std::ranges::unique(out).begin(), out.end());
        return out;
    }

    void quarantine(Server& server, const std::string& project, bool on) {
        auto page = page_of(server, project);
        if (on) {
            page["project-status"] = {{"status", "quarantined"}, {"reason", "it is haunted"}};
            page["files"] = json::array{}; // "the index must not offer files"
        }
        serve(server, project, page);
    }

    static inline const std::vector<unsigned> served{200}, not_found{404};
};

TEST_F(Peps, WhatNobodySpecifiedYetIsPassedOn) {
    Server& root = mirror("root");
    wheel("six");
    publish();
    auto page = page_of(root, "six");
    page["x-future"] = {{"deep", {1, "two", nullptr}}};
    page["meta"].as_object()["_x-meta"] = true;
    page["project-status"] = {{"status", "archived"}, {"reason", "done & <dusted>"}};
    page["tracks"] = json::array{"https://elsewhere.example/simple/six/"};              // PEP 708 was rejected
    page["alternate-locations"] = json::array{"https://elsewhere.example/simple/six/"}; // likewise
    auto& file = page["files"].as_array()[0].as_object();
    file["x-file"] = "kept";
    file["provenance"] = "https://integrity.example/six/provenance?a=1&b=2";
    file["url"] = std::string(file["url"].as_string()) + "#egg=six";
    serve(root, "six", page);
    start();
    const auto seen = json_page("six");
    EXPECT_EQ(seen.at("x-future"), page["x-future"]);
    EXPECT_EQ(seen.at("meta").at("_x-meta"), json::value(true));
    EXPECT_EQ(seen.at("project-status"), page["project-status"]);
    EXPECT_FALSE(seen.as_object().contains("alternate-locations"));
    EXPECT_EQ(seen.at("files").at(0).at("x-file"), json::value("kept"));
    EXPECT_EQ(seen.at("files").at(0).at("provenance"), file["provenance"]) << "unchanged: it is signed for that place";
    EXPECT_EQ(seen.at("files").at(0).at("upload-time"), file["upload-time"]);
    EXPECT_EQ(seen.at("files").at(0).at("size"), file["size"]);
    EXPECT_EQ(seen.at("versions"), (json::value{"1.0"}));
    const std::string html = get("/simple/six/").body;
    EXPECT_THAT(html, HasSubstr("data-provenance=\"https://integrity.example/six/provenance?a=1&amp;b=2\""));
    EXPECT_THAT(html, HasSubstr("content=\"archived\""));
    EXPECT_THAT(html, HasSubstr("content=\"done &amp; &lt;dusted&gt;\""));
}

TEST_F(Peps, AFileIsYankedAndUnyankedAsTheIndexSays) {
    Server& root = mirror("root");
    Distribution& six = farm().index().add_wheel("six", "1.0");
    publish();
    set("pypi.page_ttl = '0s'\npypi.stale_after = '14s'");
    start();
    EXPECT_EQ(json_page("six").at("files").at(0).at("yanked"), json::value(false));
    six.yanked = "sinks";
    farm().index().publish(root);
    EXPECT_EQ(json_page("six").at("files").at(0).at("yanked"), json::value("sinks"));
    EXPECT_THAT(get("/simple/six/").body, HasSubstr("data-yanked=\"sinks\""));
    six.yanked.reset();
    farm().index().publish(root);
    EXPECT_EQ(json_page("six").at("files").at(0).at("yanked"), json::value(false));
    EXPECT_THAT(get("/simple/six/").body, Not(HasSubstr("data-yanked")));
}

// PEP 817: alone of all files it changes under its name, and so is no contradiction.
TEST_F(Peps, AVariantsFileIsPassedOnAndMayChange) {
    Server& root = mirror("root");
    const std::string name = "six-1.0-variants.json";
    Distribution& variants = farm().index().add("six", {.filename = name, .body = Body::text("{\"one\": 1}")});
    publish();
    set("pypi.page_ttl = '0s'\npypi.stale_after = '14s'");
    start();
    for (const char* text : {"{\"one\": 1}", "{\"two\": 2}"}) {
        variants.body = Body::text(text);
        farm().index().publish(root);
        const auto page = json_page("six");
        ASSERT_EQ(page.at("files").as_array().size(), 1u) << text;
        const std::string url = resolved("/simple/six/", page.at("files").at(0).at("url").as_string());
        EXPECT_EQ(url, path_of(variants));
        EXPECT_EQ(get(url).body, text);
    }
    EXPECT_EQ(json_page("six").at("versions"), json::value(json::array{})) << "it is no release";
}

TEST_F(Peps, WhatTheIndexQuarantinesIsWithheldThoughItIsStored) {
    Server& root = mirror("root");
    const Distribution& evil = wheel("evil-lib", 50 * KiB);
    const Distribution& six = wheel("six", 50 * KiB);
    publish();
    set("pypi.page_ttl = '0s'\npypi.stale_after = '14s'");
    start();
    store("evil-lib", evil);
    store("six", six);
    quarantine(root, "evil-lib", true);
    EXPECT_EQ(statuses("evil-lib", evil), not_found);
    EXPECT_THAT(get("/simple/evil-lib/").body, HasSubstr("it is haunted"));
    EXPECT_THAT(get(path_of(evil)).body, HasSubstr("it is haunted"));
    EXPECT_THAT(get("/simple/").body, Not(HasSubstr("evil-lib")));
    EXPECT_EQ(statuses("six", six), served);
    const auto asked = root.record().count(evil.filename);
    stop();

    start(); // a lock file leads to the file without any page
    EXPECT_EQ(get(path_of(evil)).status, 404u);
    EXPECT_EQ(get(path_of(evil) + ".metadata").status, 404u);
    EXPECT_EQ(root.record().count(evil.filename), asked);
    quarantine(root, "evil-lib", false);
    EXPECT_EQ(statuses("evil-lib", evil), served) << "it is lifted, and the file was still there";
    quarantine(root, "evil-lib", true);
    EXPECT_EQ(get("/simple/evil-lib/").status, 404u);
    stop();

    start_offline();
    EXPECT_EQ(statuses("evil-lib", evil), not_found);
    EXPECT_EQ(statuses("six", six), served);
    set("pypi.serve_quarantined = true");
    start_offline();
    EXPECT_EQ(get(path_of(evil)).body, evil.body.str());
    EXPECT_EQ(get(path_of(evil) + ".metadata").body, *evil.metadata);
    EXPECT_EQ(json_page("evil-lib").at("project-status").at("status"), json::value("quarantined"));
}

TEST_F(Peps, WhatTheSettingsDenyIsNotServedThoughItIsStored) {
    Server& root = mirror("root");
    const Distribution& evil = wheel("evil-lib", 50 * KiB);
    const Distribution& six = wheel("six", 50 * KiB);
    publish();
    start();
    store("evil-lib", evil);
    store("six", six);
    const auto asked = root.record().size();
    set("pypi.deny = ['Evil_*']");
    start();
    EXPECT_EQ(statuses("evil-lib", evil), not_found);
    EXPECT_EQ(statuses("six", six), served);
    EXPECT_THAT(get("/simple/").body, Not(HasSubstr("evil-lib")));
    EXPECT_EQ(root.record().count("/simple/evil-lib/"), 1u);
    EXPECT_LE(root.record().size(), asked + 1) << "six's page at most";
}

TEST_F(Peps, PrivateNamesAreServedFromTheStoreAndAskedOfNobody) {
    Server& root = mirror("root");
    const Distribution& stored = wheel("lab-tools", 50 * KiB);
    const Distribution& unknown = wheel("lab-secret", 50 * KiB);
    publish();
    start();
    store("lab-tools", stored);
    stop();
    root.record().clear();
    set("pypi.private = ['lab-*']\npypi.page_ttl = '0s'");
    start();
    EXPECT_EQ(statuses("lab-tools", stored), served);
    EXPECT_EQ(statuses("lab-secret", unknown), not_found);
    EXPECT_THAT(get("/simple/lab-secret/").body, HasSubstr("pypi.private"));
    for (const char* name : {"lab-tools-latest.zip", "Lab.Tools.tar.gz", "lab_tools-9-py3-none-any.whl"}) {
        Distribution made_up{.filename = name, .body = Body::text(name)};
        EXPECT_EQ(get(path_of(made_up)).status, 404u) << name;
    }
    EXPECT_EQ(root.record().size(), 0u);
}

// A public page cannot put a private project's file on the list of another one.
TEST_F(Peps, APrivateProjectsWheelIsNotListedElsewhere) {
    Server& root = mirror("root");
    wheel("six");
    farm().index().add("six", {.filename = "lab_tools-99.0-py3-none-any.whl", .body = Body::text("evil")});
    publish();
    set("pypi.private = ['lab-*']");
    start();
    EXPECT_THAT(get("/simple/six/").body, Not(HasSubstr("lab_tools")));
    EXPECT_EQ(get("/simple/lab-tools/").status, 404u);
    EXPECT_EQ(root.record().count("/simple/lab-tools/"), 0u);
}

TEST_F(Peps, NothingThatAnIndexSaysIsMarkup) {
    Server& root = mirror("root");
    wheel("six");
    publish();
    const std::string evil = "\"'><script>alert(1)</script>&\n\x1b]0;x\x07";
    auto page = page_of(root, "six");
    page["project-status"] = {{"status", evil}, {"reason", evil}};
    page[evil] = evil;
    auto& file = page["files"].as_array()[0].as_object();
    file["requires-python"] = evil;
    file["yanked"] = evil;
    file[evil] = json::object{{evil, evil}};
    json::object named = file;
    named["filename"] = "six-2.0" + evil + ".tar.gz";
    page["files"].as_array().push_back(named);
    serve(root, "six", page);
    set("log.format = 'json'");
    start();
    const Reply html = get("/simple/six/");
    EXPECT_EQ(html.status, 200u);
    EXPECT_EQ(html.field("Content-Security-Policy"), "default-src 'none'");
    EXPECT_EQ(html.field("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(html.body, Not(HasSubstr("<script")));
    EXPECT_THAT(html.body, Not(HasSubstr("'>")));
    EXPECT_EQ(html.body.find_first_of("\x1b\x07"), std::string::npos);
    const Reply raw = get("/simple/six/", {{"Accept", json_type}});
    EXPECT_EQ(raw.field("Content-Type"), json_type);
    EXPECT_EQ(raw.body.find_first_of("\n\x1b\x07"), std::string::npos);
    EXPECT_EQ(json::parse(raw.body).at("files").as_array().size(), 1u) << "a name with such bytes is no file name";
    EXPECT_FALSE(service().wait_log("six-2.0").empty());
    std::istringstream log(service().log());
    for (std::string line; std::getline(log, line);) {
        json::error_code broken;
        EXPECT_TRUE(line.starts_with("listening") || json::parse(line, broken).is_object()) << line;
        EXPECT_EQ(line.find('\x1b'), std::string::npos);
    }
}

} // namespace
} // namespace yizhan::integration
