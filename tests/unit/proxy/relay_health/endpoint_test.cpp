#include "proxy/relay/health/endpoint.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings rules;
const std::string kind = "pypi files";

EndpointName named(const std::string& host) {
    return {.origin = "https://" + host, .address = AddressFamily::any, .family = host};
}

struct EndpointTest : testing::Test {
    Endpoint endpoint{EndpointId{0}, named("a.example.org"), rules};

    Effects weigh(Symptom symptom, double seconds) {
        const auto pass = *endpoint.breaker(kind).admit(at(seconds), Panic::yes);
        const auto out = endpoint.weigh({.symptom = symptom, .object = "f", .retry_after = {}, .words = "403"}, kind,
                                        pass, at(seconds));
        endpoint.breaker(kind).abandoned(pass);
        return out;
    }
};

TEST_F(EndpointTest, ItsKeyTellsAddressFamiliesApart) {
    auto name = named("a.example.org");
    EXPECT_EQ(name.key(), "https://a.example.org");
    name.address = AddressFamily::v4;
    EXPECT_EQ(name.key(), "https://a.example.org v4");
    name.address = AddressFamily::v6;
    EXPECT_EQ(name.key(), "https://a.example.org v6");
}

TEST_F(EndpointTest, AnUntriedSizeClassBorrowsFromTheNearest) {
    endpoint.score(SizeClass::page).first_byte(2s, at(0));
    endpoint.score(SizeClass::medium).first_byte(1s, at(0));
    endpoint.score(SizeClass::medium).received(1 * MiB, 10s, at(0));
    EXPECT_NEAR(endpoint.estimate(SizeClass::large, at(0)).first_byte.count(), 1, 1e-3);
    EXPECT_NEAR(endpoint.estimate(SizeClass::large, at(0)).bytes_per_second, 0.1 * MiB, 1);
    EXPECT_NEAR(endpoint.estimate(SizeClass::page, at(0)).first_byte.count(), 2, 1e-3) << "its own comes first";
    EXPECT_NEAR(endpoint.estimate(SizeClass::page, at(0)).bytes_per_second, 0.1 * MiB, 1);
    EXPECT_TRUE(endpoint.tried()) << "what is known of pages tells something of files";
    endpoint.score(SizeClass::large).first_byte(9s, at(0));
    EXPECT_NEAR(endpoint.estimate(SizeClass::small, at(0)).first_byte.count(), 2, 1e-3);
}

TEST_F(EndpointTest, OnlyMeasuredThroughputIsAMeasureForOthers) {
    EXPECT_EQ(endpoint.measured_rate(SizeClass::large, at(0)), 0);
    endpoint.score(SizeClass::large).received(10 * MiB, 2s, at(0));
    EXPECT_NEAR(endpoint.measured_rate(SizeClass::large, at(0)), 5.0 * MiB, 1);
}

TEST_F(EndpointTest, ABlockPageIsABlockWhereNobodyPassed) {
    EXPECT_EQ(weigh(Symptom::block_page, 0).blame, Blame::policy);
    EXPECT_EQ(weigh(Symptom::block_page, 0).breaker, Effects::Breaker::blocked);
}

TEST_F(EndpointTest, ABlockPageIsAboutTheObjectWhileNeighboursPassAndABlockTheSecondTime) {
    endpoint.neighbour_passed(kind, at(0));
    EXPECT_EQ(weigh(Symptom::block_page, 10).blame, Blame::object);
    EXPECT_TRUE(weigh(Symptom::block_page, 10).breaker == Effects::Breaker::blocked);
    endpoint.neighbour_passed(kind, at(20));
    EXPECT_EQ(weigh(Symptom::block_page, 30).blame, Blame::object);
    endpoint.neighbour_passed(kind, at(40));
    EXPECT_EQ(weigh(Symptom::block_page, 100.5).blame, Blame::policy) << "that neighbour passed over a minute ago";
}

TEST_F(EndpointTest, NeighboursOfAnotherKindSayNothing) {
    endpoint.neighbour_passed("conda files", at(0));
    EXPECT_EQ(weigh(Symptom::block_page, 1).blame, Blame::policy);
}

TEST_F(EndpointTest, ABare403IsAboutTheObjectUntilThreeCameInARow) {
    EXPECT_EQ(weigh(Symptom::forbidden, 0).blame, Blame::object);
    EXPECT_EQ(weigh(Symptom::forbidden, 0).blame, Blame::object);
    endpoint.neighbour_passed(kind, at(1));
    EXPECT_EQ(weigh(Symptom::forbidden, 2).blame, Blame::object);
    EXPECT_EQ(weigh(Symptom::forbidden, 2).blame, Blame::object);
    const auto third = weigh(Symptom::forbidden, 2);
    EXPECT_EQ(third.blame, Blame::policy);
    EXPECT_FALSE(third.lacks_object) << "it may well have it";
}

TEST_F(EndpointTest, AProbeAfterABlockNeedsOne403ToKnow) {
    auto& breaker = endpoint.breaker(kind);
    breaker.rest(RestCause::blocked, *breaker.admit(at(0)), {}, "403", at(0), always(0));
    endpoint.neighbour_passed(kind, at(890)); // a panic's
    EXPECT_EQ(weigh(Symptom::forbidden, 901).blame, Blame::policy);
}

TEST_F(EndpointTest, A503RestsAsLongAsItWasTold) {
    const auto pass = *endpoint.breaker(kind).admit(at(0));
    const auto told =
        endpoint.weigh({.symptom = Symptom::busy, .object = {}, .retry_after = 5s, .words = {}}, kind, pass, at(0));
    EXPECT_EQ(told.breaker, Effects::Breaker::busy);
    const auto bare =
        endpoint.weigh({.symptom = Symptom::busy, .object = {}, .retry_after = {}, .words = {}}, kind, pass, at(0));
    EXPECT_EQ(bare.breaker, Effects::Breaker::fault);
}

TEST_F(EndpointTest, TwoLiesInADayExpelForADayAndAPardonEndsIt) {
    endpoint.lied("f", at(0));
    endpoint.lied("f", at(1));
    EXPECT_FALSE(endpoint.expelled(at(1))) << "one object, however often";
    endpoint.lied("g", at(3600));
    EXPECT_TRUE(endpoint.expelled(at(3600)));
    EXPECT_EQ(endpoint.gate(kind, at(3600)), Gate::expelled);
    EXPECT_EQ(endpoint.words(kind, at(3600)), "expelled for another 24.0 h: it sent wrong bytes for 2 objects");
    endpoint.pardon();
    EXPECT_EQ(endpoint.gate(kind, at(3600)), Gate::closed);
}

TEST_F(EndpointTest, AnExpulsionLastsADayFromTheLastLieAndEndsByItself) {
    endpoint.lied("f", at(0));
    endpoint.lied("g", at(80'000));
    EXPECT_TRUE(endpoint.expelled(at(80'000)));
    EXPECT_TRUE(endpoint.expelled(at(80'000 + 86'399))) << "the first lie is more than a day old by then";
    EXPECT_FALSE(endpoint.expelled(at(80'000 + 86'400)));
    endpoint.lied("h", at(80'000 + 86'401));
    EXPECT_FALSE(endpoint.expelled(at(80'000 + 86'401))) << "the others were more than a day before";
    endpoint.lied("i", at(80'000 + 86'500));
    EXPECT_TRUE(endpoint.expelled(at(80'000 + 86'500)));
}

TEST_F(EndpointTest, LiesAreRememberedInABoundedNumber) {
    for (int i = 0; i < 10'000; ++i)
        endpoint.lied("f" + std::to_string(i), at(i));
    EXPECT_EQ(endpoint.learnt(at(10'000)).lies.size(), 16u);
    EXPECT_TRUE(endpoint.expelled(at(10'000)));
}

TEST_F(EndpointTest, ThreeAnswersFromElsewhereMakeItASignpost) {
    const auto a = std::make_shared<Endpoint>(EndpointId{1}, named("b.example.org"), rules);
    const auto b = std::make_shared<Endpoint>(EndpointId{2}, named("c.example.org"), rules);
    endpoint.landed(a, at(0));
    endpoint.landed(b, at(0));
    endpoint.landed(b, at(0));
    EXPECT_EQ(endpoint.leads_to(at(0)), nullptr);
    endpoint.landed(b, at(0));
    EXPECT_EQ(endpoint.leads_to(at(0)), b);
    EXPECT_EQ(endpoint.leads_to(at(600)), nullptr) << "after ten minutes it is asked again";
    const auto self = std::make_shared<Endpoint>(EndpointId{3}, named("d.example.org"), rules);
    for (int i = 0; i < 3; ++i)
        self->landed(b, at(0));
    self->landed(self, at(0));
    EXPECT_EQ(self->leads_to(at(0)), nullptr);
}

TEST_F(EndpointTest, ItsStatusSaysWhatTheWorstKindSays) {
    endpoint.breaker("conda files");
    auto& breaker = endpoint.breaker(kind);
    breaker.rest(RestCause::busy, *breaker.admit(at(0)), 30s, "429", at(0), always(0));
    endpoint.blame(Blame::policy);
    endpoint.connected();
    const auto status = endpoint.status(at(10));
    EXPECT_EQ(status.gate, Gate::open);
    EXPECT_EQ(status.words, "open for another 20 s: it asked for a pause, the last: 429");
    ASSERT_EQ(status.kinds.size(), 2u);
    EXPECT_EQ(status.kinds[0].name, "conda files");
    EXPECT_EQ(status.kinds[0].gate, Gate::closed);
    EXPECT_EQ(status.blamed[static_cast<std::size_t>(Blame::policy)], 1u);
    EXPECT_EQ(status.in_flight, 1u);
    EXPECT_EQ(status.cap, 4u);
    EXPECT_EQ(status.leads_to, "");
}

TEST_F(EndpointTest, WhatWasLearntSurvives) {
    endpoint.score(SizeClass::large).first_byte(300ms, at(0));
    endpoint.score(SizeClass::large).received(100 * MiB, 10s, at(10));
    auto& breaker = endpoint.breaker(kind);
    breaker.rest(RestCause::blocked, *breaker.admit(at(0)), {}, "403", at(0), always(0));
    endpoint.cap().choked(at(0), at(0));
    endpoint.lied("f", at(5));
    Endpoint again(EndpointId{0}, named("a.example.org"), rules);
    again.restore(endpoint.learnt(at(10)), at(10));
    EXPECT_EQ(again.gate(kind, at(899)), Gate::open);
    EXPECT_EQ(again.gate(kind, at(900)), Gate::half_open);
    EXPECT_EQ(again.cap().at(at(10)), 2u);
    EXPECT_NEAR(again.measured_rate(SizeClass::large, at(10)), 10.0 * MiB, 1);
    again.restore({}, at(10));
    EXPECT_EQ(again.cap().at(at(10)), 2u) << "what is not known changes nothing";
    again.restore(endpoint.learnt(at(10)), at(10));
    again.lied("f", at(20));
    EXPECT_FALSE(again.expelled(at(20))) << "the same object";
    again.lied("g", at(20));
    EXPECT_TRUE(again.expelled(at(20)));
}

} // namespace
} // namespace yizhan
