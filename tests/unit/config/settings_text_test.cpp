#include "config/schema.hpp"
#include "config/settings_text.hpp"
#include "config/upstreams.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Environment environment{{"HOME", "/home/someone"}};

/// Every setting with a value that is not its default.
Settings all_changed() {
    Settings out;
    out.listen = {"0.0.0.0:81", "[::1]:82"};
    out.data = "/srv/\"quoted\" \xe9\xa9\xbf\\path";
    out.offline = true;
    out.threads = 3;
    out.log = {LogFormat::json, "debug"};
    out.cache = {1'000'000, 3 * GiB};
    out.http = {seconds(1), seconds(2), seconds(3), 4096, 5, 6, 7 * KiB};
    out.relay = {milliseconds(11),
                 milliseconds(12),
                 milliseconds(13),
                 14,
                 milliseconds(15),
                 16,
                 17 * KiB,
                 18 * KiB,
                 19 * KiB,
                 20,
                 "lab/1 (someone@lab.example)",
                 "/etc/ca.pem",
                 "http://proxy.example:3128",
                 {}};
    out.relay.health = {.score = {milliseconds(101), milliseconds(102), 0.3, 104, milliseconds(105), milliseconds(106),
                                  107 * KiB, milliseconds(108)},
                        .breaker = {9, milliseconds(110), milliseconds(111), milliseconds(112), milliseconds(113),
                                    milliseconds(114), milliseconds(115), milliseconds(116), 0.17, milliseconds(118),
                                    milliseconds(119), 120, milliseconds(121), 22, 23},
                        .cap = {24, 25, milliseconds(126)},
                        .retry = {0.27, 28.5, 29, 30},
                        .hedge = {31, 32, 0.33, milliseconds(134), milliseconds(135), milliseconds(136), 7, 0.38, 39,
                                  milliseconds(140)},
                        .choice = {4.1, 0.42},
                        .integrity = {43, milliseconds(144), milliseconds(145)},
                        .negative = {milliseconds(146), 147},
                        .stall = {.silence = HealthSettings{}.stall.silence, // relay.stall_timeout's
                                  .window = milliseconds(149),
                                  .least_rate = 150,
                                  .share_of_best = 0.51},
                        .redirects = {52, milliseconds(153), 154}};
    out.relay.segments = {.from = 201 * MiB,
                          .families = 5,
                          .first = 203 * KiB,
                          .least = 204 * KiB,
                          .most = 205 * KiB,
                          .time = milliseconds(206),
                          .window = 207 * MiB,
                          .connections = 8,
                          .first_look = milliseconds(209)};
    out.pypi = {Trust::mirror,
                seconds(21),
                milliseconds(22),
                milliseconds(23),
                {"lab-*"},
                {"evil", "bad?"},
                true,
                seconds(24),
                {{"https://a.example/simple/", {"https://f.example/", "https://g.example/x/"}, "", "a", false},
                 {"https://b.example/i/", {"https://b.example/"}, "https://b.example/p/", "b", true}}};
    out.pytorch = {{{"https://whl.example/whl/", {"https://whl.example/", "https://r2.example/"}, "", "p", true},
                    {"https://flat.example/wheels/", {"https://flat.example/wheels/"}, "", "f", false, true}}};
    out.machines["k620"] = {{"Quadro K620", "5.0"}, "441.22", "", "", "3.6", "win_amd64", false, true};
    out.machines["lab-2"] = {{}, "", "10.1", "7.6", "", "linux_x86_64", true, false};
    return out;
}

Settings reloaded(const std::string& toml) {
    const TemporaryFolder folder;
    auto loaded = load_settings({.config_file = folder.file("printed.toml", toml), .values = {}}, environment);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text()) << "\n" << toml;
    Settings out = loaded.value_or(Settings{});
    out.origin.clear();
    return out;
}

TEST(PrintSettings, LoadsAgainToTheSame) {
    EXPECT_EQ(reloaded(print_settings(all_changed())), all_changed());
    const auto defaults = reloaded("");
    EXPECT_EQ(reloaded(print_settings(defaults)), defaults);
}

TEST(PrintSettings, ChangesEverySettingOfTheSchemaInThisTest) {
    const auto changed = all_changed();
    for (const auto& setting : schema())
        EXPECT_NE(setting.show(changed), setting.show(Settings{})) << setting.name << ": add it to all_changed()";
}

TEST(PrintSettings, SaysWhereEachValueCameFrom) {
    const TemporaryFolder folder;
    const auto file = folder.file("y.toml", "threads = 2\n[[pypi.upstream]]\nurl = \"https://a.example/simple/\"\n");
    Environment more = environment;
    more.emplace("YIZHAN_OFFLINE", "yes");
    const auto loaded = load_settings({.config_file = file, .values = {{"relay.stall_timeout", "5s"}}}, more);
    ASSERT_TRUE(loaded) << loaded.error().text();
    const auto text = print_settings(*loaded);
    const auto line = [&](const std::string& start) {
        const auto at = text.find("\n" + start);
        return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    };
    EXPECT_TRUE(line("threads = 2").ends_with(" # " + file.string() + ":1:11")) << text;
    EXPECT_TRUE(line("offline = true").ends_with(" # YIZHAN_OFFLINE")) << text;
    EXPECT_TRUE(line("stall_timeout = \"5s\"").ends_with(" # command line")) << text;
    EXPECT_TRUE(line("connect_timeout = \"1500ms\"").ends_with(" # default")) << text;
    EXPECT_NE(text.find("# " + file.string() + ":2:"), std::string::npos) << text;
}

TEST(PrintSettings, ShowsNoPassword) {
    Settings settings = reloaded("[relay]\nproxy = \"http://robot:hunter2@proxy.example:3128\"\n");
    EXPECT_EQ(settings.relay.proxy, "http://robot:hunter2@proxy.example:3128");
    const auto text = print_settings(settings);
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find("http://***@proxy.example:3128"), std::string::npos) << text;
    settings.relay.proxy = "http://***@proxy.example:3128";
    EXPECT_EQ(reloaded(text), settings);
}

TEST(PrintSettings, AnOddFileNameCannotEndAComment) {
    Settings settings = reloaded("");
    settings.origin["threads"] = "/odd\nname = 1:1:1";
    EXPECT_EQ(reloaded(print_settings(settings)).threads, 0u);
}

TEST(HelpText, NamesEverySettingWithTypeDefaultAndMeaningInAHundredColumns) {
    const auto text = help_text();
    for (const auto& setting : schema())
        EXPECT_NE(text.find("\n  " + setting.name + " "), std::string::npos) << setting.name;
    EXPECT_NE(text.find("default \"1500ms\""), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), 100u) << line;
}

TEST(Reference, NamesEverySettingAndEveryUpstreamKey) {
    const auto text = reference_markdown();
    for (const auto& setting : schema()) {
        const auto section = section_of(setting.name);
        const auto key = setting.name.substr(section.empty() ? 0 : section.size() + 1);
        EXPECT_NE(text.find("| `" + key + "` |"), std::string::npos) << setting.name;
    }
    for (const auto& key : upstream_keys())
        EXPECT_NE(text.find("| `" + key.name + "` |"), std::string::npos) << key.name;
}

TEST(Reference, TheCommittedPageIsTheGeneratedOne) {
    std::ifstream file(YIZHAN_SETTINGS_PAGE, std::ios::binary);
    std::ostringstream committed;
    committed << file.rdbuf();
    EXPECT_TRUE(committed.str() == reference_markdown())
        << "config/settings.md is older than the schema table; write it anew with\n"
           "    cmake --build --preset dev --target settings_reference";
}

} // namespace
} // namespace yizhan
