#include "index/json_page.hpp"
#include "index/render.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <utility>

namespace yizhan {
namespace {

const std::string digest_a(64, 'a');

ProjectPage page_of(std::string name) {
    ProjectPage page;
    page.name = std::move(name);
    return page;
}

ProjectFile file(std::string name) {
    ProjectFile out;
    out.filename = std::move(name);
    out.url = "https://files.example/x/" + out.filename;
    out.hashes.emplace_back("sha256", digest_a);
    return out;
}

TEST(RenderJson, APageIsWrittenAsPep691AndItsSuccessorsSay) {
    auto page = page_of("six");
    page.serial = 7;
    page.status = ProjectStatus{"archived", "gone"};
    page.extra.emplace("_ours", 1);
    page.meta.emplace("_more", "x");
    auto& full = page.files.emplace_back(file("six-1.0+x-py3-none-any.whl"));
    full.requires_python = ">=3.7";
    full.yanked = "bad \"wheel\"\n";
    full.core_metadata = {true, Sha256::from_hex(std::string(64, 'b'))};
    full.gpg_sig = true;
    full.provenance = "https://pypi.example/p";
    full.size = 5;
    full.upload_time = "2010-06-29T19:56:36Z";
    full.extra.emplace("_x", nullptr);
    EXPECT_EQ(render_json(page, "../../"),
              R"({"name":"six","project-status":{"status":"archived","reason":"gone"},"versions":["1.0+x"],"files":[)"
              R"({"url":"../../pypi/files/sha256/)" +
                  digest_a +
                  R"(/six-1.0%2Bx-py3-none-any.whl","filename":"six-1.0+x-py3-none-any.whl","hashes":{"sha256":")" +
                  digest_a +
                  R"("},"requires-python":">=3.7","size":5,"upload-time":"2010-06-29T19:56:36Z",)"
                  R"("yanked":"bad \"wheel\"\u000a","core-metadata":{"sha256":")" +
                  std::string(64, 'b') +
                  R"("},"gpg-sig":true,"provenance":"https://pypi.example/p","_x":null}],)"
                  R"("meta":{"api-version":"1.4","_last-serial":7,"_more":"x"},"_ours":1})");
}

TEST(RenderJson, TheVersionClaimedNeedsASizeForEveryFile) {
    const auto claimed = [](const ProjectPage& page) {
        return boost::json::parse(render_json(page, "")).at("meta").at("api-version").as_string() == "1.4";
    };
    auto page = page_of("six");
    EXPECT_TRUE(claimed(page));
    page.files.push_back(file("six-1.0.zip"));
    EXPECT_FALSE(claimed(page));
    page.files[0].size = 0;
    EXPECT_TRUE(claimed(page));
    page.files.push_back(file("six-1.1.zip"));
    EXPECT_FALSE(claimed(page));
    page.files[1].size = 1;
    page.files[0].size.reset();
    EXPECT_FALSE(claimed(page));
    std::swap(page.files[0], page.files[1]);
    page.files[1].hashes.clear(); // without a path it is not written and so does not count
    EXPECT_TRUE(claimed(page));
}

TEST(RenderJson, DistInfoMetadataIsNeverWritten) {
    auto page = page_of("six");
    page.files.push_back(file("six-1.0-py3-none-any.whl"));
    page.files[0].core_metadata = {true, std::nullopt};
    const auto json = render_json(page, "");
    EXPECT_NE(json.find("\"core-metadata\":true"), std::string::npos);
    EXPECT_EQ(json.find("dist-info-metadata"), std::string::npos);
    page.files[0].core_metadata = {false, Sha256::from_hex(digest_a)};
    EXPECT_NE(render_json(page, "").find("\"core-metadata\":false"), std::string::npos);
}

TEST(RenderJson, OddBytesStayValidJson) {
    auto page = page_of("six");
    auto& only = page.files.emplace_back(file("six-1.0.zip"));
    only.yanked = std::string("\x00\x1f\"\\\xff\xc3\xa9 </script>", 18);
    boost::json::error_code error;
    const auto tree = boost::json::parse(render_json(page, ""), error);
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(tree.at("files").at(0).at("yanked").as_string(),
              boost::json::string_view("\x00\x1f\"\\\xef\xbf\xbd\xc3\xa9 </script>", 20));
}

TEST(RenderJson, WhatIsWrittenIsReadBackAsItWas) {
    auto page = page_of("six");
    page.serial = 9;
    page.status = ProjectStatus{"deprecated", "use 'seven'"};
    page.extra.emplace("_y", boost::json::array{1, "two", nullptr});
    auto& one = page.files.emplace_back(file("six-1.0-py3-none-any.whl"));
    one.requires_python = ">=3";
    one.yanked = "";
    one.core_metadata = {true, Sha256::from_hex(digest_a)};
    one.gpg_sig = false;
    one.provenance = "https://p.example/x";
    one.upload_time = "2010-06-29T19:56:36Z";
    one.extra.emplace("_x", 1.5);
    page.files.push_back(file("six-1.0.zip"));
    page.files[1].hashes.emplace_back("md5", std::string(32, 'b'));
    const auto again =
        parse_json_page(render_json(page, "../../"), Url::parse("https://y.example/simple/six/").value(), "six");
    ASSERT_TRUE(again) << again.error().message;
    for (auto& each : page.files)
        each.url = "https://y.example/pypi/files/sha256/" + digest_a + "/" + each.filename;
    EXPECT_EQ(again->page, page);
}

TEST(Versions, AreNormalisedInOrderAndOnce) {
    auto page = page_of("a-b");
    for (const auto* name : {"a_b-1.10-py3-none-any.whl", "a-b-1.10.tar.gz", "a-b-1.9.zip", "a_b-1.9.post1.tar.gz",
                             "a-b-1.9-1.tar.gz", "a-b-snapshot.tar.gz", "a_b-2.0rc1-py3-none-any.whl",
                             "a_b-2.0-variants.json", "other-3.0.tar.gz", "a_b-1.9+cu102-py3-none-any.whl"})
        page.files.push_back(file(name));
    page.files.push_back(file("a_b-4.0.tar.gz"));
    page.files.back().hashes.clear(); // without a path it cannot be had
    EXPECT_EQ(versions_of(page),
              (std::vector<std::string>{"snapshot", "1.9", "1.9+cu102", "1.9.post1", "1.10", "2.0rc1"}));
}

TEST(RenderRootJson, NamesAreObjects) {
    const std::vector<std::string> names{"django", "six"};
    EXPECT_EQ(render_root_json(names),
              R"({"meta":{"api-version":"1.4"},"projects":[{"name":"django"},{"name":"six"}]})");
    EXPECT_EQ(parse_root_json(render_root_json(names))->names, names);
    EXPECT_EQ(render_root_json({}), R"({"meta":{"api-version":"1.4"},"projects":[]})");
}

} // namespace
} // namespace yizhan
