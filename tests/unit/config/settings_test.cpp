#include "config/catalogue.hpp"
#include "config/settings.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using List = std::vector<std::string>;
using Values = std::vector<std::pair<std::string, std::string>>;

class LoadSettings : public ::testing::Test {
  protected:
    /// Loads from `toml` (a file that is named, so that none of the machine's is read), variables and flags.
    Result<Settings> load(const std::string& toml, const Environment& more = {}, const Values& flags = {}) {
        Environment environment = more;
        environment.emplace("HOME", "/home/someone");
        file_ = folder_.file("y.toml", toml);
        return load_settings({.config_file = file_, .values = flags}, environment);
    }

    Settings good(const std::string& toml, const Environment& more = {}, const Values& flags = {}) {
        auto loaded = load(toml, more, flags);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text());
        return loaded ? *loaded : Settings{};
    }

    /// The problems, with "FILE" for the file's path.
    List problems(const std::string& toml, const Environment& more = {}, const Values& flags = {}) {
        const auto loaded = load(toml, more, flags);
        if (loaded)
            return {};
        EXPECT_EQ(loaded.error().code, Errc::invalid);
        List out = loaded.error().tried.empty() ? List{loaded.error().message} : loaded.error().tried;
        for (auto& line : out)
            if (line.starts_with(file_.string()))
                line.replace(0, file_.string().size(), "FILE");
        return out;
    }

    TemporaryFolder folder_;
    std::filesystem::path file_;
};

TEST_F(LoadSettings, WithoutAnythingEverythingHasItsDefault) {
    auto settings = good("");
    EXPECT_EQ(settings.data, "/home/someone/.local/share/yizhan");
    EXPECT_EQ(settings.pypi.upstream, default_upstreams("pypi"));
    EXPECT_TRUE(settings.origin.empty());
    settings.data.clear();
    EXPECT_EQ(settings.pytorch.upstream, default_upstreams("pytorch-wheels"));
    settings.pypi.upstream.clear();
    settings.pytorch.upstream.clear();
    EXPECT_EQ(settings, Settings{});
    EXPECT_EQ(settings.relay.user_agent, "yizhan/" YIZHAN_VERSION);
}

TEST_F(LoadSettings, TheDataFolderFollowsXdg) {
    EXPECT_EQ(good("", {{"XDG_DATA_HOME", "/mnt/data"}}).data, "/mnt/data/yizhan");
    EXPECT_EQ(good("", {{"XDG_DATA_HOME", "relative"}}).data, "/home/someone/.local/share/yizhan");
    EXPECT_EQ(good("data = \"~/d\"").data, "/home/someone/d");
    EXPECT_EQ(good("data = \"d\"").data, folder_.path() / "d");
    EXPECT_EQ(good("", {{"YIZHAN_DATA", "d"}}).data, std::filesystem::current_path() / "d");
}

TEST_F(LoadSettings, WithoutAHomeTheDataFolderMustBeGiven) {
    EXPECT_EQ(problems("", {{"HOME", ""}}).size(), 1u);
    EXPECT_NE(problems("", {{"HOME", ""}})[0].find("YIZHAN_DATA"), std::string::npos);
    EXPECT_TRUE(problems("data = \"/var/lib/yizhan\"", {{"HOME", ""}}).empty());
}

TEST_F(LoadSettings, AFlagBeatsTheEnvironmentBeatsTheFileBeatsTheDefault) {
    const std::string file = "[relay]\nstall_timeout = \"5s\"\nconnect_timeout = \"2s\"\nmax_redirects = 4\n";
    const Environment environment{{"YIZHAN_RELAY_STALL_TIMEOUT", "6s"}, {"YIZHAN_RELAY_CONNECT_TIMEOUT", "3s"}};
    const auto settings = good(file, environment, {{"relay.stall_timeout", "7s"}});
    EXPECT_EQ(settings.relay.stall_timeout, milliseconds(7000));
    EXPECT_EQ(settings.relay.connect_timeout, milliseconds(3000));
    EXPECT_EQ(settings.relay.max_redirects, 4u);
    EXPECT_EQ(settings.relay.reader_grace, milliseconds(60'000));
    EXPECT_EQ(settings.origin.at("relay.stall_timeout"), "command line");
    EXPECT_EQ(settings.origin.at("relay.connect_timeout"), "YIZHAN_RELAY_CONNECT_TIMEOUT");
    EXPECT_EQ(settings.origin.at("relay.max_redirects"), file_.string() + ":4:17");
    EXPECT_FALSE(settings.origin.contains("relay.reader_grace"));
}

TEST_F(LoadSettings, ReadsTheOutlineOfTheDesign) {
    const auto settings = good(R"(
listen = ["127.0.0.1:8080", "[::1]:8080"]
data = "~/.local/share/yizhan"
offline = false
threads = 0
[cache]
max_size = "200GiB"
min_free = "10GiB"
[pypi]
trust = "agreed"
private = ["lab-*"]
[[pypi.upstream]]
url = "https://index.example.org/simple/"
files = ["https://files.example.org/"]
family = "pypi"
root = true
[[pypi.upstream]]
url = "https://mirror.example.org/pypi/simple"
family = "copy"
)");
    EXPECT_EQ(settings.listen, (List{"127.0.0.1:8080", "[::1]:8080"}));
    EXPECT_EQ(settings.pypi.trust, Trust::agreed);
    EXPECT_EQ(settings.pypi.private_names, List{"lab-*"});
    ASSERT_EQ(settings.pypi.upstream.size(), 2u);
    EXPECT_EQ(settings.pypi.upstream[0], (UpstreamSettings{"https://index.example.org/simple/",
                                                           {"https://files.example.org/"},
                                                           "https://index.example.org/packages/",
                                                           "pypi",
                                                           true}));
    EXPECT_EQ(settings.pypi.upstream[1], (UpstreamSettings{"https://mirror.example.org/pypi/simple/",
                                                           {"https://mirror.example.org/"},
                                                           "https://mirror.example.org/pypi/packages/",
                                                           "copy",
                                                           false}));
}

TEST_F(LoadSettings, ListsInTheEnvironmentAreSeparatedByCommas) {
    const auto settings = good("", {{"YIZHAN_LISTEN", "127.0.0.1:1, 127.0.0.2:2"}, {"YIZHAN_PYPI_PRIVATE", ""}});
    EXPECT_EQ(settings.listen, (List{"127.0.0.1:1", "127.0.0.2:2"}));
    EXPECT_TRUE(settings.pypi.private_names.empty());
}

TEST_F(LoadSettings, ARepeatedFlagAddsToAListAndElseTheLastCounts) {
    const auto settings = good("", {},
                               {{"listen", "127.0.0.1:1"},
                                {"relay.stall_timeout", "1s"},
                                {"listen", "127.0.0.1:2"},
                                {"relay.stall_timeout", "2s"},
                                {"upstream", "https://a.example/simple/"},
                                {"pypi.upstream", "https://b.example/simple/"}});
    EXPECT_EQ(settings.listen, (List{"127.0.0.1:1", "127.0.0.1:2"}));
    EXPECT_EQ(settings.relay.stall_timeout, milliseconds(2000));
    ASSERT_EQ(settings.pypi.upstream.size(), 2u);
    EXPECT_TRUE(settings.pypi.upstream[0].root);
    EXPECT_EQ(settings.pypi.upstream[0].family, "a.example");
    EXPECT_FALSE(settings.pypi.upstream[1].root);
}

TEST_F(LoadSettings, UpstreamsReplaceThoseOfWeakerLayersAsAWhole) {
    const auto settings = good("[[pypi.upstream]]\nurl = \"https://file.example/simple/\"\n",
                               {{"YIZHAN_PYPI_UPSTREAM", "https://env.example/simple/"}});
    ASSERT_EQ(settings.pypi.upstream.size(), 1u);
    EXPECT_EQ(settings.pypi.upstream[0].family, "env.example");
}

TEST_F(LoadSettings, EveryProblemIsReportedWithItsPlace) {
    const auto found = problems("listn = [\"127.0.0.1:1\"]\n"
                                "threads = -1\n"
                                "[relay]\n"
                                "stal_timeout = \"4s\"\n"
                                "connect_timeout = 4\n",
                                {{"YIZHAN_OFFLINE", "maybe"}, {"YIZHAN_RELAY_STAL_TIMEOUT", "4s"}},
                                {{"relay.hold_bak", "1KiB"}, {"http.max_connections", "0"}});
    ASSERT_EQ(found.size(), 8u);
    EXPECT_EQ(found[0], "FILE:1:1: unknown setting \"listn\"; did you mean listen?");
    EXPECT_EQ(found[1], "FILE:2:11: threads = -1: expected a whole number without quotes, not below 0");
    EXPECT_EQ(found[2], "FILE:4:1: unknown setting \"relay.stal_timeout\"; did you mean relay.stall_timeout?");
    EXPECT_EQ(found[3],
              "FILE:5:19: relay.connect_timeout = 4: the unit is missing; expected a time span such as \"1500ms\", "
              "\"4s\", \"10min\", \"1h\" or \"7d\"");
    EXPECT_EQ(found[4], "YIZHAN_OFFLINE: offline = \"maybe\": expected true or false");
    EXPECT_EQ(found[5], "YIZHAN_RELAY_STAL_TIMEOUT: no setting has this variable; unset it; did you mean "
                        "YIZHAN_RELAY_STALL_TIMEOUT?");
    EXPECT_EQ(found[6], "command line: unknown setting \"relay.hold_bak\"; did you mean relay.hold_back?");
    EXPECT_EQ(found[7], "command line: http.max_connections = \"0\": out of bounds; expected 1 to 1000000");
}

TEST_F(LoadSettings, AProblemInAWeakerLayerIsReportedEvenWhenItIsOverridden) {
    EXPECT_EQ(problems("threads = \"many\"\n", {}, {{"threads", "2"}}).size(), 1u);
}

TEST_F(LoadSettings, ASectionOfALaterVersionIsNamedOnce) {
    const auto found = problems("[tides.k620]\ngpu = [\"Quadro K620\"]\ndriver = \"441.22\"\n"
                                "[[conda.upstream]]\nurl = \"https://x.example/\"\n[nvidia]\n");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0], "FILE:2:1: this version does not know the section [tides]; expected log, cache, http, relay, "
                        "pypi, pytorch, machines");
    EXPECT_TRUE(found[1].find("[conda]") != std::string::npos) << found[1];
    EXPECT_TRUE(found[2].find("[nvidia]") != std::string::npos) << found[2];
    const auto near = problems("[rely]\nproxy = \"\"\n");
    ASSERT_EQ(near.size(), 1u);
    EXPECT_TRUE(near[0].ends_with("did you mean [relay]?")) << near[0];
}

TEST_F(LoadSettings, AKnownNameInTheWrongPlaceIsExplained) {
    const std::pair<const char*, const char*> table[] = {
        {"stall_timeout = \"4s\"\n", "FILE:1:1: unknown setting \"stall_timeout\"; did you mean relay.stall_timeout?"},
        {"relay = 4\n", "FILE:1:1: \"relay\" is a section; expected [relay] and settings below it"},
        {"[[relay]]\nproxy = \"\"\n", "FILE:1:3: \"relay\" is a section; expected [relay] and settings below it"},
        {"[pypi.upstream]\nurl = \"https://x.example/simple/\"\nroot = true\n",
         "FILE:2:1: pypi.upstream is a list of tables; expected [[pypi.upstream]] with two brackets on each side"},
        {"[relay.proxy]\nhost = \"x\"\n", "FILE:2:1: unknown setting \"relay.proxy.host\"; did you mean relay.proxy?"},
        {"[offline]\n", "FILE:1:2: offline = an empty section: expected true or false, without quotes"},
    };
    for (const auto& [toml, expected] : table)
        EXPECT_EQ(problems(toml), List{expected}) << toml;
    EXPECT_TRUE(problems("[relay]\n[http]\n").empty());
}

TEST_F(LoadSettings, ASyntaxErrorStillLetsOtherLayersBeChecked) {
    const auto found = problems("a = = 1\n", {{"YIZHAN_THREADS", "x"}});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(found[0].starts_with("FILE:1:")) << found[0];
}

TEST_F(LoadSettings, AFileThatIsNamedMustExist) {
    const auto missing = folder_.path() / "missing.toml";
    const Environment home{{"HOME", folder_.path().string()}};
    const auto by_flag = load_settings({.config_file = missing, .values = {}}, home);
    ASSERT_FALSE(by_flag);
    EXPECT_NE(by_flag.error().message.find(missing.string()), std::string::npos);
    EXPECT_NE(by_flag.error().message.find("--config"), std::string::npos);
    EXPECT_FALSE(load_settings({}, {{"HOME", "/nowhere"}, {"YIZHAN_CONFIG", missing.string()}}));
}

TEST_F(LoadSettings, TheFileIsLookedForInItsOrder) {
    const auto threads = [](unsigned n) { return "threads = " + std::to_string(n) + "\n"; };
    const auto flag = folder_.file("flag.toml", threads(1));
    const auto variable = folder_.file("variable.toml", threads(2));
    folder_.file("xdg/yizhan/yizhan.toml", threads(3));
    folder_.file("home/.config/yizhan/yizhan.toml", threads(4));
    Environment environment{{"HOME", (folder_.path() / "home").string()},
                            {"XDG_CONFIG_HOME", (folder_.path() / "xdg").string()},
                            {"YIZHAN_CONFIG", variable.string()}};
    EXPECT_EQ(load_settings({.config_file = flag, .values = {}}, environment)->threads, 1u);
    EXPECT_EQ(load_settings({}, environment)->threads, 2u);
    environment.erase("YIZHAN_CONFIG");
    EXPECT_EQ(load_settings({}, environment)->threads, 3u);
    environment.erase("XDG_CONFIG_HOME");
    EXPECT_EQ(load_settings({}, environment)->threads, 4u);
}

TEST_F(LoadSettings, TheEnvironmentOfTheProcessIsRead) {
    const auto environment = process_environment();
    ASSERT_TRUE(environment.contains("PATH"));
    EXPECT_FALSE(environment.at("PATH").empty());
}

TEST_F(LoadSettings, MachinesHaveNames) {
    const auto settings =
        good("[machines.k620]\ngpu = [\"Quadro K620\"]\ndriver = \"441.22\"\npython = \"3.6\"\n"
             "platform = \"win_amd64\"\n[machines.box]\ngpu = \"8.6\"\nwsl2 = true\n[machines.bare]\n");
    ASSERT_EQ(settings.machines.size(), 3u);
    EXPECT_EQ(settings.machines.at("k620").gpu, List{"Quadro K620"});
    EXPECT_EQ(settings.machines.at("k620").driver, "441.22");
    EXPECT_EQ(settings.machines.at("box").gpu, List{"8.6"});
    EXPECT_TRUE(settings.machines.at("box").wsl2);
    const auto found = problems("[machines.k620]\ngpus = [\"a\"]\nwsl2 = \"yes\"\ndriver = 441.22\n"
                                "[machines.\"a b\"]\nplatform = \"x\"\n[machines]\nwhat = 1\n");
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0], "FILE:2:1: unknown key \"gpus\" in [machines.k620]; expected gpu, driver, cuda, cudnn, python, "
                        "platform, wsl2, only; did you mean \"gpu\"?");
    EXPECT_EQ(found[1], "FILE:3:8: machines.k620.wsl2: expected true or false, without quotes");
    EXPECT_EQ(found[2], "FILE:4:10: machines.k620.driver: expected a string in quotes");
    EXPECT_TRUE(found[3].find("\"a b\" is no name of a machine") != std::string::npos) << found[3];
    EXPECT_TRUE(found[4].find("machines.what is a table") != std::string::npos) << found[4];
}

TEST_F(LoadSettings, PytorchHasUpstreamsOfItsOwn) {
    const auto settings = good("[[pytorch.upstream]]\nurl = \"https://whl.example/whl\"\n"
                               "[[pytorch.upstream]]\nurl = \"https://flat.example/wheels/\"\nlayout = \"flat\"\n");
    ASSERT_EQ(settings.pytorch.upstream.size(), 2u);
    EXPECT_EQ(settings.pytorch.upstream[0],
              (UpstreamSettings{"https://whl.example/whl/", {"https://whl.example/"}, "", "whl.example", true, false}));
    EXPECT_TRUE(settings.pytorch.upstream[1].flat);
    const auto flat_first = good("[[pytorch.upstream]]\nurl = \"https://flat.example/wheels/\"\nlayout = \"flat\"\n"
                                 "[[pytorch.upstream]]\nurl = \"https://whl.example/whl\"\n");
    EXPECT_TRUE(flat_first.pytorch.upstream[1].root) << "a flat listing gives no digests";
    EXPECT_EQ(settings.pypi.upstream, default_upstreams("pypi"));
    EXPECT_TRUE(problems("[[pytorch.upstream]]\nurl = \"https://x.example/\"\npackages = \"\"\n")[0].find(
                    "unknown key \"packages\" in [[pytorch.upstream]]") != std::string::npos);
    EXPECT_TRUE(problems("[[pypi.upstream]]\nurl = \"https://x.example/\"\nlayout = \"flat\"\n")[0].find(
                    "unknown key \"layout\"") != std::string::npos);
}

} // namespace
} // namespace yizhan
