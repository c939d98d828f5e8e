#include "proxy/routes/file_sources.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

const std::string hex = "07512c0959c5adf988c44d9e1e0d940f5b074516ecc87e96b1af25f59de9ba38";

LocatedFile pypi_file(const std::string& filename = "pip-23.0.1-py3-none-any.whl") {
    return {.blake2b = Blake2b256::from_hex(hex), .sha256 = {}, .filename = filename, .metadata = false};
}

Settings::Pypi upstreams() {
    Settings::Pypi out;
    out.upstream = {
        {.url = "https://mirror.example/simple/",
         .files = {},
         .packages = "https://mirror.example/packages/",
         .family = "m",
         .root = false},
        {.url = "https://index.example/simple/",
         .files = {},
         .packages = "https://files.example/packages/",
         .family = "r",
         .root = true},
        {.url = "https://other.example/simple/", .files = {}, .packages = "", .family = "o", .root = false}};
    return out;
}

LedgerEntry entry(const std::string& source, Grade grade) {
    return {.digest = sha256("x"),
            .grade = grade,
            .size = {},
            .source = source,
            .metadata = {},
            .metadata_available = false};
}

const std::string in_layout = "07/51/2c0959c5adf988c44d9e1e0d940f5b074516ecc87e96b1af25f59de9ba38/";

TEST(FileSources, APypiPathIsAskedForAtEveryUpstreamThatKeepsPypisLayout) {
    const auto sources = file_sources(upstreams(), pypi_file(), nullptr);
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[0].url.str(), "https://mirror.example/packages/" + in_layout + "pip-23.0.1-py3-none-any.whl");
    EXPECT_FALSE(sources[0].root);
    EXPECT_EQ(sources[1].url.str(), "https://files.example/packages/" + in_layout + "pip-23.0.1-py3-none-any.whl");
    EXPECT_TRUE(sources[1].root);
    EXPECT_EQ(sources[1].endpoint, "https://index.example/simple/");
}

TEST(FileSources, TheUrlOfTheRootsPageStandsForTheRoot) {
    const auto listed = entry("https://cdn.example/x/pip.whl", Grade::root);
    const auto sources = file_sources(upstreams(), pypi_file(), &listed);
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[1].url.str(), "https://cdn.example/x/pip.whl");
}

TEST(FileSources, AFileWithAPathOfItsOwnIsOnlyWhereThePageSays) {
    const LocatedFile file{.blake2b = {}, .sha256 = sha256("x"), .filename = "f-1.tar.gz", .metadata = false};
    EXPECT_TRUE(file_sources(upstreams(), file, nullptr).empty());
    const auto of_root = entry("https://index.example/dl/f-1.tar.gz", Grade::root);
    const auto sources = file_sources(upstreams(), file, &of_root);
    ASSERT_EQ(sources.size(), 1u);
    EXPECT_TRUE(sources[0].root);
    const auto of_mirrors = entry("https://mirror.example/dl/f-1.tar.gz", Grade::agreed);
    const auto mirrors = file_sources(upstreams(), file, &of_mirrors);
    ASSERT_EQ(mirrors.size(), 1u);
    EXPECT_EQ(mirrors[0].url.str(), "https://mirror.example/dl/f-1.tar.gz");
    EXPECT_FALSE(mirrors[0].root) << "a mirror's word is not the root's";
}

TEST(FileSources, AMirrorsUrlDoesNotStandForTheRoot) {
    const auto listed = entry("https://mirror.example/elsewhere/pip.whl", Grade::agreed);
    const auto sources = file_sources(upstreams(), pypi_file(), &listed);
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[1].url.str(), "https://files.example/packages/" + in_layout + "pip-23.0.1-py3-none-any.whl");
}

TEST(FileSources, APlusIsSentAsPercent2bBecauseObjectStoresReadItAsASpace) {
    const auto sources =
        file_sources(upstreams(), pypi_file("torch-2.4.0+cu121-cp311-cp311-linux_x86_64.whl"), nullptr);
    EXPECT_TRUE(sources[0].url.str().ends_with("/torch-2.4.0%2Bcu121-cp311-cp311-linux_x86_64.whl"))
        << sources[0].url.str();
}

TEST(FileSources, AFileOfTheWheelTreeIsAskedForAtTheSamePathOfEveryCopy) {
    Settings::Pypi rules;
    rules.upstream = {{.url = "https://whl.example/whl/", .files = {}, .packages = "", .family = "p", .root = true},
                      {.url = "https://flat.example/pytorch-wheels/",
                       .files = {},
                       .packages = "",
                       .family = "f",
                       .root = false,
                       .flat = true}};
    LocatedFile file;
    file.folder = "pytorch/whl/cu102/";
    file.filename = "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl";
    const auto sources = file_sources(rules, file, nullptr);
    ASSERT_EQ(sources.size(), 2u);
    EXPECT_EQ(sources[0].url.str(), "https://whl.example/whl/cu102/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl");
    EXPECT_EQ(sources[1].url.str(),
              "https://flat.example/pytorch-wheels/cu102/torch-1.9.0%2Bcu102-cp36-cp36m-win_amd64.whl");
    const auto listed = entry("https://r2.example/whl/cu102/torch.whl", Grade::root);
    const auto known = file_sources(rules, file, &listed);
    EXPECT_EQ(known[0].url.str(), "https://r2.example/whl/cu102/torch.whl") << "where the root's page says it lies";
    EXPECT_EQ(known[1].url.str(), sources[1].url.str());
}

} // namespace
} // namespace yizhan
