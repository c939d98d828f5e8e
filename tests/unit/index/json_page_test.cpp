#include "index/json_page.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string digest_a(64, 'a');

Result<ParsedPage> parse(std::string_view json, std::string_view project = "six") {
    return parse_json_page(json, Url::parse("https://pypi.example/simple/six/").value(), project);
}

// A page whose one file has these members besides its name and link.
Result<ParsedPage> with(std::string_view members) {
    return parse(
        R"({"meta":{"api-version":"1.1"},"name":"six","files":[{"filename":"six-1.0.tar.gz","url":"six-1.0.tar.gz")" +
        (members.empty() ? "" : "," + std::string(members)) + "}]}");
}

const ProjectFile& only_file(const Result<ParsedPage>& parsed) {
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    EXPECT_EQ(parsed->page.files.size(), 1U) << (parsed->dropped.empty() ? "" : parsed->dropped[0].reason);
    return parsed->page.files.at(0);
}

TEST(JsonPage, WhatAMirrorSendsTodayIsRead) {
    const auto parsed = parse(
        R"({"meta":{"api-version":"1.1","_last-serial":"26356948"},"name":"six","versions":["0.9.0"],"files":[{"filename":
        "six-0.9.0.tar.gz","hashes":{"sha256":")" +
        digest_a +
        R"("},"requires-python":null,"size":13292,"upload-time":"2010-06-29T19:56:36.719942Z",
        "url":"https://files.example/packages/0e/f9/6647/six-0.9.0.tar.gz","yanked":false}]})");
    const auto& file = only_file(parsed);
    EXPECT_EQ(file.filename, "six-0.9.0.tar.gz");
    EXPECT_EQ(file.url, "https://files.example/packages/0e/f9/6647/six-0.9.0.tar.gz");
    EXPECT_EQ(file.sha256(), Sha256::from_hex(digest_a));
    EXPECT_EQ(file.size, 13292U);
    EXPECT_EQ(file.upload_time, "2010-06-29T19:56:36.719942Z");
    EXPECT_FALSE(file.requires_python);
    EXPECT_FALSE(file.yanked);
    EXPECT_FALSE(file.core_metadata.available);
    EXPECT_TRUE(file.extra.empty());
    EXPECT_EQ(parsed->page.serial, 26356948U);
    EXPECT_TRUE(parsed->page.extra.empty());
    EXPECT_TRUE(parsed->page.meta.empty());
}

TEST(JsonPage, SerialsComeAsNumbersAndAsText) {
    const auto serial = [](std::string_view text) {
        return parse(R"({"meta":{"api-version":"1.0","_last-serial":)" + std::string(text) +
                     R"(},"name":"six","files":[]})")
            ->page.serial;
    };
    EXPECT_EQ(serial("5"), 5U);
    EXPECT_EQ(serial("\"5\""), 5U);
    EXPECT_FALSE(serial("\"\""));
    EXPECT_FALSE(serial("-5"));
    EXPECT_FALSE(serial("null"));
    EXPECT_FALSE(serial("1.5"));
}

TEST(JsonPage, ShadowmiresEmptyTextsCountAsAbsent) {
    const auto parsed =
        with(R"("hashes":{},"requires-python":"","upload-time":"","core-metadata":false,"yanked":false)");
    const auto& file = only_file(parsed);
    EXPECT_FALSE(file.requires_python);
    EXPECT_FALSE(file.upload_time);
}

TEST(JsonPage, YankedComesAsBoolAndAsText) {
    EXPECT_FALSE(only_file(with(R"("yanked":false)")).yanked);
    EXPECT_FALSE(only_file(with(R"("yanked":null)")).yanked);
    EXPECT_FALSE(only_file(with(R"("yanked":"")")).yanked);
    EXPECT_EQ(only_file(with(R"("yanked":true)")).yanked, "");
    EXPECT_EQ(only_file(with(R"("yanked":"broken")")).yanked, "broken");
}

TEST(JsonPage, CoreMetadataInAllItsSpellings) {
    struct Row {
        std::string members;
        bool available, digest;
    };
    const std::string dict = R"({"sha256":")" + digest_a + R"("})";
    const Row table[] = {
        {"", false, false},
        {R"("core-metadata":true)", true, false},
        {R"("core-metadata":false,"dist-info-metadata":true)", false, false},
        {R"("core-metadata":null,"dist-info-metadata":true)", true, false},
        {R"("core-metadata":)" + dict, true, true},
        {R"("core-metadata":{"md5":"x","blake2b":"y","sha256":")" + digest_a + R"("})", true, true},
        {R"("core-metadata":{"sha512":"y"})", true, false},
        {R"("core-metadata":{})", false, false},
        {R"("core-metadata":{"sha256":"12"})", false, false},
        {R"("core-metadata":{"sha256":12})", false, false},
        {R"("core-metadata":"true")", false, false},
        {R"("dist-info-metadata":)" + dict, true, true},
        {R"("data-dist-info-metadata":)" + dict, true, true},
    };
    for (const auto& row : table) {
        const auto parsed = with(row.members);
        EXPECT_EQ(only_file(parsed).core_metadata.available, row.available) << row.members;
        EXPECT_EQ(only_file(parsed).core_metadata.sha256.has_value(), row.digest) << row.members;
        EXPECT_TRUE(only_file(parsed).extra.empty()) << row.members;
    }
}

TEST(JsonPage, UnknownKeysAreKeptAtEveryLevelAndRejectedOnesAreNot) {
    const auto parsed =
        parse(R"({"meta":{"api-version":"1.4","_private":1,"tracks":["https://x.example/"]},"name":"six",
        "alternate-locations":["https://x.example/"],"namespaces":["a"],"versions":["1"],"files":[{"filename":"six-1.0.zip",
        "url":"six-1.0.zip","hashes":{},"_x":{"a":[1]},"future":null}]})");
    EXPECT_EQ(boost::json::serialize(only_file(parsed).extra), R"({"_x":{"a":[1]},"future":null})");
    EXPECT_EQ(boost::json::serialize(parsed->page.extra), R"({"namespaces":["a"]})");
    EXPECT_EQ(boost::json::serialize(parsed->page.meta), R"({"_private":1})");
}

// Found by fuzz_json_page: 1e999 is read as infinity and would be written as "Infinity", which is no JSON.
TEST(JsonPage, AnUnknownKeyWithANumberThatJsonCannotWriteIsNotKept) {
    const auto parsed =
        parse(R"({"meta":{"_a":1e999},"name":"six","_b":{"c":[1,{"d":-1e999}]},"_e":1e300,"files":[{"filename":
        "six-1.0.zip","url":"six-1.0.zip","_f":[1e999],"_g":[1]}]})");
    EXPECT_TRUE(parsed->page.meta.empty());
    EXPECT_EQ(boost::json::serialize(parsed->page.extra), R"({"_e":1E300})");
    EXPECT_EQ(boost::json::serialize(only_file(parsed).extra), R"({"_g":[1]})");
}

TEST(JsonPage, ProjectStatusIsReadFromTopAndFromMeta) {
    const auto status = [](std::string_view meta, std::string_view top) {
        return parse(R"({"meta":{"api-version":"1.4")" + std::string(meta) + R"(},"name":"six","files":[])" +
                     std::string(top) + "}")
            ->page.status;
    };
    const ProjectStatus gone{"archived", "gone"};
    EXPECT_FALSE(status("", ""));
    EXPECT_FALSE(status("", R"(,"project-status":{"status":"active"})"));
    EXPECT_FALSE(status("", R"(,"project-status":"archived")"));
    EXPECT_EQ(status("", R"(,"project-status":{"status":"archived","reason":"gone"})"), gone);
    EXPECT_EQ(status("", R"(,"project-status":{"state":"archived","reason":"gone"})"), gone);
    EXPECT_EQ(status(R"(,"project-status":{"status":"archived","reason":"gone"})", ""), gone);
    EXPECT_EQ(
        status(R"(,"project-status":{"status":"x"})", R"(,"project-status":{"status":"archived","reason":"gone"})"),
        gone);
    EXPECT_EQ(status("", R"(,"project-status":{"status":"haunted"})"), (ProjectStatus{"haunted", ""}));
}

TEST(JsonPage, OneOddFileIsDroppedWithItsReason) {
    for (const std::string_view members : {R"("hashes":[])", R"("hashes":{"sha256":"12"})", R"("hashes":{"sha256":12})",
                                           R"("requires-python":3)", R"("yanked":1)"}) {
        const auto parsed = with(members);
        ASSERT_TRUE(parsed) << members;
        EXPECT_TRUE(parsed->page.files.empty()) << members;
        ASSERT_EQ(parsed->dropped.size(), 1U) << members;
        EXPECT_EQ(parsed->dropped[0].filename, "six-1.0.tar.gz");
    }
    const auto parsed = parse(R"({"name":"six","files":[1,null,{},{"filename":"a"},{"url":"a"},{"filename":1,"url":"a"},
        {"filename":"x.zip","url":"file:///x.zip"},{"filename":"six-1.0.zip","url":"six-1.0.zip"}]})");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->page.files.size(), 1U);
    EXPECT_EQ(parsed->dropped.size(), 7U);
}

TEST(JsonPage, FieldsOfAnOddKindCountAsAbsent) {
    const auto parsed = with(R"("size":"12","upload-time":7,"provenance":"http://x.example/","gpg-sig":"yes")");
    const auto& file = only_file(parsed);
    EXPECT_FALSE(file.size);
    EXPECT_FALSE(file.upload_time);
    EXPECT_FALSE(file.provenance);
    EXPECT_FALSE(file.gpg_sig);
    EXPECT_FALSE(only_file(with(R"("size":-1)")).size);
    EXPECT_FALSE(only_file(with(R"("size":1.5)")).size);
    EXPECT_EQ(only_file(with(R"("size":18446744073709551615)")).size, 18446744073709551615U);
    EXPECT_EQ(only_file(with(R"("provenance":"https://x.example/p")")).provenance, "https://x.example/p");
    EXPECT_FALSE(only_file(with(R"("provenance":null)")).provenance);
}

TEST(JsonPage, TheNameMayBeSpelledInAnyWay) {
    EXPECT_TRUE(parse_json_page(R"({"name":"Zope.Interface","files":[]})", Url::parse("https://p.example/").value(),
                                "zope-interface"));
}

TEST(JsonPage, AUselessPageIsRefusedInWords) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"", "JSON"},
        {"<html></html>", "JSON"},
        {R"({"files":[]} x)", "JSON"},
        {R"({"files":[)", "JSON"},
        {"{\"name\":\"six\",\"files\":[],\"x\":\"\xff\"}", "JSON"},
        {"[]", "no list of files"},
        {"3", "no list of files"},
        {R"({"message":"not found"})", "no list of files"},
        {R"({"files":{}})", "no list of files"},
        {R"({"name":"seven","files":[]})", "seven"},
        {R"({"name":7,"files":[]})", "no text"},
        {R"({"meta":{"api-version":"2.0"},"name":"six","files":[]})", "2.0"},
        {R"({"meta":{"api-version":1.0},"name":"six","files":[]})", "api-version"},
        {R"({"name":"six","files":[{"filename":"seven-1.0-py3-none-any.whl","url":"x.whl"}]})", "seven"},
    };
    for (const auto& [page, words] : table) {
        const auto parsed = parse(page);
        ASSERT_FALSE(parsed) << page;
        EXPECT_EQ(parsed.error().code, Errc::protocol);
        EXPECT_NE(parsed.error().message.find(words), std::string::npos) << parsed.error().message;
    }
}

TEST(JsonPage, DeepNestingIsRefused) {
    std::string deep = R"({"name":"six","files":[],"x":)";
    deep += std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_FALSE(parse(deep));
}

} // namespace
} // namespace yizhan
