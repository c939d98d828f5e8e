// Pages and files through yizhan: what pip and uv see, and what upstream is asked for it.
#include "tests/integration/stage.hpp"

#include <boost/json.hpp>

namespace yizhan::integration {
namespace {

constexpr const char* json_type = "application/vnd.pypi.simple.v1+json";

using Pages = Stage;

TEST_F(Pages, APageLeadsToTheFileAndTheSecondTimeNobodyIsAsked) {
    Server& root = mirror("root");
    const Distribution& six = wheel("six", 50 * KiB);
    publish();
    start();
    for (int round = 0; round < 2; ++round) {
        const Reply page = get("/simple/six/");
        ASSERT_EQ(page.status, 200u) << page.body;
        EXPECT_THAT(page.field("Content-Type"), StartsWith("text/html"));
        const std::string href = href_of(page.body, six.filename);
        EXPECT_THAT(href, HasSubstr("#sha256=" + six.body.sha256()));
        EXPECT_THAT(href, StartsWith("../../")) << "links are relative, so that mount points survive";
        EXPECT_EQ(resolved("/simple/six/", href), path_of(six));
        const Reply file = get(resolved("/simple/six/", href));
        EXPECT_EQ(file.status, 200u);
        EXPECT_EQ(sha256_hex(file.body), six.body.sha256());
        EXPECT_EQ(file.field("Content-Encoding"), "");
        ASSERT_TRUE(becomes(path_of(six), "\"" + six.body.sha256() + "\""));
    }
    EXPECT_EQ(root.record().count("/simple/six/"), 1u);
    EXPECT_EQ(root.record().count(six.filename), 1u);
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(Pages, JsonSaysTheSame) {
    mirror("root");
    Distribution& six = farm().index().add_wheel("six", "1.0", {.requires_python = ">=3.6"});
    six.yanked = "sinks";
    publish({.serial = 7});
    start();
    const Reply page = get("/simple/six/", {{"Accept", json_type}});
    ASSERT_EQ(page.field("Content-Type"), json_type);
    const boost::json::value value = boost::json::parse(page.body);
    EXPECT_EQ(value.at("name").as_string(), "six");
    const auto& file = value.at("files").at(0);
    EXPECT_EQ(file.at("filename").as_string(), six.filename);
    EXPECT_EQ(resolved("/simple/six/", std::string_view(file.at("url").as_string())), path_of(six));
    EXPECT_EQ(file.at("hashes").at("sha256").as_string(), six.body.sha256());
    EXPECT_EQ(file.at("size").to_number<std::uint64_t>(), six.body.size());
    EXPECT_EQ(file.at("requires-python").as_string(), ">=3.6");
    EXPECT_EQ(file.at("yanked").as_string(), "sinks");
    EXPECT_EQ(file.at("core-metadata").at("sha256").as_string(), sha256_hex(*six.metadata));
    EXPECT_FALSE(file.as_object().contains("data-dist-info-metadata"));
    EXPECT_EQ(get(path_of(six) + ".metadata").body, *six.metadata);
}

TEST_F(Pages, AHitSaysWhatTheFirstAnswerSaid) {
    mirror("root");
    const Distribution& six = wheel("six", 50 * KiB);
    publish();
    start();
    const Fields asked{{"Accept", json_type}, {"Accept-Encoding", "gzip"}};
    const Reply first = get("/simple/six/", asked);
    for (const char* spelling : {"/simple/six/", "/pypi/simple/six/", "/simple/six/"}) {
        const Reply hit = get(spelling, asked);
        EXPECT_EQ(hit.status, 200u);
        for (const char* name : {"Content-Type", "Content-Encoding", "Cache-Control", "Vary"})
            EXPECT_EQ(hit.field(name), first.field(name)) << name;
    }
    const Reply hit = get("/simple/six/", asked);
    EXPECT_EQ(hit.body, first.body);
    EXPECT_EQ(hit.field("ETag"), first.field("ETag"));
    EXPECT_THAT(hit.field("Cache-Status"), StartsWith("yizhan; hit; ttl="));
    EXPECT_EQ(get("/simple/six/", asked, "HEAD").field("Content-Length"), std::to_string(first.body.size()));
    Fields again = asked;
    again.emplace_back("If-None-Match", std::string(first.field("ETag")));
    const Reply unchanged = get("/simple/six/", again);
    EXPECT_EQ(unchanged.status, 304u);
    EXPECT_EQ(unchanged.field("Vary"), first.field("Vary"));
    EXPECT_EQ(unchanged.field("Content-Type"), "");
    EXPECT_EQ(get("/simple/six/?x", asked).status, 400u) << "also where the page is at hand";

    EXPECT_EQ(get(path_of(six)).body, six.body.str());
    ASSERT_TRUE(becomes(path_of(six), "\"" + six.body.sha256() + "\""));
    const Reply file = get(path_of(six));
    EXPECT_EQ(file.body, six.body.str());
    EXPECT_EQ(file.field("Cache-Status"), "yizhan; hit");
    EXPECT_THAT(file.field("Cache-Control"), HasSubstr("immutable"));
    EXPECT_EQ(file.field("Accept-Ranges"), "bytes");
    EXPECT_EQ(get(path_of(six), {{"Range", "bytes=-3"}}).body, six.body.str().substr(six.body.size() - 3));
    EXPECT_EQ(get(path_of(six), {{"If-None-Match", std::string(file.field("ETag"))}}).status, 304u);
    EXPECT_EQ(get(path_of(six) + "?x").status, 400u);
}

TEST_F(Pages, EveryClientGetsTheFormThatItReadsWhoeverAskedBefore) {
    mirror("root");
    wheel("six");
    publish();
    start();
    for (int round = 0; round < 3; ++round)
        for (const std::string accept : {"text/html", json_type, "application/vnd.pypi.simple.v1+html"})
            for (const std::string coding : {"", "gzip", "zstd"}) {
                const Reply page = get("/simple/six/", {{"Accept", accept}, {"Accept-Encoding", coding}});
                EXPECT_EQ(page.field("Content-Type"), accept);
                EXPECT_EQ(page.field("Content-Encoding"), coding);
            }
}

TEST_F(Pages, WhatIsDeniedLaterIsNotServedFromTheStoreEither) {
    mirror("root");
    const Distribution& six = wheel("six");
    publish();
    start();
    get("/simple/six/");
    EXPECT_EQ(get(path_of(six)).status, 200u);
    ASSERT_TRUE(becomes(path_of(six), "\"" + six.body.sha256() + "\""));
    stop();
    set("pypi.deny = ['six']");
    start();
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(get("/simple/six/").status, 404u);
        EXPECT_EQ(get(path_of(six)).status, 404u);
        EXPECT_EQ(get(path_of(six) + ".metadata").status, 404u);
    }
}

TEST_F(Pages, HtmlKeepsWhatJsonAndHtmlUpstreamsSay) {
    for (const bool json : {true, false}) {
        SCOPED_TRACE(json ? "upstream speaks JSON" : "upstream speaks HTML only");
        const std::string project = json ? "from-json" : "from-html";
        Distribution& file = farm().index().add_wheel(project, "1.0", {.requires_python = ">=3.6,<4"});
        file.yanked = "a \"reason\" & <more>";
        if (json) {
            mirror("root");
        }
        publish({.json = json});
        if (json) {
            start();
        }
        const Reply page = get("/simple/" + project + "/");
        EXPECT_THAT(page.body, HasSubstr("data-requires-python=\"&gt;=3.6,&lt;4\""));
        EXPECT_THAT(page.body, HasSubstr("data-yanked=\"a &quot;reason&quot; &amp; &lt;more&gt;\""));
        const std::string digest = "sha256=" + sha256_hex(*file.metadata);
        EXPECT_THAT(page.body, HasSubstr("data-core-metadata=\"" + digest + "\""));
        EXPECT_THAT(page.body, HasSubstr("data-dist-info-metadata=\"" + digest + "\""));
    }
}

TEST_F(Pages, EverySpellingOfTheIndexLeadsToTheSameFile) {
    mirror("root");
    const Distribution& six = wheel("six");
    publish();
    start();
    for (const std::string prefix : {"/simple/", "/pypi/simple/", "/pypi/web/simple/"}) {
        const Reply page = get(prefix + "six/");
        EXPECT_EQ(resolved(prefix + "six/", href_of(page.body, six.filename)), path_of(six)) << prefix;
    }
    EXPECT_EQ(get(path_of(six)).body, six.body.str());
    const std::string tuna = "/pypi/web" + path_of(six).substr(5);
    EXPECT_EQ(get(tuna).body, six.body.str()) << tuna;
}

TEST_F(Pages, AFileWhoseOwnPathIsNotPypisIsFoundByItsDigest) {
    mirror("root");
    const Distribution& lib = farm().index().add_wheel("lib", "1.0+cu1");
    publish({.paths = PublishOptions::Paths::plain, .links = PublishOptions::Links::absolute});
    start();
    const Reply page = get("/simple/lib/");
    const std::string path = resolved("/simple/lib/", href_of(page.body, "lib-1.0%2Bcu1-py3-none-any.whl"));
    EXPECT_EQ(path, "/pypi/files/sha256/" + lib.body.sha256() + "/lib-1.0%2Bcu1-py3-none-any.whl");
    EXPECT_EQ(get(path).body, lib.body.str());
    EXPECT_EQ(get(plain_path_of(lib)).body, lib.body.str()) << "a bare '+' is the same file";
}

TEST_F(Pages, FilesMayLieOnAnotherServerThatTheSettingsName) {
    Server& pages = farm().add("pages");
    Server& files = farm().add("files");
    const Distribution& six = wheel("six", 50 * KiB);
    farm().index().publish(pages, {.paths = PublishOptions::Paths::plain, .files_on = &files});
    set("[[pypi.upstream]]\nurl = '" + pages.url("/simple/") + "'\nfiles = ['" + files.url("/") + "']\n");
    start();
    const Reply page = get("/simple/six/");
    EXPECT_EQ(get(resolved("/simple/six/", href_of(page.body, six.filename))).body, six.body.str());
    EXPECT_EQ(files.record().count(six.filename, "GET"), 1u);
}

TEST_F(Pages, TheRootListsWhatIsStored) {
    mirror("root");
    wheel("six");
    wheel("my-lib");
    publish();
    start();
    EXPECT_THAT(get("/simple/").body, Not(HasSubstr("six/")));
    get("/simple/six/");
    get("/simple/my-lib/");
    EXPECT_THAT(list_with("six"), HasSubstr("six/"));
    EXPECT_THAT(list_with("my-lib"), HasSubstr("my-lib/"));
    const auto json = boost::json::parse(get("/simple/", {{"Accept", json_type}}).body);
    EXPECT_EQ(json.at("projects").as_array().size(), 2u);
}

TEST_F(Pages, AnUnknownProjectIsNotFoundOnTheRootsWord) {
    Server& root = mirror("root");
    publish();
    start();
    const Reply reply = get("/simple/nothing-here/");
    EXPECT_EQ(reply.status, 404u);
    EXPECT_THAT(reply.body, HasSubstr("nothing-here"));
    EXPECT_THAT(reply.body, HasSubstr(root.address())) << "the body says whose word it is";
}

TEST_F(Pages, PrivateNamesAreNeverAskedUpstreamAndDeniedOnesNeverServed) {
    Server& root = mirror("root");
    set("pypi.private = ['lab-*']\npypi.deny = ['evil']");
    wheel("lab-tools");
    const Distribution& evil = wheel("evil");
    publish();
    start();
    for (const char* target : {"/simple/lab-tools/", "/simple/evil/"}) {
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 404u) << target;
        EXPECT_FALSE(reply.body.empty());
    }
    EXPECT_EQ(get(path_of(evil)).status, 404u);
    EXPECT_EQ(root.record().size(), 0u);
}

TEST_F(Pages, TheServiceSaysHowItIs) {
    Server& root = mirror("root");
    start();
    EXPECT_EQ(get("/livez").status, 200u);
    EXPECT_EQ(get("/readyz").status, 200u);
    const auto status = boost::json::parse(get("/status").body);
    EXPECT_FALSE(status.at("offline").as_bool());
    const Reply start_page = get("/");
    EXPECT_EQ(start_page.status, 200u);
    EXPECT_THAT(start_page.body, HasSubstr("/simple/"));
    EXPECT_EQ(get("/no/such/page").status, 404u);
    EXPECT_EQ(root.record().size(), 0u);
}

} // namespace
} // namespace yizhan::integration
