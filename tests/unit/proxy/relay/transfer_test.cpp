#include "tests/unit/proxy/relay/relay_fixture.hpp"

#include <algorithm>

namespace yizhan {
namespace {

using origin::Behaviour;
using origin::Body;
using origin::Offset;

constexpr std::uint64_t small_size = 50 * 1024;
constexpr std::uint64_t large_size = 3 * 1024 * 1024;

class TransferTest : public RelayTest {};

TEST_F(TransferTest, ASmallFileArrivesVerifiedAndIsFoundAgain) {
    auto& a = mirror("a");
    const auto body = Body::random(1, small_size);
    a.serve("/f/small.bin", file(body));
    start();
    const auto what = object("small.bin", body, {&a});
    const auto first = fetch(what);
    ASSERT_FALSE(first.error) << first.error->text();
    EXPECT_EQ(first.bytes, body.str());
    ASSERT_TRUE(wait_stored(what.path));
    EXPECT_EQ(fetch(what).bytes, body.str());
    EXPECT_EQ(a.record().count("/f/small.bin"), 1u);
}

TEST_F(TransferTest, ReadersFollowOneUpstreamRequestBeforeItsEnd) {
    auto& a = mirror("a");
    const auto body = Body::random(2, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().stall(Offset::percent(50), "half"));
    settings.relay.stall_timeout = std::chrono::seconds(60);
    start();
    const auto what = object("large.bin", body, {&a});
    std::vector<std::unique_ptr<Reader>> readers;
    for (int i = 0; i < 8; ++i) {
        auto opened = run(relay->open(what));
        ASSERT_TRUE(opened) << opened.error().text();
        readers.push_back(std::move(std::get<std::unique_ptr<Reader>>(*opened)));
        const auto extent = run(readers.back()->next(0));
        ASSERT_TRUE(extent && *extent) << "bytes may leave while the origin stands at its middle";
    }
    readers.erase(readers.begin()); // the first one leaving disturbs nobody
    farm.gates().open("half");
    for (auto& reader : readers) {
        const auto delivery = run(read(std::move(reader)));
        EXPECT_TRUE(delivery.complete);
        EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    }
    EXPECT_EQ(a.record().count("/f/large.bin"), 1u);
}

TEST_F(TransferTest, TheEtagOfADeliveryBecomesTheDigest) {
    auto& a = mirror("a");
    const auto body = Body::random(3, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().stall(Offset::percent(50), "half"));
    settings.relay.stall_timeout = std::chrono::seconds(60);
    start();
    const auto what = object("large.bin", body, {&a});
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(what))));
    const auto delivery_etag = reader->etag();
    EXPECT_TRUE(delivery_etag.starts_with("\"u-"));
    const auto id = delivery_etag.substr(3, delivery_etag.size() - 4);
    EXPECT_FALSE(relay->verified_delivery(id, *what.identity.sha256));
    farm.gates().open("half");
    run(read(std::move(reader)));
    EXPECT_TRUE(relay->verified_delivery(id, *what.identity.sha256)) << "known before the last byte leaves";
    EXPECT_FALSE(relay->verified_delivery("0123", *what.identity.sha256));
}

struct Trouble {
    const char* name;
    Behaviour behaviour;
};

class TransferTroubleTest : public RelayTest, public testing::WithParamInterface<Trouble> {};

TEST_P(TransferTroubleTest, AnotherMirrorCarriesOn) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (const auto size : {small_size, large_size}) {
        const auto name = "f" + std::to_string(size) + ".whl";
        const auto body = Body::concat({Body::text("PK\x03\x04"), Body::random(size, size)});
        a.serve("/f/" + name, origin::file(body));
        b.serve("/f/" + name, origin::file(body));
        a.misbehave("/f/" + name, GetParam().behaviour);
        if (!relay)
            start();
        const auto delivery = fetch(object(name, body, {&a, &b}));
        ASSERT_FALSE(delivery.error) << name << ": " << delivery.error->text();
        EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
        // Nothing that had arrived is fetched again, but for what is compared and what was in flight.
        EXPECT_LE(b.record().bytes("/f/" + name), body.size());
    }
}

INSTANTIATE_TEST_SUITE_P(Origin, TransferTroubleTest,
                         testing::Values(Trouble{"Status404", Behaviour().instead(origin::not_found())},
                                         Trouble{"BlockPage", Behaviour().instead(origin::forbidden())},
                                         Trouble{"TooMany", Behaviour().instead(origin::too_many(1))},
                                         Trouble{"Status500", Behaviour().instead(origin::text(500, "oops"))},
                                         Trouble{"ChallengeBehind200", Behaviour().instead(origin::challenge())},
                                         Trouble{"EmptyBehind200", Behaviour().instead(origin::empty())},
                                         Trouble{"CutAtOnce", Behaviour().cut(0)},
                                         Trouble{"CutAtHalf", Behaviour().cut(Offset::percent(50))},
                                         Trouble{"CutBeforeLastByte", Behaviour().cut(-1)},
                                         Trouble{"ResetAtHalf", Behaviour().reset(Offset::percent(50))},
                                         Trouble{"CutHead", Behaviour().cut_head(20)},
                                         Trouble{"StallAtHalf", Behaviour().stall(Offset::percent(50), "never")},
                                         Trouble{"StallHead", Behaviour().stall_head("never")},
                                         Trouble{"WrongLength", Behaviour().declare_length(1000)},
                                         Trouble{"Gzipped", Behaviour().add_field("Content-Encoding", "gzip")},
                                         Trouble{"HugeHead", Behaviour().add_field("X-Pad", std::string(80'000, 'x'))},
                                         Trouble{"NotHttp", Behaviour().raw("SSH-2.0-OpenSSH_9.2\r\n")},
                                         Trouble{"RedirectLoop", Behaviour().instead(origin::redirect("?"))}),
                         [](const auto& info) { return info.param.name; });

TEST_F(TransferTest, ARangeThatStartsElsewhereIsNotSpliced) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    auto& c = mirror("c");
    const auto body = Body::random(4, large_size);
    for (auto* server : {&a, &b, &c})
        server->serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().cut(Offset::percent(50)));
    b.misbehave("/f/large.bin", Behaviour().shift_range(10));
    c.misbehave("/f/large.bin", Behaviour().ignore_range());
    start();
    const auto delivery = fetch(object("large.bin", body, {&a, &b, &c}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
}

TEST_F(TransferTest, ASoleMirrorThatKeepsBreakingIsAskedOnWhileEachTryGetsFurther) {
    auto& a = mirror("a");
    const auto body = Body::random(5, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().cut(512 * 1024));
    start();
    const auto delivery = fetch(object("large.bin", body, {&a}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    // Each further answer repeats 64 KiB of what is here, to be compared.
    EXPECT_EQ(a.record().count("/f/large.bin"), 7u);
    EXPECT_EQ(a.record().bytes("/f/large.bin"), large_size + 6 * 64 * 1024);
}

TEST_F(TransferTest, ALieInASmallFileCostsOnlyTheNextMirrorsBytes) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(6, small_size);
    for (auto* server : {&a, &b})
        server->serve("/f/small.bin", file(body));
    a.misbehave("/f/small.bin", Behaviour().flip(Offset::percent(30)));
    start();
    const auto delivery = fetch(object("small.bin", body, {&a, &b}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(delivery.bytes, body.str());
}

TEST_F(TransferTest, ALieWithoutASecondSourceIsToldWithBothDigestsAndNothingIsKept) {
    auto& a = mirror("a");
    const auto body = Body::random(7, small_size);
    a.serve("/f/small.bin", file(body));
    a.misbehave("/f/small.bin", Behaviour().flip(Offset::percent(30)));
    start();
    const auto what = object("small.bin", body, {&a});
    const auto delivery = fetch(what);
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::digest_mismatch);
    EXPECT_NE(delivery.error->text().find(body.sha256()), std::string::npos);
    EXPECT_NE(delivery.error->text().find(body.flipped(small_size * 30 / 100).sha256()), std::string::npos);
    EXPECT_TRUE(delivery.bytes.empty());
    EXPECT_FALSE(store->find(what.path));
    EXPECT_EQ(store->stats().blobs, 0u);
}

TEST_F(TransferTest, ALieInALargeFileNeverCompletesAndTheNextRequestGetsItFromElsewhere) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(8, large_size);
    for (auto* server : {&a, &b})
        server->serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().flip(Offset::percent(30)));
    start();
    const auto what = object("large.bin", body, {&a, &b});
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    EXPECT_LT(first.bytes.size(), large_size);
    ASSERT_TRUE(first.error);
    EXPECT_EQ(first.error->code, Errc::digest_mismatch);
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), body.sha256());
    EXPECT_EQ(a.record().count("/f/large.bin"), 1u) << "the liar is left alone for this file";
}

TEST_F(TransferTest, ALiarThatIsTheOnlySourceIsNotAskedAgainSoon) {
    auto& a = mirror("a");
    const auto body = Body::random(9, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().flip(Offset::percent(30)));
    start();
    const auto what = object("large.bin", body, {&a});
    fetch(what);
    const auto second = fetch(what);
    ASSERT_TRUE(second.error);
    EXPECT_TRUE(second.bytes.empty());
    EXPECT_NE(second.error->text().find("should be " + body.sha256()), std::string::npos) << second.error->text();
    EXPECT_EQ(a.record().count("/f/large.bin"), 1u);
}

TEST_F(TransferTest, APypiPathAloneProvesTheBytes) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(10, small_size);
    a.serve("/f/small.bin", file(body));
    b.serve("/f/small.bin", file(body));
    a.misbehave("/f/small.bin", Behaviour().lie(99));
    start();
    auto what = object("small.bin", body, {&a, &b});
    what.identity = {.sha256 = {}, .blake2b = Blake2b256::from_hex(body.blake2b()), .md5 = {}};
    what.size.reset();
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(delivery.bytes, body.str());
}

TEST_F(TransferTest, WithoutADigestOnlyTheRootIsAskedAndOnlyItsOwnWordTiesTwoAnswersTogether) {
    auto& root = mirror("root");
    auto& other = mirror("other");
    const auto body = Body::random(11, large_size);
    for (auto* server : {&root, &other})
        server->serve("/f/large.bin", file(body));
    root.misbehave("/f/large.bin", Behaviour().cut(Offset::percent(50)), origin::nth(1));
    start();
    auto what = object("large.bin", body, {&root, &other});
    what.identity = {};
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    EXPECT_EQ(other.record().size(), 0u);
    const auto gets = root.record().of("/f/large.bin", "GET");
    ASSERT_EQ(gets.size(), 2u);
    EXPECT_NE(origin::field(gets[1].fields, "If-Range"), "");
    EXPECT_EQ(gets[1].status, 206u);
}

TEST_F(TransferTest, WithoutADigestAChangedFileIsNotSpliced) {
    auto& root = mirror("root");
    const auto body = Body::random(11, large_size);
    const auto newer = Body::random(12, large_size);
    root.serve("/f/large.bin", file(newer));
    root.misbehave("/f/large.bin", Behaviour().instead(file(body)).cut(Offset::percent(50)), origin::nth(1));
    start();
    auto what = object("large.bin", body, {&root});
    what.identity = {};
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    EXPECT_TRUE(first.error);
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), newer.sha256());
}

TEST_F(TransferTest, WithoutADigestAndAValidatorNothingIsSpliced) {
    auto& root = mirror("root");
    auto& other = mirror("other");
    const auto body = Body::random(11, large_size);
    for (auto* server : {&root, &other})
        server->serve("/f/large.bin", file(body));
    root.misbehave("/f/large.bin", Behaviour().drop_field("ETag").cut(Offset::percent(50)), origin::nth(1));
    start();
    auto what = object("large.bin", body, {&root, &other});
    what.identity = {};
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    ASSERT_TRUE(first.error);
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), body.sha256());
    EXPECT_EQ(other.record().size(), 0u);
}

TEST_F(TransferTest, ALengthThatNobodyTellsIsNoObstacle) {
    auto& a = mirror("a");
    const auto body = Body::random(12, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().chunked());
    start();
    auto what = object("large.bin", body, {&a});
    what.size.reset();
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
}

TEST_F(TransferTest, AnEmptyFileIsAFile) {
    auto& a = mirror("a");
    a.serve("/f/empty.txt", file(Body()));
    start();
    const auto delivery = fetch(object("empty.txt", Body(), {&a}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_TRUE(delivery.complete);
    EXPECT_TRUE(delivery.bytes.empty());
}

TEST_F(TransferTest, MoreBytesThanTheObjectHasAreAnError) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(13, large_size);
    const auto longer = Body::random(13, large_size + 5000);
    a.serve("/f/large.bin", file(longer));
    a.misbehave("/f/large.bin", Behaviour().chunked());
    b.serve("/f/large.bin", file(body));
    start();
    const auto delivery = fetch(object("large.bin", body, {&a, &b}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
}

TEST_F(TransferTest, TheRootsWordThatAFileIsGoneIsA404) {
    auto& root = mirror("root");
    start();
    const auto delivery = fetch(object("gone.bin", Body::text("x"), {&root}));
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::not_found);
}

TEST_F(TransferTest, AMirrorsMissingFileIsNotTheRootsWord) {
    auto& root = mirror("root");
    auto& other = mirror("other");
    root.refuse();
    start();
    const auto delivery = fetch(object("gone.bin", Body::text("x"), {&root, &other}));
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::unavailable);
    EXPECT_NE(delivery.error->text().find(other.origin()), std::string::npos) << delivery.error->text();
}

TEST_F(TransferTest, ATransferWithoutReadersEndsAfterItsGrace) {
    auto& a = mirror("a");
    const auto body = Body::random(14, 100 << 20);
    a.serve("/f/huge.bin", file(body));
    a.misbehave("/f/huge.bin", Behaviour().stall(1 << 20, "never"));
    settings.relay.stall_timeout = std::chrono::seconds(60);
    settings.relay.reader_grace = std::chrono::milliseconds(50);
    start();
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(object("huge.bin", body, {&a})))));
    EXPECT_EQ(run(relay->status()).transfers.size(), 1u);
    reader.reset();
    EXPECT_TRUE(a.record().wait_idle()) << "the connection is given up";
    EXPECT_TRUE(run(relay->status()).transfers.empty());
}

TEST_F(TransferTest, OfflineOpensNoConnection) {
    auto& a = mirror("a");
    const auto body = Body::random(15, small_size);
    a.serve("/f/small.bin", file(body));
    settings.offline = true;
    start();
    const auto delivery = fetch(object("small.bin", body, {&a}));
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::not_found);
    EXPECT_NE(delivery.error->message.find("offline"), std::string::npos);
    EXPECT_EQ(a.record().connections(), 0u);
}

TEST_F(TransferTest, StoppingInTheMiddleLeavesNothingBehind) {
    auto& a = mirror("a");
    const auto body = Body::random(16, large_size);
    a.serve("/f/large.bin", file(body));
    a.misbehave("/f/large.bin", Behaviour().stall(Offset::percent(50), "never"));
    settings.relay.stall_timeout = std::chrono::seconds(60);
    start();
    const auto what = object("large.bin", body, {&a});
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(what))));
    auto& progress = reader->progress();
    relay->stop();
    EXPECT_EQ(progress.view().state, Progress::State::failed);
    reader.reset();
    relay.reset();
    EXPECT_EQ(store->stats().blobs, 0u);
}

} // namespace
} // namespace yizhan
