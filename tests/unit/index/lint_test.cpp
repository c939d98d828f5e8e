#include "index/lint.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// "line:column rule" of what is found; `literal`: the machine that pins are judged for.
class Lint : public testing::Test {
  protected:
    LintReport report(std::string_view text, LintFormat format) {
        const LintContext context{.tables = embedded_tables(), .match = match_ ? &*match_ : nullptr};
        auto out = lint(text, format, context);
        EXPECT_TRUE(out) << out.error().message;
        return out ? std::move(*out) : LintReport{};
    }

    std::vector<std::string> found(std::string_view text, LintFormat format = LintFormat::requirements) {
        std::vector<std::string> out;
        for (const auto& finding : report(text, format).findings)
            out.push_back(fmt::format("{}:{} {}", finding.place.line, finding.place.column, finding.rule));
        return out;
    }

    void judge_for(std::string_view literal) {
        match_ = *MachineMatch::of(*parse_machine(literal, embedded_tables()), embedded_tables());
    }

  private:
    std::optional<MachineMatch> match_;
};

TEST_F(Lint, RequirementsThatNameNoIndexAreClean) {
    EXPECT_THAT(found("torch==1.9.0+cu111\nnumpy\n--hash=sha256:ab\n-e .\n--pre\n"), IsEmpty());
}

TEST_F(Lint, ExtraIndexesAndPagesOfLinksAreFound) {
    EXPECT_THAT(
        found("--extra-index-url https://a.example.org/whl\n-f https://b.example.org/torch_stable.html\n-f ./wheels\n"),
        ElementsAre("1:1 extra-index", "2:1 extra-index"));
}

TEST_F(Lint, AnIndexOfItsOwnIsFoundUnlessItIsAMatchedPage) {
    EXPECT_THAT(found("-i https://a.example.org/simple\n"), ElementsAre("1:1 own-index"));
    EXPECT_THAT(found("-i https://lab.example.org/for/cpu-win_amd64/simple/\n"), IsEmpty());
}

TEST_F(Lint, WhatIsAskedWithoutTlsIsFoundButOnLoopback) {
    EXPECT_THAT(found("torch @ http://h.example.org/t.tar.gz\n"), ElementsAre("1:1 no-tls"));
    EXPECT_THAT(found("-i http://user:secret@lab/for/cpu-win_amd64/simple/\n"), ElementsAre("1:1 no-tls"));
    for (const auto* const host : {"127.0.0.1:8080", "localhost", "[::1]:8080", "127.8.8.8"})
        EXPECT_THAT(found(fmt::format("-i http://{}/for/cpu-win_amd64/simple/\n--trusted-host {}\n", host, host)),
                    IsEmpty())
            << host;
    EXPECT_THAT(found("-i http://127.0.0.1.example.org/for/x/\n"), ElementsAre("1:1 no-tls")) << "a name, no address";
}

TEST_F(Lint, CredentialsAreNotShown) {
    const auto out = report("--extra-index-url https://user:secret@lab.example.org/simple\n", LintFormat::requirements);
    ASSERT_EQ(out.findings.size(), 1u);
    EXPECT_THAT(out.findings[0].what, testing::Not(HasSubstr("secret")));
}

TEST_F(Lint, TrustedHostsAreFound) {
    EXPECT_THAT(found("torch\n--trusted-host mirror.example.org\n"), ElementsAre("2:1 trusted-host"));
}

TEST_F(Lint, WheelsPickedByHandAreFoundAndJudged) {
    const std::string line = "https://h.example.org/whl/cu111/torch-1.9.0%2Bcu111-cp36-cp36m-win_amd64.whl\n";
    EXPECT_THAT(found(line), ElementsAre("1:1 wheel-url"));
    judge_for("driver441.22-sm50-cp36-win_amd64");
    EXPECT_THAT(found(line), ElementsAre("1:1 cannot-run", "1:1 wheel-url"));
    EXPECT_THAT(report(line, LintFormat::requirements).findings[0].why, HasSubstr("452.39"));
    EXPECT_THAT(found("https://h.example.org/whl/cu102/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl\n"),
                ElementsAre("1:1 wheel-url"));
}

TEST_F(Lint, PinsAreJudgedForTheMachine) {
    const std::string text = "numpy\n  torch==1.9.0+cu111 ; x\ntorchvision==0.10.0+cu102\n";
    EXPECT_THAT(found(text), IsEmpty());
    judge_for("driver441.22-sm50-cp36-win_amd64");
    EXPECT_THAT(found(text), ElementsAre("2:3 cannot-run"));
    EXPECT_THAT(report(text, LintFormat::requirements).findings[0].remedy, HasSubstr("torch==1.9.0+cu102"));
}

TEST_F(Lint, IncludesAreNamedForWhoReadsThem) {
    EXPECT_THAT(report("-r base.txt\n-c https://h.example.org/c.txt\n--constraint=../c.txt\n", LintFormat::requirements)
                    .includes,
                ElementsAre("base.txt", "../c.txt"));
}

TEST_F(Lint, PipConf) {
    EXPECT_THAT(
        found("[global]\nindex-url = https://lab.example.org/simple/\nextra-index-url =\n    https://a.example.org/\n"
              "    https://b.example.org/\n[install]\ntrusted_host = a.example.org\nfind-links = /srv/wheels\n",
              LintFormat::pip_conf),
        ElementsAre("4:5 extra-index", "5:5 extra-index", "7:16 trusted-host"));
    EXPECT_THAT(found("[global]\nindex-url = http://lab.example.org/simple/\n", LintFormat::pip_conf),
                ElementsAre("2:13 no-tls"));
}

TEST_F(Lint, UvToml) {
    EXPECT_THAT(found("index-strategy = 'unsafe-best-match'\nallow-insecure-host = ['a.example.org']\n"
                      "extra-index-url = ['https://a.example.org/', 'https://b.example.org/']\n"
                      "[pip]\ntorch-backend = 'auto'\n"
                      "[[index]]\nurl = 'https://lab.example.org/simple/'\ndefault = true\n"
                      "[[index]]\nurl = 'https://c.example.org/'\n"
                      "[[index]]\nname = 'x'\nurl = 'https://d.example.org/'\nexplicit = true\n",
                      LintFormat::uv_toml),
                ElementsAre("1:1 index-strategy", "2:25 trusted-host", "3:21 extra-index", "3:47 extra-index",
                            "5:1 torch-backend", "10:1 extra-index"));
}

TEST_F(Lint, PyprojectSourcesOfMatchedProjects) {
    const std::string indexes = "[[tool.uv.index]]\nname = 'x'\nurl = 'https://d.example.org/'\nexplicit = true\n"
                                "[[tool.uv.index]]\nname = 'main'\nurl = 'https://m.example.org/'\ndefault = true\n";
    EXPECT_THAT(found("[tool.uv.sources]\ntorch = { index = 'x' }\nnumpy = { index = 'x' }\n"
                      "torchvision = [{ index = 'main' }, { index = 'x' }]\n" +
                          indexes,
                      LintFormat::pyproject),
                ElementsAre("2:11 extra-index", "4:38 extra-index"));
    EXPECT_THAT(
        found("[tool.uv.sources]\nt = { url = 'https://h.example.org/t-1-py3-none-any.whl' }\n", LintFormat::pyproject),
        ElementsAre("2:7 wheel-url"));
}

TEST_F(Lint, PyprojectDependenciesOfEveryTool) {
    judge_for("driver441.22-sm50-cp36-win_amd64");
    EXPECT_THAT(found("[project]\ndependencies = ['numpy',\n 'torch==1.9.0+cu111']\n"
                      "[project.optional-dependencies]\ngpu = ['torch>=2']\n"
                      "[dependency-groups]\ndev = ['torch==2.1', {include-group = 'x'}]\n"
                      "[tool.poetry.dependencies]\ntorch = '2.1'\ntorchvision = {version = '0.20'}\n"
                      "[tool.poetry.group.dev.dependencies]\ntorchaudio = '^2.0'\ntensorflow = '==2.19.0'\n"
                      "[tool.pdm.dev-dependencies]\na = ['torch==2.2']\n",
                      LintFormat::pyproject),
                ElementsAre("3:3 cannot-run", "5:9 cannot-run", "7:9 cannot-run", "9:1 cannot-run", "10:16 cannot-run",
                            "13:1 cannot-run", "15:7 cannot-run"));
}

TEST_F(Lint, SourcesOfPoetryPdmAndPipenv) {
    EXPECT_THAT(found("[[tool.poetry.source]]\nname='a'\nurl='https://a.example.org/'\npriority='primary'\n"
                      "[[tool.poetry.source]]\nname='b'\nurl='https://b.example.org/'\npriority='supplemental'\n"
                      "[[tool.poetry.source]]\nname='c'\nurl='https://c.example.org/'\npriority='explicit'\n"
                      "[[tool.pdm.source]]\nurl='https://d.example.org/'\nverify_ssl=false\n"
                      "[[tool.pdm.source]]\nurl='https://e.example.org/'\n",
                      LintFormat::pyproject),
                ElementsAre("6:1 extra-index", "15:1 no-verification", "17:1 extra-index"));
    EXPECT_THAT(found("[[source]]\nurl = 'https://a.example.org/simple'\nverify_ssl = false\n[packages]\ntorch = '*'\n",
                      LintFormat::pyproject),
                ElementsAre("3:1 no-verification"));
}

TEST_F(Lint, LockFilesAreJudgedAndTellAHostOnce) {
    judge_for("driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    EXPECT_THAT(found("[[package]]\nname = 'torch'\nversion = '2.13.0+cu130'\n"
                      "source = { registry = 'http://lab.example.org/simple' }\n"
                      "wheels = [{ url = 'http://lab.example.org/a.whl' }, { url = 'http://127.0.0.1/b.whl' }]\n"
                      "[[package]]\nname = 'numpy'\nversion = '2.0'\n",
                      LintFormat::lock),
                ElementsAre("2:1 cannot-run", "4:24 no-tls"));
}

TEST_F(Lint, BrokenTomlIsAnErrorWithItsPlace) {
    const LintContext context{.tables = embedded_tables()};
    const auto out = lint("a = 1\nb = \n", LintFormat::pyproject, context);
    ASSERT_FALSE(out);
    EXPECT_THAT(out.error().message, testing::StartsWith("2:"));
}

TEST_F(Lint, FindingsAreBounded) {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += "--trusted-host h.example.org\n";
    EXPECT_EQ(found(text).size(), 1000u);
}

TEST(LintFormat, IsTheFilesName) {
    EXPECT_EQ(lint_format("requirements-dev.txt"), LintFormat::requirements);
    EXPECT_EQ(lint_format("constraints.in"), LintFormat::requirements);
    EXPECT_EQ(lint_format("/etc/pip.conf"), LintFormat::pip_conf);
    EXPECT_EQ(lint_format("pip.ini"), LintFormat::pip_conf);
    EXPECT_EQ(lint_format("uv.toml"), LintFormat::uv_toml);
    EXPECT_EQ(lint_format("a/pyproject.toml"), LintFormat::pyproject);
    EXPECT_EQ(lint_format("Pipfile"), LintFormat::pyproject);
    for (const auto* const name : {"uv.lock", "poetry.lock", "pylock.toml", "pylock.dev.toml", "pdm.lock"})
        EXPECT_EQ(lint_format(name), LintFormat::lock) << name;
}

} // namespace
} // namespace yizhan
