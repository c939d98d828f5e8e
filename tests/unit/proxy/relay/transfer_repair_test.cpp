// Who lied about a part, or about all of it.
#include "tests/unit/proxy/relay/segments_fixture.hpp"

#include <algorithm>
#include <future>
#include <thread>

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

/// Only requests for this part.
origin::When asks_for(const std::string& range) {
    return {.field = "Range", .containing = range};
}

TEST_F(RepairTest, OneFlippedByteCostsItsPartAndItsSenderIsBlamed) {
    const auto all = mirrors(3);
    // Among the first six segments, of which each mirror brings two: either of these two is the second one's.
    all[1]->misbehave("/f/x.bin", Behaviour().flip(1 * MiB + 5).flip(2 * MiB + 5).flip(4 * MiB + 5).flip(5 * MiB + 5));
    start();
    const auto what = object("x.bin", body, all);
    EXPECT_FALSE(fetch(what).complete) << "its first part had left";
    expect_right(fetch(what));
    EXPECT_EQ(lies(*all[0]), 0u);
    EXPECT_GE(lies(*all[1]), 1u);
    EXPECT_EQ(lies(*all[2]), 0u);
    EXPECT_LT(pulled(all), 2 * body.size()) << "never the whole once more";
}

TEST_F(RepairTest, AMirrorWithAnotherFileAltogetherIsLeftOutBeforeAByteLeaves) {
    const auto all = mirrors(3);
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_EQ(lies(*all[0]), 0u);
    EXPECT_GE(lies(*all[1]), 1u);
    EXPECT_EQ(lies(*all[2]), 0u);
}

TEST_F(RepairTest, WhoIsFoundOutBringsNothingMore) {
    const auto all = mirrors(3);
    // Its segments were asked for before its ends were, and are still on their way when these tell.
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99).delay(400ms), {.first = 1, .count = 2});
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_GE(lies(*all[1]), 1u);
}

TEST_F(RepairTest, WhereTwoAgreeTheOthersAreLookedAtToo) {
    const auto all = mirrors(5);
    all[4]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    for (auto* server : all)
        EXPECT_TRUE(std::ranges::any_of(server->record().of("/f/x.bin"), [](const origin::Exchange& exchange) {
            return exchange.offset == 25100288;
        })) << server->origin();
    EXPECT_LT(pulled(all), body.size() * 2);
    EXPECT_TRUE(wait_lied(*all[4]));
}

TEST_F(RepairTest, OfTwoThatDifferTheRootIsBelievedAtFirst) {
    const auto all = mirrors(2);
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_EQ(lies(*all[0]), 0u);
    EXPECT_GE(lies(*all[1]), 1u);
}

TEST_F(RepairTest, AndWhereTheRootIsTheLiarTheDigestSaysSo) {
    const auto all = mirrors(3);
    all[0]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_GE(lies(*all[0]), 1u);
    EXPECT_EQ(lies(*all[1]) + lies(*all[2]), 0u);
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

// Its ends are known only after readers have been let go on; none of them has anything of it yet.
TEST_F(RepairTest, WhoIsFoundOutLateCostsWhatItHasBroughtAndNoCut) {
    const auto all = mirrors(3);
    all[0]->set_rate(1 * MiB); // leads, and is slow: what it brings is all that leaves meanwhile
    all[1]->set_rate(4 * MiB);
    all[1]->misbehave("/f/x.bin", Behaviour().lie(99));
    for (const auto* end : {"bytes=0-65535", "bytes=25100288-25165823"})
        all[1]->misbehave("/f/x.bin", Behaviour().lie(99).delay(400ms), asks_for(end));
    settings.relay.segments.first_look = 100ms;
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_LT(pulled(all), body.size() * 3 / 2);
    EXPECT_TRUE(wait_lied(*all[1]));
    EXPECT_EQ(lies(*all[0]) + lies(*all[2]), 0u);
}

TEST_F(RepairTest, AndWhereSomeOfItHasLeftACutBeforeTheRestIsHere) {
    const auto all = mirrors(3);
    all[0]->set_rate(4 * MiB);
    all[0]->misbehave("/f/x.bin", Behaviour().lie(99)); // leads
    for (const auto* end : {"bytes=0-65535", "bytes=25100288-25165823"})
        all[0]->misbehave("/f/x.bin", Behaviour().lie(99).delay(400ms), asks_for(end));
    settings.relay.segments.first_look = 100ms;
    start();
    const auto what = object("x.bin", body, all);
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    EXPECT_LT(first.bytes.size(), body.size() / 2);
    expect_right(fetch(what));
    EXPECT_LT(pulled(all), body.size() * 3 / 2) << "its parts, and those alone";
    EXPECT_TRUE(wait_lied(*all[0]));
    EXPECT_EQ(lies(*all[1]) + lies(*all[2]), 0u);
}

// One is still being asked for its ends when the last byte is here; what the other has told by then counts.
TEST_F(RepairTest, AMirrorThatNeverTellsItsEndsKeepsNobodyWaiting) {
    const auto all = mirrors(2);
    for (const auto* end : {"bytes=0-65535", "bytes=25100288-25165823"}) {
        all[0]->misbehave("/f/x.bin", Behaviour().stall_head("never"), asks_for(end));
        all[1]->misbehave("/f/x.bin", Behaviour().flip(100).flip(-100), asks_for(end));
    }
    settings.relay.segments.first_look = 100ms;
    settings.relay.stall_timeout = 60s;
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_TRUE(wait_lied(*all[1]));
    EXPECT_EQ(lies(*all[0]), 0u);
}

TEST_F(RepairTest, AMirrorThatLiesOnlyInTheMiddleOfItsPartsIsFoundOut) {
    const auto all = mirrors(3);
    Behaviour bad;
    for (std::int64_t at = 1; at < 24; ++at) // a byte in every part that it may bring; its ends are right
        bad.flip(at * mebibyte + 77'000);
    all[1]->misbehave("/f/x.bin", bad);
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_EQ(lies(*all[0]), 0u);
    EXPECT_GE(lies(*all[1]), 1u);
    EXPECT_EQ(lies(*all[2]), 0u);
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
    EXPECT_EQ(lies(*all[5]), 0u);
}

// The first two that are looked at differ, and the third has what the second has: two against the one who is right.
TEST_F(RepairTest, WhoWasOutvotedIsHeardWhenTheDigestSpeaksAgainstTheOthers) {
    const auto all = mirrors(3);
    for (auto* liar : {all[1], all[2]})
        liar->misbehave("/f/x.bin", Behaviour().flip(100));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_LT(pulled(all), 2 * body.size()) << "its first part, and not each of them alone";
    EXPECT_EQ(lies(*all[0]), 0u);
    EXPECT_TRUE(wait_lied(*all[1]));
    EXPECT_TRUE(wait_lied(*all[2]));
}

// Five have copied the same other file: no part ever gets a majority of right bytes, and the sixth is asked alone.
TEST_F(RepairTest, WhereFiveHaveTheSameOtherFileTheSixthIsSoonAskedAlone) {
    const auto all = mirrors(6);
    for (std::size_t i = 0; i < 5; ++i)
        all[i]->misbehave("/f/x.bin", Behaviour().lie(99));
    settings.relay.segments.first_look = 0ms;
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_LT(pulled(all), body.size() * 7 / 2) << "what is here, as much to compare it with, and the right one";
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_TRUE(wait_lied(*all[i])) << i;
    EXPECT_EQ(lies(*all[5]), 0u);
}

TEST_F(RepairTest, AndSoIsTheOneThatTheFirstLookLeftOut) {
    const auto all = mirrors(6);
    for (std::size_t i = 1; i < 6; ++i)
        all[i]->misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_LT(pulled(all), body.size() * 7 / 2);
    for (std::size_t i = 1; i < 6; ++i)
        EXPECT_TRUE(wait_lied(*all[i])) << i;
    EXPECT_EQ(lies(*all[0]), 0u);
}

// What a wheel looks like at its ends weighs more than how many say so: nobody's download is cut.
TEST_F(RepairTest, FiveThatHaveNoZipArchiveDoNotOutvoteTheSixthWhoHas) {
    const auto all = mirrors(6);
    const auto wheel = origin::make_wheel("lib", "1.0", {.size = 24 * MiB, .members = {}});
    for (std::size_t i = 0; i < 6; ++i) {
        all[i]->serve("/f/x.whl", file(wheel.body));
        if (i < 5)
            all[i]->misbehave("/f/x.whl", Behaviour().lie(99));
    }
    start();
    const auto delivery = fetch(object("x.whl", wheel.body, all));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), wheel.body.sha256());
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_TRUE(wait_lied(*all[i])) << i;
    EXPECT_EQ(lies(*all[5]), 0u);
}

TEST_F(RepairTest, WhereNobodyHasAZipArchiveTheNameIsNoArgument) {
    const auto all = mirrors(3);
    for (auto* server : all)
        server->serve("/f/x.whl", file(body));
    all[1]->misbehave("/f/x.whl", Behaviour().lie(99));
    start();
    expect_right(fetch_twice(object("x.whl", body, all)));
    EXPECT_TRUE(wait_lied(*all[1]));
}

// Only the mirror that is busy with something else knows the right byte.
TEST_F(RepairTest, AMirrorWithoutAFreePlaceIsWaitedForAndNotPushedOverItsCap) {
    const auto all = mirrors(3);
    for (auto* liar : {all[1], all[2]})
        liar->misbehave("/f/x.bin", Behaviour().flip(middle));
    const auto small = Body::random(3, 2 * MiB);
    all[0]->serve("/f/busy.bin", file(small));
    all[0]->misbehave("/f/busy.bin", Behaviour().stall(Offset(1 * MiB), "busy"));
    settings.relay.health.cap.start = 1;
    settings.relay.stall_timeout = 60s;
    start();
    auto busy = std::async([&] { return fetch(object("busy.bin", small, {all[0]})); });
    ASSERT_TRUE(farm.gates().wait_arrivals("busy"));

    const auto what = object("x.bin", body, all);
    EXPECT_FALSE(fetch(what).complete);
    auto second = std::async([&] { return fetch(what); });
    while (pulled(all) < 2 * body.size()) // the other two have been asked about everything
        std::this_thread::yield();
    EXPECT_EQ(all[0]->record().count("/f/x.bin"), 0u);
    farm.gates().open("busy");
    expect_right(second.get());
    EXPECT_TRUE(busy.get().complete);
    EXPECT_LT(body_bytes(*all[0]), body.size()) << "parts, and not all of it";
    EXPECT_TRUE(wait_lied(*all[1]));
    EXPECT_TRUE(wait_lied(*all[2]));
    EXPECT_EQ(lies(*all[0]), 0u);
}

// ---- who only points to another

TEST_F(RepairTest, TheFirstLookBlamesWhoAnsweredAndNotWhoPointedThere) {
    const auto all = mirrors(3);
    auto& elsewhere = elsewhere_for({all[1]});
    elsewhere.misbehave("/f/x.bin", Behaviour().lie(5));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_TRUE(wait_lied(elsewhere));
    expect_no_lies(all);
}

TEST_F(RepairTest, TwoThatHaveItFromTheSamePlaceAreOneWitness) {
    auto all = mirrors(3);
    all[0]->misbehave("/f/x.bin", Behaviour().lie(5));
    all[1]->misbehave("/f/x.bin", Behaviour().instead(origin::redirect(all[0]->url("/f/x.bin"))));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_TRUE(wait_lied(*all[0]));
    EXPECT_EQ(lies(*all[1]) + lies(*all[2]), 0u);
}

TEST_F(RepairTest, WhereItIsTheRootItsWordIsTheOneThatCounts) {
    settings.relay.health.cap.start = 16; // for both
    const auto all = mirrors(3);
    all[1]->misbehave("/f/x.bin", Behaviour().instead(origin::redirect(all[0]->url("/f/x.bin"))));
    all[2]->misbehave("/f/x.bin", Behaviour().lie(5));
    auto what = object("x.bin", body, all);
    std::ranges::rotate(what.sources, what.sources.begin() + 1); // the root is asked last
    start();
    expect_right(fetch(what));
    EXPECT_TRUE(wait_lied(*all[2]));
    EXPECT_EQ(lies(*all[0]) + lies(*all[1]), 0u);
}

TEST_F(RepairTest, WhoPointsToTheSameLiarIsLeftOutToo) {
    const auto all = mirrors(4);
    auto& elsewhere = elsewhere_for({all[0], all[1]});
    elsewhere.misbehave("/f/x.bin", Behaviour().lie(5));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_TRUE(wait_lied(elsewhere));
    expect_no_lies(all);
}

TEST_F(RepairTest, TheOnlyOneWithTheRightFileMayHaveItElsewhere) {
    const auto all = mirrors(3);
    auto& elsewhere = elsewhere_for({all[2]});
    for (auto* server : {all[0], all[1]})
        server->misbehave("/f/x.bin", Behaviour().lie(5));
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_EQ(lies(elsewhere) + lies(*all[2]), 0u);
}

TEST_F(RepairTest, SoDoesTheSearchForAWrongPart) {
    const auto all = mirrors(3);
    auto& elsewhere = elsewhere_for({all[1]});
    Behaviour bad;
    for (std::int64_t at = 1; at < 24; ++at)
        bad.flip(at * mebibyte + 77'000);
    elsewhere.misbehave("/f/x.bin", bad);
    start();
    expect_right(fetch_twice(object("x.bin", body, all)));
    EXPECT_TRUE(wait_lied(elsewhere));
    expect_no_lies(all);
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
