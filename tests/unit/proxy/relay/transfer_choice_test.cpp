// Whom a transfer asks, when it asks another one, and what it remembers of them.
#include "tests/unit/proxy/relay/relay_fixture.hpp"

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

constexpr std::uint64_t small_size = std::uint64_t{50} * 1024;
constexpr std::uint64_t large_size = std::uint64_t{3} * 1024 * 1024;

class TransferChoiceTest : public RelayTest {};

TEST_F(TransferChoiceTest, ALateFirstByteIsHedgedAndTheSlowOneIsGivenUp) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(1, small_size);
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().stall_head("never"));
    settings.relay.stall_timeout = 60s; // only the hedge can save it
    settings.relay.health.hedge.unknown = 100ms;
    start();
    const auto delivery = fetch(object("x.bin", body, {&a, &b}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(delivery.bytes, body.str());
    EXPECT_EQ(a.record().count("/f/x.bin"), 1u);
    EXPECT_EQ(b.record().count("/f/x.bin"), 1u);
    EXPECT_TRUE(a.record().wait_idle()) << "the loser's connection is given up";
    EXPECT_EQ(blamed(a, Blame::mirror), 0u) << "late is not broken";
}

TEST_F(TransferChoiceTest, FiveSilentMirrorsDoNotUseUpTheClientsPatience) {
    std::vector<origin::Server*> servers;
    const auto body = Body::random(2, small_size);
    for (const auto* name : {"a", "b", "c", "d", "e", "f"}) {
        servers.push_back(&mirror(name));
        servers.back()->serve("/f/x.bin", file(body));
        if (name[0] != 'f')
            servers.back()->misbehave("/f/x.bin", Behaviour().stall_head("never"));
    }
    settings.relay.stall_timeout = 4s; // the default
    start();
    const auto begun = std::chrono::steady_clock::now();
    const auto delivery = fetch(object("x.bin", body, servers));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s) << "pip's patience";
}

TEST_F(TransferChoiceTest, ADripIsLeftWhileSomebodyElseIsReady) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(3, large_size);
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().drip(Offset::percent(50), 100, 50ms));
    settings.relay.health.stall.window = 1s;
    start();
    const auto delivery = fetch(object("x.bin", body, {&a, &b}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    const auto resumed = b.record().of("/f/x.bin", "GET");
    ASSERT_EQ(resumed.size(), 1u);
    EXPECT_GT(resumed[0].offset, large_size / 3);
    EXPECT_EQ(blamed(a, Blame::mirror), 1u);
}

TEST_F(TransferChoiceTest, ADripIsKeptWhereNobodyElseIsReady) {
    auto& a = mirror("a");
    const auto body = Body::random(4, small_size);
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().drip(0, 2000, 100ms));
    settings.relay.health.stall.window = 500ms;
    start();
    const auto delivery = fetch(object("x.bin", body, {&a}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(delivery.bytes, body.str());
    EXPECT_EQ(a.record().count("/f/x.bin"), 1u);
}

TEST_F(TransferChoiceTest, AMirrorThatFailedThreeTimesRestsAndTheNextFileIsNotAskedOfIt) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    start();
    for (int i = 0; i < 4; ++i) {
        const auto name = "f" + std::to_string(i);
        const auto body = Body::random(static_cast<std::uint64_t>(i), small_size);
        b.serve("/f/" + name, file(body));
        a.misbehave("/f/" + name, Behaviour().instead(origin::text(500, "broken\n")));
        const auto delivery = fetch(object(name, body, {&a, &b}));
        ASSERT_FALSE(delivery.error) << delivery.error->text();
    }
    // A failure also costs its score, so b is asked first soon; whatever the order, a rests after its third failure.
    EXPECT_LE(a.record().size(), 3u);
    EXPECT_EQ(blamed(b, Blame::mirror), 0u);
}

TEST_F(TransferChoiceTest, WhereEverybodyRestsSomebodyIsAskedAllTheSame) {
    auto& a = mirror("a");
    const auto body = Body::random(5, small_size);
    a.serve("/f/x.bin", file(body));
    a.misbehave("*", Behaviour().instead(origin::forbidden()), {.first = 1, .count = 2});
    start();
    EXPECT_TRUE(fetch(object("x.bin", body, {&a})).error);
    EXPECT_EQ(status_of(a).gate, Gate::open);
    const auto delivery = fetch(object("x.bin", body, {&a}));
    EXPECT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(status_of(a).gate, Gate::closed) << "what passed in panic ends the rest";
}

TEST_F(TransferChoiceTest, ARedirectIsChargedToWhoAnswers) {
    auto& front = mirror("front");
    auto& back = mirror("back");
    auto& other = mirror("other");
    const auto body = Body::random(6, small_size);
    front.serve("/f/x.bin", origin::redirect(back.url("/g/x.bin")));
    back.misbehave("*", Behaviour().instead(origin::forbidden()));
    other.serve("/f/x.bin", file(body));
    start();
    const auto delivery = fetch(object("x.bin", body, {&front, &other}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(blamed(back, Blame::policy), 1u);
    EXPECT_EQ(blamed(front, Blame::policy), 0u);
    EXPECT_EQ(status_of(front).gate, Gate::closed);
    EXPECT_EQ(status_of(back).gate, Gate::open);
}

TEST_F(TransferChoiceTest, WhatWasLearntSurvivesARestart) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto body = Body::random(7, small_size);
    b.serve("/f/x.bin", file(body));
    a.misbehave("*", Behaviour().instead(origin::forbidden()));
    start();
    ASSERT_FALSE(fetch(object("x.bin", body, {&a, &b})).error);
    ASSERT_EQ(status_of(a).gate, Gate::open);
    relay.reset();
    relay = std::make_unique<Relay>(settings, *store, in_order());
    EXPECT_EQ(status_of(a).gate, Gate::open);
    EXPECT_TRUE(status_of(b).speeds[static_cast<std::size_t>(SizeClass::small)].tried);
}

TEST_F(TransferChoiceTest, NoMoreThanTheCapAreAskedOfOneMirrorAtOnce) {
    auto& a = mirror("a");
    start();
    std::vector<std::unique_ptr<Reader>> readers;
    std::vector<Object> objects;
    for (int i = 0; i < 6; ++i) {
        const auto name = "f" + std::to_string(i);
        const auto body = Body::random(static_cast<std::uint64_t>(i), large_size);
        a.serve("/f/" + name, file(body));
        a.misbehave("/f/" + name, Behaviour().stall(Offset::percent(50), "middle"));
        objects.push_back(object(name, body, {&a}));
    }
    settings.relay.stall_timeout = 60s;
    std::vector<std::future<Delivery>> deliveries;
    deliveries.reserve(objects.size());
    for (const auto& what : objects)
        deliveries.push_back(std::async(std::launch::async, [this, &what] { return fetch(what); }));
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(farm.gates().wait_arrivals("middle", static_cast<unsigned>(i + 1)));
    EXPECT_EQ(status_of(a).in_flight, 4u);
    EXPECT_EQ(a.record().size(), 4u);
    farm.gates().open("middle");
    for (auto& delivery : deliveries)
        EXPECT_FALSE(delivery.get().error);
}

} // namespace
} // namespace yizhan
