// Whose word counts for what: a head alone, a mirror that only points elsewhere, one that contradicts another.
#include "tests/unit/proxy/relay/relay_fixture.hpp"

#include <thread>

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

constexpr std::uint64_t small_size = 100'000;

class TransferWordTest : public RelayTest {
  protected:
    void expect_right(const Delivery& delivery) {
        EXPECT_TRUE(delivery.complete) << (delivery.error ? delivery.error->text() : "");
        EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    }
    /// As of a page without sizes, such as PyTorch's.
    Object of_unknown_size(std::vector<origin::Server*> at) {
        auto out = object("x.bin", body, std::move(at));
        out.size.reset();
        return out;
    }

    Body body = Body::random(11, small_size);
};

// ---- what is not there

TEST_F(TransferWordTest, ARootThatRefusesDoesNotSayThatTheFileIsMissing) {
    auto& root = mirror("root");
    auto& b = mirror("b");
    root.misbehave("/f/x.bin", Behaviour().instead(origin::text(403, "no\n")));
    b.misbehave("/f/x.bin", Behaviour().instead(origin::not_found()));
    start();
    const auto delivery = fetch(object("x.bin", body, {&root, &b}));
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::unavailable) << delivery.error->text();
}

TEST_F(TransferWordTest, ARootThatDoesNotHaveItSaysSo) {
    auto& root = mirror("root");
    auto& b = mirror("b");
    root.misbehave("/f/x.bin", Behaviour().instead(origin::not_found()));
    b.misbehave("/f/x.bin", Behaviour().instead(origin::text(403, "no\n")));
    start();
    for (const auto* when : {"at first", "and from what is remembered of it"}) {
        const auto delivery = fetch(object("x.bin", body, {&root, &b}));
        ASSERT_TRUE(delivery.error);
        EXPECT_EQ(delivery.error->code, Errc::not_found) << when << ": " << delivery.error->text();
    }
}

// ---- how long it is

std::string framing(const testing::TestParamInfo<Behaviour>& info) {
    constexpr const char* names[] = {"ByItsLength", "ByItsConnection", "ByChunks"};
    return names[info.index];
}

class HonestAnswerTest : public TransferWordTest, public testing::WithParamInterface<Behaviour> {};

TEST_P(HonestAnswerTest, IsNotMeasuredByTheLengthInAHeadWithoutABody) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().declare_length(small_size + 1000).stall(0, "never"));
    b.misbehave("/f/x.bin", GetParam());
    start();
    expect_right(fetch(of_unknown_size({&a, &b})));
    EXPECT_EQ(lies(a) + lies(b), 0u);
}

INSTANTIATE_TEST_SUITE_P(Framed, HonestAnswerTest,
                         testing::Values(Behaviour(), Behaviour().until_close(), Behaviour().chunked()), framing);

TEST_F(TransferWordTest, OfTwoLengthsTheOneWhoseBytesFitIsRight) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().declare_length(small_size + 1000).cut(Offset::percent(90)), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "oops\n")), {.first = 2});
    start();
    expect_right(fetch(of_unknown_size({&a, &b})));
    EXPECT_EQ(lies(b), 0u);
    expect_right(fetch(object("x.bin", body, {&b})));
}

TEST_F(TransferWordTest, AnotherLengthThanTheRightOneIsNoLie) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    auto& c = mirror("c");
    for (auto* server : {&a, &b, &c})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().cut(Offset::percent(90)), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "oops\n")), {.first = 2});
    b.serve("/f/x.bin", file(Body::random(12, small_size / 2))); // half synced, say
    start();
    expect_right(fetch(of_unknown_size({&a, &b, &c})));
    EXPECT_EQ(b.record().count("/f/x.bin"), 1u);
    EXPECT_EQ(lies(a) + lies(b) + lies(c), 0u);
}

TEST_F(TransferWordTest, AnAnswerThatEndsBeforeItsFirstNewByteIsNotTheEnd) {
    auto& a = mirror("a");
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().chunked().cut(Offset::percent(90)), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().until_close().cut(65'536), origin::nth(2)); // what is compared
    start();
    const auto first = fetch(of_unknown_size({&a}));
    ASSERT_TRUE(first.error);
    EXPECT_EQ(first.error->code, Errc::unavailable) << first.error->text();
    EXPECT_EQ(lies(a), 0u);
    expect_right(fetch(of_unknown_size({&a})));
}

// ---- who only points elsewhere

TEST_F(TransferWordTest, WhoPointsToALiarIsNotAskedForTheSameOnceMore) {
    auto& front = mirror("front");
    auto& back = mirror("back");
    front.misbehave("/f/x.bin", Behaviour().instead(origin::redirect(back.url("/f/x.bin"))));
    back.serve("/f/x.bin", file(body));
    back.misbehave("/f/x.bin", Behaviour().lie(4));
    start();
    const auto what = object("x.bin", body, {&front});
    const auto delivery = fetch(what);
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::digest_mismatch) << delivery.error->text();
    EXPECT_EQ(back.record().count("/f/x.bin"), 1u);
    EXPECT_EQ(lies(back), 1u);
    EXPECT_EQ(lies(front), 0u);
    back.behave();
    EXPECT_FALSE(fetch(what).bytes.empty()) << "asked again where nobody else has it";
}

TEST_F(TransferWordTest, WhoPointsToALiarIsPassedOverForOneWhoHasIt) {
    auto& front = mirror("front");
    auto& back = mirror("back");
    auto& c = mirror("c");
    front.misbehave("/f/x.bin", Behaviour().instead(origin::redirect(back.url("/f/x.bin"))));
    for (auto* server : {&back, &c})
        server->serve("/f/x.bin", file(body));
    back.misbehave("/f/x.bin", Behaviour().lie(4));
    start();
    expect_right(fetch(object("x.bin", body, {&front, &c})));
    EXPECT_EQ(back.record().count("/f/x.bin"), 1u);
    EXPECT_EQ(lies(back), 1u);
}

TEST_F(TransferWordTest, AFullHostBehindARedirectIsWaitedFor) {
    constexpr int files = 9; // its cap is 4
    auto& front = mirror("front");
    auto& back = mirror("back");
    std::vector<Object> wanted;
    for (int i = 0; i < files; ++i) {
        const auto name = std::to_string(i) + ".bin";
        front.misbehave("/f/" + name, Behaviour().instead(origin::redirect(back.url("/f/" + name))));
        back.serve("/f/" + name, file(body));
        back.misbehave("/f/" + name, Behaviour().stall_head("go"));
        wanted.push_back(object(name, body, {&front}));
    }
    settings.relay.stall_timeout = 10s;
    start();
    std::vector<std::future<Delivery>> running;
    running.reserve(wanted.size());
    for (const auto& what : wanted)
        running.push_back(std::async(std::launch::async, [this, what] { return fetch(what); }));
    ASSERT_TRUE(farm.gates().wait_arrivals("go", 4));
    std::this_thread::sleep_for(300ms); // the others are refused meanwhile
    farm.gates().open("go");
    for (auto& each : running)
        expect_right(each.get());
}

TEST_F(TransferWordTest, WhoFindsNoRoomAnywhereIsToldSoInTime) {
    auto& a = mirror("a");
    settings.relay.health.cap.start = 1; // and another one after 6 s
    body = Body::random(14, 200'000);
    for (const auto* name : {"1", "2", "x.bin"}) {
        a.serve("/f/" + std::string(name), file(body));
        a.misbehave("/f/" + std::string(name), Behaviour().rate(0, 12'000)); // 17 s
    }
    settings.relay.stall_timeout = 60s;
    start();
    std::vector<std::future<Delivery>> others;
    others.reserve(2);
    for (const auto* name : {"1", "2"})
        others.push_back(std::async(std::launch::async, [&, name] { return fetch(object(name, body, {&a})); }));
    while (a.record().count("/f/1") + a.record().count("/f/2") == 0)
        std::this_thread::yield();
    std::this_thread::sleep_for(1s); // behind both
    const auto begun = std::chrono::steady_clock::now();
    const auto delivery = fetch(object("x.bin", body, {&a}));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::crowded) << delivery.error->text();
    for (auto& each : others)
        expect_right(each.get());
}

// ---- who contradicts whom

TEST_F(TransferWordTest, OneWhoIsContradictedByALiarIsNoLiar) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    body = Body::random(12, 2'000'000);
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().cut(Offset::percent(50)), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "oops\n")), {.first = 2});
    b.misbehave("/f/x.bin", Behaviour().lie(7));
    start();
    const auto what = object("x.bin", body, {&a, &b});
    EXPECT_FALSE(fetch(what).complete);
    EXPECT_FALSE(fetch(what).complete);
    EXPECT_EQ(lies(a), 0u);
    a.behave();
    expect_right(fetch(what));
    EXPECT_TRUE(wait_lied(b));
    EXPECT_EQ(lies(a), 0u);
}

// ---- who knows no ranges

TEST_F(TransferWordTest, WhatIsHereMayComeOnceMoreForLongerThanAClientWaits) {
    constexpr std::uint64_t here = 2 << 20;
    auto& a = mirror("a");
    body = Body::random(13, 2 * here);
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().ignore_range().cut(here), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().ignore_range().rate(0, here / 17).rate(here, 0), {.first = 2}); // 17 s
    start();
    const auto what = object("x.bin", body, {&a});
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(fetch(what).complete) << "told in time";
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
    expect_right(fetch(what));
    EXPECT_EQ(a.record().count("/f/x.bin"), 2u);
}

TEST_F(TransferWordTest, AlsoWhileItsLastPartIsCompared) {
    constexpr std::uint64_t here = 2 << 20;
    constexpr std::uint64_t compared = 65'536;
    auto& a = mirror("a");
    body = Body::random(13, 2 * here);
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().ignore_range().cut(here), origin::nth(1));
    a.misbehave("/f/x.bin",
                Behaviour()
                    .ignore_range()
                    .rate(0, (here - compared) / 15)
                    .rate(here - compared, compared / 3) // 3 s
                    .rate(here, 0),
                {.first = 2});
    start();
    const auto what = object("x.bin", body, {&a});
    EXPECT_FALSE(fetch(what).complete) << "told in time";
    expect_right(fetch(what));
    EXPECT_EQ(a.record().count("/f/x.bin"), 2u);
}

} // namespace
} // namespace yizhan
