#include "index/lock_urls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* lab = "http://lab:8080";

/// A catalogue of three stores: PyPI, a mirror of it, and PyTorch with a second host for its files.
std::vector<LockAddress> addresses() {
    Mirror pypi;
    pypi.kind = "pypi";
    pypi.url = "https://index.example/simple/";
    pypi.packages = "https://files.example/packages/";
    pypi.root = true;
    pypi.status = Mirror::Status::live;
    Mirror mirror;
    mirror.kind = "pypi";
    mirror.url = "https://mirror.example/pypi/simple/";
    mirror.packages = "https://mirror.example/pypi/packages/";
    mirror.status = Mirror::Status::live;
    Mirror torch;
    torch.kind = "pytorch-wheels";
    torch.url = "https://torch.example/whl/";
    torch.files = {"https://torch.example/whl/", "https://torch-r2.example/whl/"};
    torch.root = true;
    torch.status = Mirror::Status::live;
    return lock_addresses(std::vector{mirror, pypi, torch});
}

RewrittenLock rewritten(std::string_view text, LockTarget target, bool mirrors = false) {
    return rewrite_lock(text, {.target = target, .lab = lab, .mirrors = mirrors}, addresses());
}

std::string to_lab(std::string_view text) {
    return rewritten(text, LockTarget::lab).text;
}

constexpr const char* uv_lock = R"(version = 1
[[package]]
name = "torch"
version = "2.8.0+cu128"
source = { registry = "https://torch.example/whl/cu128" }
wheels = [
    { url = "https://torch.example/whl/cu128/torch-2.8.0%2Bcu128-cp311-cp311-win_amd64.whl", hash = "sha256:https://no" },
]
[[package]]
name = "six"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/packages/94/e7/b2c6/six-1.17.0.tar.gz", hash = "sha256:ff70", size = 34031 }
)";

TEST(Lock, OfUvIsMovedToTheLab) {
    const auto out = rewritten(uv_lock, LockTarget::lab);
    EXPECT_EQ(out.rewritten, 4u);
    EXPECT_EQ(out.there, 0u);
    EXPECT_THAT(out.text, HasSubstr("registry = \"http://lab:8080/pytorch/whl/cu128\""));
    EXPECT_THAT(out.text, HasSubstr("url = \"http://lab:8080/pytorch/whl/cu128/torch-2.8.0%2Bcu128-cp311-"));
    EXPECT_THAT(out.text, HasSubstr("registry = \"http://lab:8080/simple\" }"));
    EXPECT_THAT(out.text, HasSubstr("url = \"http://lab:8080/pypi/packages/94/e7/b2c6/six-1.17.0.tar.gz\", hash"));
    EXPECT_THAT(out.text, HasSubstr("hash = \"sha256:ff70\", size = 34031"));
    ASSERT_THAT(out.left, SizeIs(1));
    EXPECT_EQ(out.left[0].origin, "https://no");
}

TEST(Lock, TheWayBackGivesTheSameBytes) {
    EXPECT_EQ(rewritten(to_lab(uv_lock), LockTarget::canonical).text, uv_lock);
    const std::string requirements =
        "--index-url https://index.example/simple/\r\n"
        "torch @ https://torch.example/whl/cu102/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl"
        " \\\n  --hash=sha256:ab  \n# https://index.example/simple\t\n\n";
    const auto moved = to_lab(requirements);
    EXPECT_NE(moved, requirements);
    EXPECT_EQ(rewritten(moved, LockTarget::canonical).text, requirements);
}

TEST(Lock, TheWayBackGivesTheSameBytesWhateverTheyAre) {
    const std::vector<std::string> parts{"https://index.example/simple",
                                         "https://files.example/packages",
                                         "https://torch.example/whl",
                                         "https://torch-r2.example/whl",
                                         "/a%2Bb.whl",
                                         "/",
                                         "\"",
                                         "\n",
                                         " ",
                                         "x",
                                         "http",
                                         "s://",
                                         "#f",
                                         "?",
                                         ",",
                                         "\xff",
                                         "https://mirror.example/pypi/simple/",
                                         "git+",
                                         "lab:8080",
                                         std::string(1, '\0')};
    std::mt19937 random(1); // the same every time
    for (int round = 0; round < 5000; ++round) {
        std::string text;
        for (auto left = random() % 20; left > 0; --left)
            text += parts[random() % parts.size()];
        if (rewritten(text, LockTarget::lab).there > 0)
            continue; // it names the lab already
        EXPECT_EQ(rewritten(to_lab(text), LockTarget::canonical).text, text);
    }
}

TEST(Lock, OnlyWholeAddressesCount) {
    for (const auto* const text :
         {"https://index.example/simpler/", "https://index.example.org/simple/", "https://xindex.example/simple/",
          "ahttps://index.example/simple/", "git+https://index.example/simple/", "http://index.example/simple/"})
        EXPECT_EQ(to_lab(text), text);
    for (const auto* const text : {"https://index.example/simple", "https://index.example/simple?x",
                                   "'https://index.example/simple#y'", "<https://index.example/simple>"})
        EXPECT_NE(to_lab(text), text) << text;
}

TEST(Lock, UnknownHostsAreListedOnceAndLeft) {
    const std::string text = "a https://github.example/x\nb https://github.example/y\n c http://other.example:81/\n";
    const auto out = rewritten(text, LockTarget::lab);
    EXPECT_EQ(out.text, text);
    ASSERT_THAT(out.left, SizeIs(2));
    EXPECT_EQ(out.left[0].origin, "https://github.example");
    EXPECT_EQ(out.left[0].count, 2u);
    EXPECT_EQ(out.left[0].first, (TextPlace{1, 3}));
    EXPECT_EQ(out.left[1].origin, "http://other.example:81");
    EXPECT_EQ(out.left[1].first, (TextPlace{3, 4}));
}

TEST(Lock, OtherAddressesOfTheSameStoresNeedAWord) {
    const std::string text = "\"https://mirror.example/pypi/packages/a.whl\" \"https://torch-r2.example/whl/b.whl\"";
    const auto left = rewritten(text, LockTarget::lab);
    EXPECT_EQ(left.text, text);
    ASSERT_THAT(left.left, SizeIs(2));
    EXPECT_THAT(left.left[0].reason, HasSubstr("--mirrors"));
    const auto moved = rewritten(text, LockTarget::lab, true);
    EXPECT_EQ(moved.text, "\"http://lab:8080/pypi/packages/a.whl\" \"http://lab:8080/pytorch/whl/b.whl\"");
    EXPECT_EQ(rewritten(moved.text, LockTarget::canonical).text,
              "\"https://files.example/packages/a.whl\" \"https://torch.example/whl/b.whl\"");
}

TEST(Lock, WhatOnlyTheLabHasIsLeftThere) {
    const std::string text = "http://lab:8080/for/cpu-win_amd64/simple/ http://lab:8080/pypi/files/sha256/ab/x.whl "
                             "http://lab:80801/simple/";
    const auto out = rewritten(text, LockTarget::canonical);
    EXPECT_EQ(out.text, text);
    ASSERT_THAT(out.left, SizeIs(2));
    EXPECT_EQ(out.left[0].count, 2u);
    EXPECT_THAT(out.left[0].reason, HasSubstr("/simple/"));
    EXPECT_EQ(out.left[1].origin, "http://lab:80801");
}

TEST(Lock, WhatIsThereAlreadyIsCounted) {
    const auto out = rewritten("http://lab:8080/simple/ https://index.example/simple/", LockTarget::lab);
    EXPECT_EQ(out.there, 1u);
    EXPECT_EQ(out.rewritten, 1u);
    EXPECT_THAT(out.left, IsEmpty());
    EXPECT_EQ(rewritten(to_lab(uv_lock), LockTarget::lab).rewritten, 0u);
}

TEST(Lock, TheCatalogueHasTheRootsFirst) {
    const auto all = lock_addresses(catalogue());
    const auto roots = std::ranges::count_if(all, &LockAddress::reversible);
    EXPECT_EQ(roots, 3) << "PyPI's pages, PyPI's files, PyTorch";
    EXPECT_TRUE(std::ranges::is_partitioned(all, &LockAddress::reversible));
    for (const auto& address : all)
        EXPECT_FALSE(address.canonical.ends_with('/')) << address.canonical;
}

} // namespace
} // namespace yizhan
