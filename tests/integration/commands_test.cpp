// The commands that need no running service: as a user types them, by their words and exit statuses.
#include "config/catalogue.hpp"
#include "tests/integration/stage.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <fstream>

namespace yizhan::integration {
namespace {

class Commands : public Stage {
  protected:
    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(folder() / name, std::ios::binary) << text;
        return (folder() / name).string();
    }
    std::string read(const std::string& name) {
        std::ifstream file(folder() / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// What the built-in catalogue has of PyPI itself: "url" or "packages".
    std::string root(const std::string& key) {
        const auto settings = run({"config", "print"}).said;
        const auto at = settings.find("\n" + key + " = \"") + key.size() + 5;
        return settings.substr(at, settings.find('"', at) - at);
    }
    Outcome run(const std::vector<std::string>& arguments) { return run_yizhan(arguments, folder()); }
};

TEST_F(Commands, MachineDetectNamesAMachineThatMachineShowKnows) {
    const auto detected = run({"machine", "detect", "--json", "--server", "http://lab:8080"});
    ASSERT_EQ(detected.status, 0) << detected.said;
    const auto json = boost::json::parse(detected.said);
    const std::string literal(json.at("machine").as_string());
    EXPECT_EQ(json.at("index").as_string(), "http://lab:8080/for/" + literal + "/simple/");
    EXPECT_THAT(std::string(json.at("lines").at(0).as_string()), HasSubstr("--trusted-host lab"));
    const auto shown = run({"machine", "show", literal});
    EXPECT_EQ(shown.status, 0) << shown.said;
    EXPECT_THAT(shown.said, StartsWith(literal + "\n"));
}

TEST_F(Commands, MachineDetectTakesThePythonThatItIsTold) {
    const auto detected = run({"machine", "detect", "--python", "3.8"});
    EXPECT_EQ(detected.status, 0);
    EXPECT_THAT(detected.said, HasSubstr("-cp38-"));
    EXPECT_EQ(run({"machine", "detect", "--python", "eight"}).status, 2);
}

TEST_F(Commands, MachineShowSaysWhatIsWrongWithALiteral) {
    const auto shown = run({"machine", "show", "driver441.22-sm_50-cp36-windows"});
    EXPECT_EQ(shown.status, 2);
    EXPECT_THAT(shown.said, HasSubstr("driver441.22-sm50-cp36-win_amd64")) << "the nearest that is one";
}

TEST_F(Commands, AMachineOfTheSettingsIsKnownByItsName) {
    const auto settings = write("yizhan.toml", "[machines.k620]\ngpu = ['Quadro K620']\ndriver = '441.22'\n"
                                               "python = '3.6'\nplatform = 'win_amd64'\n");
    const auto shown = run({"machine", "show", "k620", "--config", settings});
    EXPECT_EQ(shown.status, 0) << shown.said;
    EXPECT_THAT(shown.said, StartsWith("driver441.22-sm50-cp36-win_amd64\n"));
    const auto file = write("requirements.txt", "torch==1.9.0+cu111\n");
    EXPECT_EQ(run({"lint", file, "--for", "k620", "--config", settings}).status, 1);
    const auto unknown = run({"machine", "show", "k260", "--config", settings});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.said, HasSubstr("the settings name k620"));
}

TEST_F(Commands, LintFollowsIncludesAndTellsByItsStatus) {
    const auto clean = write("clean.txt", "torch==1.9.0\n");
    EXPECT_EQ(run({"lint", clean}).status, 0);
    write("base.txt", "-r requirements.txt\n--trusted-host mirror.example.org\n");
    const auto file = write("requirements.txt", "-r base.txt\ntorch==1.9.0+cu111\n");
    const auto found = run({"lint", file, "--for", "driver441.22-sm50-cp36-win_amd64"});
    EXPECT_EQ(found.status, 1) << found.said;
    EXPECT_THAT(found.said, HasSubstr(file + ":2:1: torch==1.9.0+cu111"));
    EXPECT_THAT(found.said, HasSubstr("torch==1.9.0+cu102"));
    EXPECT_THAT(found.said, HasSubstr("base.txt:2:1: --trusted-host"));
    const auto json = run({"lint", "--json", file, "--for", "driver441.22-sm50-cp36-win_amd64"});
    EXPECT_EQ(boost::json::parse(json.said).at("findings").as_array().size(), 2u);
}

TEST_F(Commands, LintSaysWhatItCouldNotRead) {
    const auto file = write("requirements.txt", "-r nothing.txt\n");
    const auto missing = run({"lint", file});
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.said, HasSubstr("nothing.txt: there is no such file"));
    const auto broken = run({"lint", write("pyproject.toml", "a = \n")});
    EXPECT_EQ(broken.status, 2);
    EXPECT_THAT(broken.said, HasSubstr("pyproject.toml:1:"));
    EXPECT_EQ(run({"lint", file, "--for", "nonsense"}).status, 2);
}

TEST_F(Commands, LockRewriteGoesThereAndBack) {
    const std::string before = "[[package]]\nsource = { registry = \"" + root("url") + "\" }\nurl = \"" +
                               root("packages") +
                               "aa/bb/cc/six-1.0.tar.gz\"\nhash = \"sha256:ab\"\nother = \"https://x.example.org/\"\n";
    const auto file = write("uv.lock", before);
    const std::vector<std::string> to_lab{"lock", "rewrite", "--to", "lab", "--lab", "http://lab:8080/", file};
    auto check = to_lab;
    check.emplace_back("--check");
    EXPECT_EQ(run(check).status, 1);
    EXPECT_EQ(read("uv.lock"), before) << "checking changes nothing";
    const auto moved = run(to_lab);
    EXPECT_EQ(moved.status, 0) << moved.said;
    EXPECT_THAT(moved.said, HasSubstr("2 URLs rewritten"));
    EXPECT_THAT(moved.said, HasSubstr("https://x.example.org"));
    EXPECT_THAT(read("uv.lock"), HasSubstr("url = \"http://lab:8080/pypi/packages/aa/bb/cc/six-1.0.tar.gz\""));
    EXPECT_EQ(run(check).status, 0);
    EXPECT_EQ(run({"lock", "rewrite", "--to", "canonical", "--lab", "http://lab:8080", file}).status, 0);
    EXPECT_EQ(read("uv.lock"), before);
}

TEST_F(Commands, LockRewriteTouchesNothingWhereOneFileIsMissing) {
    const auto file = write("uv.lock", root("url"));
    const auto out = run({"lock", "rewrite", "--to", "lab", file, (folder() / "nothing.lock").string()});
    EXPECT_EQ(out.status, 2);
    EXPECT_EQ(read("uv.lock"), root("url"));
    EXPECT_EQ(run({"lock", "rewrite", "--to", "nowhere", file}).status, 2);
    EXPECT_EQ(run({"lock", "rewrite", "--to", "lab", "--lab", "lab:8080", file}).status, 2);
}

} // namespace
} // namespace yizhan::integration
