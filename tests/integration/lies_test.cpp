// Mirrors that send other bytes: nothing wrong is ever complete, and nothing wrong is kept.
#include "tests/integration/stage.hpp"

namespace yizhan::integration {
namespace {

class Lies : public Stage {
  protected:
    /// Nothing wrong on disk, and the file is not there afterwards.
    void expect_nothing_kept(const Distribution& file) {
        EXPECT_THAT(wrong_files(), IsEmpty());
        stop();
        start_offline();
        EXPECT_EQ(get(path_of(file)).status, 404u);
        EXPECT_THAT(wrong_files(), IsEmpty());
    }

    void expect_kept(const Distribution& file) {
        ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
        EXPECT_THAT(wrong_files(), IsEmpty());
        stop();
        start_offline();
        const Reply reply = get_expecting(path_of(file), file.body);
        EXPECT_TRUE(reply.complete && reply.as_expected);
    }
};

TEST_F(Lies, ASmallFileWithAFlippedBitIsA503ThatNamesBothDigests) {
    Server& root = mirror("root");
    const Distribution& file = wheel("small", 50 * KiB);
    publish();
    root.misbehave(file.filename, Behaviour().flip(25'000));
    start();
    get("/simple/small/");
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 503u);
    EXPECT_THAT(reply.body, HasSubstr(file.body.sha256()));
    EXPECT_THAT(reply.body, HasSubstr(file.body.flipped(25'000).sha256()));
    EXPECT_NE(reply.field("Retry-After"), "");
    EXPECT_THAT(reply.body, HasSubstr(root.address())) << "it says who";
    expect_nothing_kept(file);
}

TEST_F(Lies, ASmallLieIsMadeGoodByTheSecondMirrorAtOnce) {
    Server& root = mirror("root");
    Server& second = mirror("second");
    const Distribution& file = wheel("small", 50 * KiB);
    publish();
    root.misbehave(file.filename, Behaviour().flip(-1));
    start();
    get("/simple/small/");
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.body, file.body.str());
    EXPECT_EQ(second.record().count(file.filename, "GET"), 1u);
    expect_kept(file);
}

TEST_F(Lies, OtherBytesOfTheSameSizeAreNoBetter) {
    Server& root = mirror("root");
    const Distribution& file = wheel("small", 50 * KiB);
    publish();
    root.misbehave(file.filename, Behaviour().lie(4));
    start();
    get("/simple/small/");
    EXPECT_EQ(get(path_of(file)).status, 503u);
    expect_nothing_kept(file);
}

class LargeLies : public Lies, public ::testing::WithParamInterface<Offset> {};

TEST_P(LargeLies, ALargeFileIsNeverCompleteAndTheNextRequestIsExplained) {
    Server& root = mirror("root");
    const Distribution& file = wheel("large", scaled(20 * MiB));
    publish();
    root.misbehave(file.filename, Behaviour().flip(GetParam()));
    start();
    get("/simple/large/");
    const Reply cut = get(path_of(file));
    EXPECT_EQ(cut.status, 200u);
    EXPECT_FALSE(cut.complete);
    EXPECT_LT(cut.received, file.body.size());
    EXPECT_EQ(cut.field("Content-Length"), std::to_string(file.body.size())) << "so that pip knows to resume";
    const Reply next = get(path_of(file));
    EXPECT_TRUE(next.status == 503 || (next.status == 200 && !next.complete)) << next.status;
    EXPECT_FALSE(next.status == 503 && next.body.empty());
    expect_nothing_kept(file);
}

TEST_P(LargeLies, ALargeFileComesRightFromTheSecondMirrorOnTheNextRequest) {
    Server& root = mirror("root");
    mirror("second");
    const Distribution& file = wheel("large", scaled(20 * MiB));
    publish();
    root.misbehave(file.filename, Behaviour().flip(GetParam()));
    start();
    get("/simple/large/");
    const Reply first = get_expecting(path_of(file), file.body);
    EXPECT_FALSE(first.complete && !first.as_expected) << "a wrong file was delivered";
    const Reply next = get_expecting(path_of(file), file.body);
    EXPECT_EQ(next.status, 200u);
    EXPECT_TRUE(next.complete && next.as_expected);
    expect_kept(file);
}

INSTANTIATE_TEST_SUITE_P(At, LargeLies, ::testing::Values(Offset(0), Offset::percent(50), Offset(-1)),
                         named({"Head", "Middle", "Tail"}));

TEST_F(Lies, AClientThatFollowsALieIsCutAsWell) {
    Server& root = mirror("root");
    const Distribution& file = wheel("large", scaled(20 * MiB));
    publish();
    root.misbehave(file.filename, Behaviour().flip(10).stall(-1000, "end"));
    start();
    get("/simple/large/");
    Client first(service().port()), second(service().port());
    first.request(path_of(file));
    ASSERT_TRUE(first.read_body(1));
    second.request(path_of(file));
    ASSERT_TRUE(second.read_body(1));
    ASSERT_TRUE(gates().wait_arrivals("end"));
    gates().open("end");
    EXPECT_FALSE(first.finish().complete);
    EXPECT_FALSE(second.finish().complete);
    expect_nothing_kept(file);
}

TEST_F(Lies, AnIndexThatNamesAnotherDigestGetsNoFileThrough) {
    mirror("root");
    Distribution& file = farm().index().add_wheel("odd", "1.0");
    file.listed_sha256 = std::string(64, 'a');
    publish();
    start();
    get("/simple/odd/");
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 503u);
    expect_nothing_kept(file);
}

TEST_F(Lies, WrongLengthsAreNoBetter) {
    Server& root = mirror("root");
    const Distribution& file = wheel("small", 50 * KiB);
    publish();
    start();
    get("/simple/small/");
    for (const Behaviour& behaviour :
         {Behaviour().declare_length(file.body.size() - 10), Behaviour().declare_length(file.body.size() + 10),
          Behaviour().until_close().cut(-10), Behaviour().chunked().append("more"), Behaviour().chunked().cut(-10)}) {
        root.behave();
        root.misbehave(file.filename, behaviour);
        const Reply reply = get(path_of(file));
        EXPECT_TRUE(reply.status == 503 || (reply.status == 200 && reply.body == file.body.str())) << reply.body;
    }
    EXPECT_THAT(wrong_files(), IsEmpty());
}

} // namespace
} // namespace yizhan::integration
