#include "index/json_page.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using Names = std::vector<std::string>;

TEST(JsonRoot, NamesAreNormalisedSortedAndOnce) {
    const auto root = parse_root_json(R"({"meta":{"api-version":"1.4","_last-serial":26356948},"projects":[
        {"name":"Six","_last-serial":3},{"name":"Zope.Interface"},{"_last-serial":4,"name":"django"},{"name":"six"},
        {"name":"-bad"},{"other":"x"},{"name":7},{"name":{"name":"inner"}}],"x":{"name":"no"},"y":[{"name":"no"}]})");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(root->names, (Names{"django", "six", "zope-interface"}));
    EXPECT_EQ(root->serial, 26356948U);
}

TEST(JsonRoot, TheOrderOfKeysDoesNotMatter) {
    const auto root =
        parse_root_json(R"({"projects":[{"name":"six"}],"meta":{"_last-serial":"9","api-version":"1.0"}})");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->names, Names{"six"});
    EXPECT_EQ(root->serial, 9U);
}

TEST(JsonRoot, EscapesInNamesAreDecoded) {
    EXPECT_EQ(parse_root_json(R"({"projects":[{"n\u0061me":"s\u0069x"}]})")->names, Names{"six"});
}

TEST(JsonRoot, AnEmptyIndexIsOne) {
    EXPECT_TRUE(parse_root_json(R"({"meta":{},"projects":[]})")->names.empty());
}

TEST(JsonRoot, WhatIsNoRootIsRefused) {
    for (const std::string_view bad :
         {"", "<html>", "{", "[]", "{}", R"({"projects":{}})", R"({"projects":[]} 1)", R"({"name":"six","files":[]})",
          R"({"meta":{"api-version":"2.0"},"projects":[]})", R"({"x":{"projects":[]}})"}) {
        const auto root = parse_root_json(bad);
        ASSERT_FALSE(root) << bad;
        EXPECT_EQ(root.error().code, Errc::protocol);
    }
    EXPECT_FALSE(parse_root_json(std::string(100'000, '[')));
}

} // namespace
} // namespace yizhan
