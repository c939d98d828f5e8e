#include "config/settings_file.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using Form = Written::Form;

std::vector<Assignment> read(std::string_view text) {
    auto parsed = parse_settings(text, "f.toml");
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *parsed : std::vector<Assignment>{};
}

TEST(SettingsFile, FlattensTablesInTheOrderOfTheFile) {
    const auto found =
        read("offline = true\nlisten = [\"a\", \"b\"]\n\n[relay]\nstall_timeout = \"4s\"\nmax_redirects = 5\n"
             "[a.b]\nc.d = 1\n");
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0].name, "offline");
    EXPECT_EQ(found[0].value.form, Form::boolean);
    EXPECT_EQ(found[0].value.text, "true");
    EXPECT_EQ(found[1].name, "listen");
    EXPECT_EQ(found[1].value.items, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(found[2].name, "relay.stall_timeout");
    EXPECT_EQ(found[2].value.form, Form::string);
    EXPECT_EQ(found[2].where, "f.toml:5:1");
    EXPECT_EQ(found[2].value.where, "f.toml:5:17");
    EXPECT_EQ(found[3].value.form, Form::integer);
    EXPECT_EQ(found[3].value.text, "5");
    EXPECT_EQ(found[4].name, "a.b.c.d");
}

TEST(SettingsFile, ReadsArraysOfTablesInBothSpellings) {
    for (const char* text : {"[[p.u]]\nurl = \"x\"\nroot = true\n[[p.u]]\nurl = \"y\"\n",
                             "[p]\nu = [{url = \"x\", root = true}, {url = \"y\"}]\n"}) {
        const auto found = read(text);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].name, "p.u");
        EXPECT_EQ(found[0].value.form, Form::tables);
        ASSERT_EQ(found[0].value.tables.size(), 2u);
        EXPECT_EQ(found[0].value.tables[0][0].name, "url");
        EXPECT_EQ(found[0].value.tables[0][0].value.text, "x");
        EXPECT_EQ(found[0].value.tables[0][1].name, "root");
        EXPECT_EQ(found[0].value.tables[1].size(), 1u);
    }
}

TEST(SettingsFile, WhatNoSettingTakesIsNamed) {
    const auto found = read("a = 1.5\nb = 2020-01-01\nc = [1, \"x\"]\nd = [[\"x\"]]\ne = []\n[f]\n");
    ASSERT_EQ(found.size(), 6u);
    EXPECT_EQ(found[0].value.form, Form::fraction);
    EXPECT_EQ(found[0].value.text, "1.5");
    EXPECT_EQ(found[1].value.text, "a date or time");
    EXPECT_EQ(found[2].value.text, "a list that holds something else than strings");
    EXPECT_EQ(found[3].value.form, Form::other);
    EXPECT_EQ(found[4].value.form, Form::list);
    EXPECT_EQ(found[5].value.text, empty_section);
}

TEST(SettingsFile, TextsThatTomlppStumblesOverAreSyntaxErrors) { // with a sanitizer it ends the process
    for (const auto* const text : {"[\1[[x", "\xc3\x8f\1", "a = \xc3\x8f", "[a]\xc3\x8f"})
        EXPECT_FALSE(parse_settings(text, "f")) << text;
}

TEST(SettingsFile, ASyntaxErrorHasItsPlace) {
    const std::pair<const char*, const char*> table[] = {
        {"a = 1\nb = = 2\n", "f.toml:2:"}, {"a = \"x\n", "f.toml:1:"},
        {"a = 1\na = 2\n", "f.toml:2:"},   {"[x\n", "f.toml:1:"},
        {"a = \"\xff\"\n", "f.toml:1:"},
    };
    for (const auto& [text, expected] : table) {
        const auto parsed = parse_settings(text, "f.toml");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, Errc::invalid);
        EXPECT_TRUE(parsed.error().message.starts_with(expected)) << parsed.error().message;
    }
}

TEST(SettingsFile, DeepNestingIsAnErrorNotACrash) {
    EXPECT_FALSE(parse_settings("a = " + std::string(100'000, '['), "f.toml"));
}

TEST(SettingsFile, AnythingButAReadableSmallFileIsAnError) {
    const TemporaryFolder folder;
    EXPECT_EQ(read_settings_file(folder.path() / "none.toml").error().code, Errc::not_found);
    EXPECT_EQ(read_settings_file(folder.path()).error().code, Errc::invalid);
    EXPECT_FALSE(read_settings_file(folder.file("large.toml", std::string((1 << 20) + 1, '#'))));
    EXPECT_TRUE(read_settings_file(folder.file("fits.toml", std::string(1 << 20, '#'))));
    EXPECT_FALSE(read_settings_file("/dev/zero"));
    EXPECT_TRUE(read_settings_file("/dev/null")->empty());
}

} // namespace
} // namespace yizhan
