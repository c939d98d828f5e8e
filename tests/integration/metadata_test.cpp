// PEP 658 metadata and files by PyPI's own path: what is proven without a page, or in spite of one.
#include "tests/integration/stage.hpp"

#include <iostream>

namespace yizhan::integration {
namespace {

class Metadata : public Stage {
  protected:
    bool advertised(const std::string& project) {
        const std::string html = get("/simple/" + project + "/").body;
        EXPECT_THAT(html, HasSubstr(".whl"));
        return html.find("data-core-metadata") != std::string::npos;
    }
};

TEST_F(Metadata, AdvertisedAndLackingItIsReadFromTheWheel) {
    mirror("root");
    const Distribution& file = wheel("file", 200 * KiB);
    publish({.metadata = PublishOptions::Metadata::missing});
    start();
    ASSERT_TRUE(advertised("file"));
    ASSERT_EQ(get(path_of(file)).status, 200u);
    ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
    const Reply reply = get(path_of(file) + ".metadata");
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_EQ(reply.body, *file.metadata);
}

TEST_F(Metadata, AdvertisedAndLackingItIsEitherReadByRangesOrAdvertisedNoMore) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", scaled(20 * MiB));
    publish({.metadata = PublishOptions::Metadata::missing});
    start();
    ASSERT_TRUE(advertised("file"));
    const Reply reply = get(path_of(file) + ".metadata");
    if (reply.status == 200) {
        EXPECT_EQ(reply.body, *file.metadata);
        EXPECT_LT(root.record().bytes(file.filename), 1 * MiB) << "not the whole wheel";
    } else {
        EXPECT_EQ(reply.status, 404u);
        EXPECT_FALSE(advertised("file"));
    }
}

// What a resolver asks of torch: the end of the archive, then its directory together with what stands before it.
TEST_F(Metadata, OfAWheelOf2800MBIsReadInTwoQuestionsAndUnder3MB) {
    Server& root = mirror("root");
    Distribution& file = farm().index().add_wheel("torch", "2.0", {.size = 2'800'000'000, .files = 10'000});
    file.listed_sha256 = std::string(64, 'a'); // nobody fetches it whole, and the true one would take seconds
    publish({.paths = PublishOptions::Paths::plain, .metadata = PublishOptions::Metadata::missing});
    start();
    ASSERT_TRUE(advertised("torch"));
    const Reply reply = get("/pypi/files/sha256/" + file.listed_sha256 + "/" + file.filename + ".metadata");
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_EQ(reply.body, *file.metadata);
    ASSERT_TRUE(root.record().wait_idle());
    const auto asked = root.record().of(file.filename);
    std::uint64_t pulled = 0;
    for (const Exchange& exchange : asked) {
        EXPECT_EQ(exchange.method, "GET");
        EXPECT_EQ(exchange.status, 206u);
        pulled += exchange.sent;
    }
    EXPECT_LT(asked.size(), 3u);
    EXPECT_LT(pulled, 3'000'000u);
    std::cout << "of " << file.body.size() << " bytes: " << pulled << " in " << asked.size() << " questions\n";
}

TEST_F(Metadata, WhatTheWheelHoldsMustFitTheListedDigest) {
    Server& root = mirror("root");
    Distribution& file = farm().index().add_wheel("file", "1.0");
    file.metadata = "Metadata-Version: 2.1\nName: other\nVersion: 1\n"; // what the page's digest is made of
    publish({.metadata = PublishOptions::Metadata::missing});
    start();
    ASSERT_TRUE(advertised("file"));
    const Reply reply = get(path_of(file) + ".metadata");
    EXPECT_EQ(reply.status, 404u);
    EXPECT_FALSE(advertised("file")) << "a client that was told so must not be told again";
    EXPECT_EQ(get(path_of(file)).status, 200u);
    EXPECT_GE(root.record().count(file.filename + ".metadata"), 1u);
}

TEST_F(Metadata, WrongMetadataFromUpstreamIsNotPassedOn) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file");
    publish();
    root.misbehave(file.filename + ".metadata", Behaviour().flip(0));
    start();
    ASSERT_TRUE(advertised("file"));
    const Reply reply = get(path_of(file) + ".metadata");
    EXPECT_TRUE(reply.status != 200 || reply.body == *file.metadata) << reply.body;
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(Metadata, WhatIsNotAdvertisedIsNotClaimed) {
    mirror("root");
    wheel("file");
    publish({.metadata = PublishOptions::Metadata::no});
    start();
    EXPECT_FALSE(advertised("file"));
}

using DirectPath = Stage;

TEST_F(DirectPath, IsServedWithoutAnyPageAndCheckedAgainstItself) {
    Server& root = mirror("root");
    for (const std::uint64_t size : {50 * KiB, 9 * MiB}) {
        wheel("file-" + std::to_string(size), size);
    }
    publish();
    start();
    for (const std::string& filename : farm().index().filenames()) {
        const Distribution& file = farm().index().find(filename);
        const Reply reply = get_expecting(path_of(file), file.body);
        EXPECT_TRUE(reply.complete && reply.as_expected) << filename;
        ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
    }
    EXPECT_EQ(root.record().count("/simple/file/"), 0u);
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(DirectPath, ComesFromAnyMirror) {
    Server& root = mirror("root");
    Server& second = mirror("second");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    root.refuse();
    start();
    EXPECT_EQ(get(path_of(file)).body, file.body.str());
    EXPECT_EQ(second.record().count(file.filename, "GET"), 1u);
}

TEST_F(DirectPath, WrongBytesAreA503WithBothBlake2bDigests) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    root.misbehave(file.filename, Behaviour().flip(7));
    start();
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 503u);
    EXPECT_THAT(reply.body, HasSubstr(file.body.blake2b()));
    EXPECT_THAT(reply.body, HasSubstr(file.body.flipped(7).blake2b()));
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(DirectPath, IsNotFoundWhereTheRootSaysSo) {
    mirror("root");
    publish();
    start();
    const Wheel unpublished = make_wheel("file", "1.0");
    const Reply reply = get("/pypi/packages/" + unpublished.body.pypi_folder() + "/" + unpublished.filename);
    EXPECT_EQ(reply.status, 404u);
    EXPECT_FALSE(reply.body.empty());
}

TEST_F(DirectPath, MustBeWellFormed) {
    Server& root = mirror("root");
    publish();
    start();
    const std::string hex(60, 'a');
    for (const std::string& target :
         {std::string("/pypi/packages/"), "/pypi/packages/aa/aa/" + hex, "/pypi/packages/aa/" + hex + "/f.whl",
          "/pypi/packages/aa/aa/" + hex.substr(1) + "/f.whl", "/pypi/packages/AA/aa/" + hex + "/f.whl",
          "/pypi/packages/aa/aa/" + hex + "/a/f.whl", std::string("/pypi/files/sha256/abc/f.whl")}) {
        EXPECT_EQ(get(target).status, 404u) << target;
    }
    EXPECT_EQ(root.record().size(), 0u);
}

} // namespace
} // namespace yizhan::integration
