// Several mirrors bring one object at once.
#include "tests/unit/proxy/relay/segments_fixture.hpp"

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Offset;

TEST_F(SegmentsTest, EveryMirrorBringsAPartAndNoByteComesTwice) {
    const auto all = mirrors(3, 8 * MiB);
    start();
    expect_right(fetch(object("x.bin", body, all)));
    std::uint64_t pulled = 0;
    for (auto* server : all) {
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
    const auto both = a_slow_and_a_quick();
    start();
    const auto what = object("x.bin", body, both);
    interrupt_with_holes(what);
    const auto before = body_bytes(*both[0]) + body_bytes(*both[1]);
    start();
    expect_right(fetch(what));
    EXPECT_LT(body_bytes(*both[0]) + body_bytes(*both[1]) - before, 12 * MiB) << "only the rest";
}

TEST_F(SegmentsTest, AlsoWhereNoPageTellsTheSize) {
    const auto both = a_slow_and_a_quick();
    start();
    auto what = object("x.bin", body, both);
    what.size.reset();
    interrupt_with_holes(what);
    const auto before = body_bytes(*both[0]) + body_bytes(*both[1]);
    start();
    expect_right(fetch(what));
    EXPECT_LT(body_bytes(*both[0]) + body_bytes(*both[1]) - before, 12 * MiB) << "only the rest";
    EXPECT_EQ(blamed(*both[0], Blame::mirror) + blamed(*both[1], Blame::mirror), 0u);
}

TEST_F(SegmentsTest, NorTheMirrorsWhoSendAllWithoutALength) {
    const auto both = a_slow_and_a_quick();
    start();
    auto what = object("x.bin", body, both);
    what.size.reset();
    interrupt_with_holes(what);
    for (auto* server : both) {
        server->set_rate(0);
        server->misbehave("/f/x.bin", Behaviour().ignore_range().until_close());
    }
    start();
    expect_right(fetch(what));
}

TEST_F(SegmentsTest, WhereAllAreSlowToAnswerNobodysRequestIsGivenUpForAnothers) {
    settings.relay.stall_timeout = 4s;
    const auto all = mirrors(3);
    for (auto* server : all)
        server->misbehave("/f/x.bin", Behaviour().delay(1500ms));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    std::size_t requests = 0;
    for (auto* server : all)
        requests += server->record().count("/f/x.bin");
    EXPECT_LT(requests, 50u);
    EXPECT_LT(body_bytes(*all[0]) + body_bytes(*all[1]) + body_bytes(*all[2]), body.size() * 11 / 10);
}

TEST_F(SegmentsTest, AReaderIsHeardOfAtLeastOnceAMebibyte) {
    const auto all = mirrors(2);
    start();
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(object("x.bin", body, all)))));
    ASSERT_TRUE(run(reader->reaches(4 * MiB, Progress::Clock::now() + 10s)));
    const auto extent = run(reader->next(0));
    ASSERT_TRUE(extent && *extent);
    EXPECT_LE((*extent)->size, MiB) << "or one that reads a long one slowly looks as if it did not read at all";
}

TEST_F(SegmentsTest, ADeadMirrorAmongThemCostsItsSegmentOnly) {
    const auto all = mirrors(3, 8 * MiB);
    all[1]->misbehave("/f/x.bin", Behaviour().cut(Offset(200 * KiB)));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_LT(body_bytes(*all[0]) + body_bytes(*all[1]) + body_bytes(*all[2]), body.size() * 11 / 10);
}

} // namespace
} // namespace yizhan
