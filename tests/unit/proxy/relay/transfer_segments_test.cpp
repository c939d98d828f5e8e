// Several mirrors bring one object at once.
#include "tests/unit/proxy/relay/relay_fixture.hpp"

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

class SegmentsTest : public RelayTest {
  protected:
    void SetUp() override {
        RelayTest::SetUp();
        settings.relay.segments = {.from = 4 * MiB,
                                   .families = 2,
                                   .first = 1 * MiB,
                                   .least = 512 * KiB,
                                   .most = 2 * MiB,
                                   .time = 4s,
                                   .window = 16 * MiB,
                                   .connections = 2,
                                   .first_look = 5s};
    }

    static std::uint64_t body_bytes(origin::Server& server) { return server.record().bytes("/f/x.bin"); }

    void expect_right(const Delivery& delivery) {
        ASSERT_FALSE(delivery.error) << delivery.error->text();
        EXPECT_TRUE(delivery.complete);
        EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    }

    static constexpr std::int64_t mebibyte = 1 << 20;
    static constexpr std::int64_t middle = 12 * mebibyte; // of the body
    Body body = Body::random(7, 24 * MiB);
};

TEST_F(SegmentsTest, EveryMirrorBringsAPartAndNoByteComesTwice) {
    std::vector<origin::Server*> mirrors{&mirror("a"), &mirror("b"), &mirror("c")};
    for (auto* server : mirrors) {
        server->serve("/f/x.bin", file(body));
        server->set_rate(8 * MiB);
    }
    start();
    expect_right(fetch(object("x.bin", body, mirrors)));
    std::uint64_t pulled = 0;
    for (auto* server : mirrors) {
        EXPECT_GT(body_bytes(*server), 2 * MiB) << server->origin();
        pulled += body_bytes(*server);
    }
    EXPECT_LT(pulled, body.size() * 105 / 100);
}

TEST_F(SegmentsTest, OneMirrorAloneIsAskedOnce) {
    auto& a = mirror("a");
    a.serve("/f/x.bin", file(body));
    start();
    expect_right(fetch(object("x.bin", body, {&a})));
    EXPECT_EQ(a.record().count("/f/x.bin"), 1u);
}

TEST_F(SegmentsTest, WhereAllStopInTheMiddleTheRestIsFetchedOnceMore) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b}) {
        server->serve("/f/x.bin", file(body));
        server->misbehave("/f/x.bin", Behaviour().cut(Offset::percent(70)), {.first = 1, .count = 2});
    }
    start();
    expect_right(fetch(object("x.bin", body, {&a, &b})));
    EXPECT_LT(body_bytes(a) + body_bytes(b), body.size() * 11 / 10);
}

TEST_F(SegmentsTest, AMirrorThatIgnoresRangesCostsNoSecondBody) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b}) {
        server->serve("/f/x.bin", file(body));
        server->set_rate(20 * MiB); // so that no answer is in the sockets' buffers before it is refused
    }
    a.misbehave("/f/x.bin", Behaviour().ignore_range());
    start();
    expect_right(fetch(object("x.bin", body, {&a, &b})));
    EXPECT_LT(body_bytes(a) + body_bytes(b), 2 * body.size());
}

TEST_F(SegmentsTest, WhoeverIsDoneHelpsTheSlowest) {
    auto& fast = mirror("fast");
    auto& slow = mirror("slow");
    for (auto* server : {&fast, &slow})
        server->serve("/f/x.bin", file(body));
    slow.set_rate(128 * KiB);
    start();
    const auto began = std::chrono::steady_clock::now();
    expect_right(fetch(object("x.bin", body, {&fast, &slow})));
    // Two segments of 1 MiB at 128 KiB/s would last 8 s; the deadline is the test's own, far from both.
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(SegmentsTest, WhatIsHereOfSegmentsSurvivesAStop) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.set_rate(1 * MiB); // leads, and is slow
    b.set_rate(8 * MiB); // so that there are holes when it stops
    start();
    const auto what = object("x.bin", body, {&a, &b});
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(what))));
    for (int i = 0; i < 2000; ++i) {
        const auto transfers = run(relay->status()).transfers;
        if (!transfers.empty() && transfers[0].received > 14 * MiB)
            break;
        std::this_thread::sleep_for(5ms);
    }
    relay->stop();
    reader.reset();
    relay.reset();
    store.reset();
    const auto before = body_bytes(a) + body_bytes(b);
    start();
    expect_right(fetch(what));
    EXPECT_LT(body_bytes(a) + body_bytes(b) - before, 12 * MiB) << "only the rest";
}

TEST_F(SegmentsTest, ADeadMirrorAmongThemCostsItsSegmentOnly) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    auto& c = mirror("c");
    for (auto* server : {&a, &b, &c}) {
        server->serve("/f/x.bin", file(body));
        server->set_rate(8 * MiB);
    }
    b.misbehave("/f/x.bin", Behaviour().cut(Offset(200 * KiB)));
    start();
    expect_right(fetch(object("x.bin", body, {&a, &b, &c})));
    EXPECT_LT(body_bytes(a) + body_bytes(b) + body_bytes(c), body.size() * 11 / 10);
}

// ---- who lied

class RepairTest : public SegmentsTest {
  protected:
    std::vector<origin::Server*> mirrors(int count) {
        std::vector<origin::Server*> out;
        for (int i = 0; i < count; ++i) {
            out.push_back(&mirror(std::string(1, static_cast<char>('a' + i))));
            out.back()->serve("/f/x.bin", file(body));
            out.back()->set_rate(20 * MiB);
        }
        return out;
    }
    std::uint64_t blamed(origin::Server& server) {
        for (const auto& endpoint : run(relay->status()).endpoints)
            if (endpoint.name.origin == server.origin())
                return endpoint.blamed[static_cast<std::size_t>(Blame::integrity)];
        return 0;
    }
    std::uint64_t pulled(const std::vector<origin::Server*>& from) {
        std::uint64_t out = 0;
        for (auto* server : from)
            out += body_bytes(*server);
        return out;
    }
    /// What a client gets that comes back once.
    Delivery fetch_twice(const Object& what) {
        auto out = fetch(what);
        return out.complete ? out : fetch(what);
    }
};

TEST_F(RepairTest, OneFlippedByteCostsItsPartAndItsSenderIsBlamed) {
    const auto all = mirrors(3);
    // Among the first six segments, of which each mirror brings two: either of these two is the second one's.
    all[1]->misbehave("/f/x.bin", Behaviour().flip(1 * MiB + 5).flip(2 * MiB + 5).flip(4 * MiB + 5).flip(5 * MiB + 5));
    start();
    const auto what = object("x.bin", body, all);
    EXPECT_FALSE(fetch(what).complete) << "its first part had left";
    expect_right(fetch(what));
    EXPECT_EQ(blamed(*all[0]), 0u);
    EXPECT_GE(blamed(*all[1]), 1u);
    EXPECT_EQ(blamed(*all[2]), 0u);
    EXPECT_LT(pulled(all), 2 * body.size()) << "never the whole once more";
}

TEST_F(RepairTest, AMirrorWithAnotherFileAltogetherIsLeftOutBeforeAByteLeaves) {
    const auto all = mirrors(3);
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_EQ(blamed(*all[0]), 0u);
    EXPECT_GE(blamed(*all[1]), 1u);
    EXPECT_EQ(blamed(*all[2]), 0u);
}

TEST_F(RepairTest, WhoIsFoundOutBringsNothingMore) {
    const auto all = mirrors(3);
    // Its segments were asked for before its ends were, and are still on their way when these tell.
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99).delay(400ms), {.first = 1, .count = 2});
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_GE(blamed(*all[1]), 1u);
}

TEST_F(RepairTest, OfTwoThatDifferTheRootIsBelievedAtFirst) {
    const auto all = mirrors(2);
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_EQ(blamed(*all[0]), 0u);
    EXPECT_GE(blamed(*all[1]), 1u);
}

TEST_F(RepairTest, AndWhereTheRootIsTheLiarTheDigestSaysSo) {
    const auto all = mirrors(3);
    all[0]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_GE(blamed(*all[0]), 1u);
    EXPECT_EQ(blamed(*all[1]) + blamed(*all[2]), 0u);
}

TEST_F(RepairTest, SlowMirrorsAreNotWaitedForToBeCompared) {
    const auto all = mirrors(2);
    for (auto* server : all)
        server->misbehave("/f/x.bin", Behaviour().delay(300ms));
    settings.relay.segments.first_look = 100ms;
    start();
    const auto opened = std::chrono::steady_clock::now();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_LT(std::chrono::steady_clock::now() - opened, 12s);
}

TEST_F(RepairTest, AMirrorThatLiesOnlyInTheMiddleOfItsPartsIsFoundOut) {
    const auto all = mirrors(3);
    Behaviour bad;
    for (std::int64_t at = 1; at < 24; ++at) // a byte in every part that it may bring; its ends are right
        bad.flip(at * mebibyte + 77'000);
    all[1]->misbehave("/f/x.bin", bad);
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_EQ(blamed(*all[0]), 0u);
    EXPECT_GE(blamed(*all[1]), 1u);
    EXPECT_EQ(blamed(*all[2]), 0u);
}

TEST_F(RepairTest, WhoJoinsALongOneIsToldToAskAgain) {
    const auto all = mirrors(3);
    all[1]->misbehave("/f/x.bin", Behaviour().flip(1 * MiB + 5).flip(2 * MiB + 5).flip(4 * MiB + 5).flip(5 * MiB + 5));
    settings.relay.verify_first_patience = 200ms;
    start();
    const auto what = object("x.bin", body, all);
    auto delivery = fetch(what);
    for (auto* server : all)
        server->set_rate(4 * MiB); // a part takes longer than the client's patience
    unsigned told = 0;
    for (int i = 0; i < 100 && !delivery.complete; ++i) {
        delivery = fetch(what);
        if (delivery.error && delivery.error->code == Errc::unavailable)
            ++told;
    }
    expect_right(delivery);
    EXPECT_GE(told, 1u);
    EXPECT_LE(pulled(all), 3 * body.size()) << "one repair, however often it was asked for";
}

TEST_F(RepairTest, TheOneHonestMirrorOfSixPrevails) {
    const auto all = mirrors(6);
    for (int i = 0; i < 5; ++i)
        all[static_cast<std::size_t>(i)]->misbehave("/f/x.bin", Behaviour().flip(middle));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_EQ(blamed(*all[5]), 0u);
}

// The first two that are looked at differ, and the third has what the second has: two against the one who is right.
TEST_F(RepairTest, WhoWasOutvotedIsHeardWhenTheDigestSpeaksAgainstTheOthers) {
    const auto all = mirrors(3);
    for (auto* liar : {all[1], all[2]})
        liar->misbehave("/f/x.bin", Behaviour().flip(100));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_LT(pulled(all), 2 * body.size()) << "its first part, and not each of them alone";
    EXPECT_EQ(blamed(*all[0]), 0u);
    const auto deadline = std::chrono::steady_clock::now() + 5s; // their ends are read from the disk once more
    while ((blamed(*all[1]) == 0 || blamed(*all[2]) == 0) && std::chrono::steady_clock::now() < deadline) {
    }
    EXPECT_GE(blamed(*all[1]), 1u);
    EXPECT_GE(blamed(*all[2]), 1u);
}

TEST_F(RepairTest, WithNobodyWhoKnowsBetterItFails) {
    const auto all = mirrors(2);
    for (auto* server : all)
        server->misbehave("/f/x.bin", Behaviour().flip(middle));
    start();
    const auto what = object("x.bin", body, all);
    for (int i = 0; i < 2; ++i) {
        const auto delivery = fetch(what);
        EXPECT_FALSE(delivery.complete);
        ASSERT_TRUE(delivery.error);
    }
    EXPECT_FALSE(store->find(what.path));
}

} // namespace
} // namespace yizhan
