#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace yizhan {
namespace {

TEST(Schema, EveryRowIsWholeAndItsNameIsUnique) {
    std::set<std::string> names, variables;
    for (const auto& setting : schema()) {
        EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
        EXPECT_TRUE(variables.insert(environment_name(setting.name)).second) << setting.name;
        EXPECT_FALSE(setting.type.empty()) << setting.name;
        EXPECT_FALSE(setting.fallback.empty()) << setting.name;
        EXPECT_TRUE(setting.help.ends_with('.')) << setting.name;
        EXPECT_TRUE(setting.reason.empty() || setting.reason.ends_with('.')) << setting.name;
        EXPECT_TRUE(setting.set && setting.show) << setting.name;
        EXPECT_EQ(find_setting(setting.name), &setting);
    }
}

TEST(Schema, SectionsStandTogetherAndTheTopComesFirst) {
    std::set<std::string_view> finished;
    std::string_view section;
    for (const auto& setting : schema()) {
        if (section_of(setting.name) == section)
            continue;
        finished.insert(section);
        section = section_of(setting.name);
        EXPECT_FALSE(finished.contains(section)) << setting.name;
    }
}

TEST(Schema, EveryDefaultPassesItsOwnCheck) {
    for (const auto& setting : schema()) {
        if (!setting.fallback.starts_with('"') || setting.name == "relay.user_agent")
            continue;
        Settings settings;
        const auto value = setting.fallback.substr(1, setting.fallback.size() - 2);
        const auto problems =
            setting.set(settings, {Written::Form::string, value, {}, {}, "default"}, {"/etc", "/home/someone"});
        EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : problems.front());
        EXPECT_EQ(setting.show(settings), setting.fallback);
    }
}

TEST(Schema, AProblemNamesPlaceSettingValueAndExpectation) {
    Settings settings;
    const auto* stall = find_setting("relay.stall_timeout");
    ASSERT_TRUE(stall);
    const auto problems = stall->set(settings, {Written::Form::string, "4 parsecs", {}, {}, "f.toml:3:9"}, {});
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0],
              "f.toml:3:9: relay.stall_timeout = \"4 parsecs\": unknown unit \"parsecs\"; expected a time span such "
              "as \"1500ms\", \"4s\", \"10min\", \"1h\" or \"7d\"");
    EXPECT_EQ(settings.relay.stall_timeout, Settings{}.relay.stall_timeout);
}

TEST(Schema, AProblemIsOneBoundedLineWithoutAPassword) {
    Settings settings;
    const auto problem = [&](const std::string& value) {
        const auto problems = find_setting("relay.proxy")->set(settings, {Written::Form::text, value, {}, {}, "X"}, {});
        return problems.empty() ? "" : problems.front();
    };
    EXPECT_EQ(problem("ftp://robot:hunter2@proxy.example/").find("hunter2"), std::string::npos);
    EXPECT_EQ(problem("robot:hunter2@proxy.example:3128").find("hunter2"), std::string::npos);
    EXPECT_EQ(problem("two\nlines").find('\n'), std::string::npos);
    EXPECT_LT(problem(std::string(1 << 20, 'x')).size(), 500u);
}

TEST(Schema, EnvironmentNamesAreMechanical) {
    EXPECT_EQ(environment_name("relay.stall_timeout"), "YIZHAN_RELAY_STALL_TIMEOUT");
    EXPECT_EQ(environment_name("data"), "YIZHAN_DATA");
    EXPECT_EQ(section_of("relay.stall_timeout"), "relay");
    EXPECT_EQ(section_of("data"), "");
    EXPECT_EQ(find_setting("relay"), nullptr);
    EXPECT_EQ(find_setting(""), nullptr);
}

} // namespace
} // namespace yizhan
