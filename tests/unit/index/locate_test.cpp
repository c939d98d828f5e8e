#include "index/locate.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string sixty = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab";
const std::string digest_a(64, 'a');

ProjectFile file(std::string url, std::string name, bool with_sha256 = false) {
    ProjectFile out;
    out.url = std::move(url);
    out.filename = std::move(name);
    if (with_sha256)
        out.hashes.emplace_back("sha256", digest_a);
    return out;
}

TEST(Locate, PypisOwnPathIsKept) {
    for (const bool with_sha256 : {false, true})
        for (const std::string prefix : {"https://files.example/packages/", "https://m.example/pypi/web/packages/"}) {
            const auto located =
                locate(file(prefix + "0e/f9/" + sixty + "/six-1.0.tar.gz", "six-1.0.tar.gz", with_sha256));
            ASSERT_TRUE(located);
            EXPECT_EQ(located->path(), "pypi/packages/0e/f9/" + sixty + "/six-1.0.tar.gz");
            EXPECT_EQ(located->blake2b->hex(), "0ef9" + sixty);
            EXPECT_FALSE(located->sha256);
        }
}

TEST(Locate, AnEncodedFileNameIsTheSameFileName) {
    const auto located = locate(file("https://f.example/packages/0e/f9/" + sixty + "/a-1.0%2Bx.whl", "a-1.0+x.whl"));
    ASSERT_TRUE(located);
    EXPECT_EQ(located->path(), "pypi/packages/0e/f9/" + sixty + "/a-1.0+x.whl");
}

TEST(Locate, OtherwiseTheSha256MakesThePath) {
    for (const std::string& url : {std::string("https://f.example/whl/six-1.0.zip"),
                                   "https://f.example/packages/0E/F9/" + sixty + "/six-1.0.zip",
                                   "https://f.example/packages/0e/f9/" + sixty + "0/six-1.0.zip",
                                   "https://f.example/packages/0e/f9/" + sixty + "/other.zip",
                                   "https://f.example/notpackages/0e/f9/" + sixty + "/six-1.0.zip",
                                   "https://f.example/0e/f9/" + sixty + "/six-1.0.zip",
                                   "https://f.example/packages/0e/" + sixty + "/six-1.0.zip"}) {
        const auto located = locate(file(url, "six-1.0.zip", true));
        ASSERT_TRUE(located) << url;
        EXPECT_EQ(located->path(), "pypi/files/sha256/" + digest_a + "/six-1.0.zip") << url;
        EXPECT_FALSE(locate(file(url, "six-1.0.zip", false))) << url;
    }
}

TEST(Locate, TheFolderIsWhatStandsBeforeTheFileName) {
    const std::string pypi = "https://f.example/packages/0e/f9/" + sixty + "/six-1.0.zip";
    for (const auto& each : {file(pypi, "six-1.0.zip", true), file(pypi, "six-1.0.zip"), file(pypi, "other.zip", true),
                             file(pypi, "other.zip"), file("https://f.example/x", "..", true),
                             file("https://f.example/x", "x.whl.metadata", true)}) {
        std::string folder = "../";
        const auto located = locate(each);
        EXPECT_EQ(append_located_folder(folder, each), located.has_value());
        EXPECT_EQ(is_located(each), located.has_value());
        EXPECT_EQ(folder + (located ? each.filename : ""), "../" + (located ? located->path() : ""));
    }
}

TEST(Locate, AnUnsafeNameHasNoPath) {
    for (const auto* name : {"", "..", "a/b", "a%20b", "six-1.0.whl.metadata"})
        EXPECT_FALSE(locate(file("https://f.example/x", name, true))) << name;
}

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at != std::string_view::npos;) {
        const auto slash = path.find('/', at);
        out.emplace_back(path.substr(at, slash - at));
        at = slash == std::string_view::npos ? slash : slash + 1;
    }
    return out;
}

TEST(ParseLocated, ReadsWhatPathWrites) {
    for (const std::string& path :
         {"packages/0e/f9/" + sixty + "/six-1.0.tar.gz", "files/sha256/" + digest_a + "/six-1.0.tar.gz",
          "packages/0e/f9/" + sixty + "/a-1.0+x-py3-none-any.whl.metadata",
          "files/sha256/" + digest_a + "/a-1.0-py3-none-any.whl.metadata"}) {
        const auto located = parse_located(split(path));
        ASSERT_TRUE(located) << path;
        EXPECT_EQ(located->path(), "pypi/" + path);
        EXPECT_EQ(located->metadata, path.ends_with(".metadata"));
        EXPECT_FALSE(located->filename.ends_with(".metadata"));
        EXPECT_NE(located->blake2b.has_value(), located->sha256.has_value());
    }
}

TEST(ParseLocated, RefusesEverythingElse) {
    for (const std::string& path :
         {std::string(), std::string("packages"), "packages/0e/f9/" + sixty, "packages/0e/f9/" + sixty + "/",
          "packages/0E/f9/" + sixty + "/x.whl", "packages/0e/f/" + sixty + "/x.whl",
          "packages/0e/f9/" + sixty + "0/x.whl", "packages/0e/f9/" + sixty + "/a/x.whl",
          "files/sha256/" + digest_a + "a/x.whl", "files/md5/" + digest_a + "/x.whl",
          "files/sha256/" + std::string(64, 'A') + "/x.whl", "files/sha256/" + digest_a + "/.metadata",
          "files/sha256/" + digest_a + "/x.metadata.metadata", "files/sha256/" + digest_a + "/..",
          "files/sha256/" + digest_a + "/x\\y", "Packages/0e/f9/" + sixty + "/x.whl"})
        EXPECT_FALSE(parse_located(split(path))) << path;
}

ParsedPage page(std::initializer_list<std::string_view> urls) {
    ParsedPage out;
    for (const auto url : urls)
        out.page.files.push_back(file(std::string(url), std::string(url.substr(url.rfind('/') + 1))));
    return out;
}

TEST(KeepWithin, OnlyDeclaredOriginsAndFoldersStay) {
    auto parsed = page({"https://files.example/packages/a.whl", "https://files.example/private/b.whl",
                        "https://files.example.evil.example/packages/c.whl", "http://files.example/packages/d.whl",
                        "https://files.example:8443/packages/e.whl", "http://169.254.169.254/packages/f.whl",
                        "https://other.example/x/g.whl"});
    const std::vector<Url> prefixes{Url::parse("https://files.example/packages/").value(),
                                    Url::parse("https://other.example").value()};
    keep_within(parsed, prefixes);
    ASSERT_EQ(parsed.page.files.size(), 2U);
    EXPECT_EQ(parsed.page.files[0].filename, "a.whl");
    EXPECT_EQ(parsed.page.files[1].filename, "g.whl");
    ASSERT_EQ(parsed.dropped.size(), 5U);
    EXPECT_NE(parsed.dropped[0].reason.find("https://files.example/private/b.whl"), std::string::npos);
}

TEST(KeepWithin, WithoutPrefixesNothingStays) {
    auto parsed = page({"https://files.example/a.whl"});
    keep_within(parsed, {});
    EXPECT_TRUE(parsed.page.files.empty());
}

TEST(KeepFirstOfEachName, LaterOnesGo) {
    auto parsed = page({"https://a.example/1/x.whl", "https://a.example/2/x.whl", "https://a.example/2/y.whl"});
    keep_first_of_each_name(parsed);
    ASSERT_EQ(parsed.page.files.size(), 2U);
    EXPECT_EQ(parsed.page.files[0].url, "https://a.example/1/x.whl");
    EXPECT_EQ(parsed.dropped.size(), 1U);
}

TEST(WheelTree, AFileKeepsItsFolder) {
    ProjectPage page;
    const auto add = [&](const std::string& url, const std::string& name) {
        auto& file = page.files.emplace_back();
        file.url = url;
        file.filename = name;
    };
    const std::string wheel = "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl";
    add("https://a.example/whl/cu102/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl", wheel);
    add("https://b.example/whl/lts/1.8/cu102/" + wheel, wheel);
    add("https://b.example/whl/" + wheel, wheel);
    add("https://c.example/whl/cu102/" + wheel, wheel);         // no tree of ours
    add("https://a.example/whl/.git/" + wheel, wheel);          // an odd folder
    add("https://a.example/whl/a/b/c/d/e/f/g/" + wheel, wheel); // too deep
    add("https://a.example/whl/cu102/other.whl", wheel);        // another file
    const std::vector<std::string> trees{"https://a.example/whl/", "https://b.example/whl/"};
    place_in_wheel_tree(page, trees);
    std::vector<std::string> folders;
    for (const auto& file : page.files)
        folders.push_back(file.folder);
    EXPECT_EQ(folders, (std::vector<std::string>{"pytorch/whl/cu102/", "pytorch/whl/lts/1.8/cu102/", "pytorch/whl/", "",
                                                 "", "", ""}));
    const auto located = locate(page.files.front());
    ASSERT_TRUE(located);
    EXPECT_EQ(located->path(), "pytorch/whl/cu102/" + wheel);
    std::string folder;
    EXPECT_TRUE(append_located_folder(folder, page.files.front()));
    EXPECT_EQ(folder, "pytorch/whl/cu102/");
}

TEST(WheelTree, APathIsReadAsItIsWritten) {
    const std::string wheel = "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl";
    const auto parsed = [](const std::vector<std::string>& segments) { return parse_in_wheel_tree(segments); };
    EXPECT_EQ(parsed({"cu102", wheel})->path(), "pytorch/whl/cu102/" + wheel);
    EXPECT_EQ(parsed({wheel})->path(), "pytorch/whl/" + wheel);
    const auto metadata = parsed({"cu102", wheel + ".metadata"});
    ASSERT_TRUE(metadata);
    EXPECT_TRUE(metadata->metadata);
    EXPECT_EQ(metadata->path(), "pytorch/whl/cu102/" + wheel + ".metadata");
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                  {"cu102"},
                                                  {"cu102", "torch"},
                                                  {"..", wheel},
                                                  {"", wheel},
                                                  {".x", wheel},
                                                  {"cu102", "torch_stable.html"},
                                                  {"a b", wheel},
                                                  {"a", "b", "c", "d", "e", "f", "g", wheel}})
        EXPECT_FALSE(parsed(wrong));
}

} // namespace
} // namespace yizhan
