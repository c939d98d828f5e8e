#include "proxy/relay/health/breaker.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::Breaker rules;
using State = Breaker::State;

struct BreakerTest : testing::Test {
    Breaker breaker{rules};
    Chance chance = always(0); // no jitter

    void fault(double seconds) {
        const auto pass = breaker.admit(at(seconds));
        ASSERT_TRUE(pass) << seconds;
        breaker.faulted(*pass, "connection refused", at(seconds), chance);
    }
    void pass(double seconds) {
        const auto pass = breaker.admit(at(seconds));
        ASSERT_TRUE(pass) << seconds;
        breaker.passed(*pass, at(seconds));
    }
    double open_for(double seconds) const { return Seconds(breaker.until() - at(seconds)).count(); }
};

TEST_F(BreakerTest, ThreeFaultsInARowOpenIt) {
    fault(0);
    fault(1);
    EXPECT_EQ(breaker.state(at(1)), State::closed);
    fault(2);
    EXPECT_EQ(breaker.state(at(2)), State::open);
    EXPECT_FALSE(breaker.admit(at(2)));
    EXPECT_NEAR(open_for(2), 15, 1e-6);
}

TEST_F(BreakerTest, ASuccessBetweenThemStartsTheCountAgain) {
    for (int i = 0; i < 20; ++i) {
        fault(i);
        fault(i);
        pass(i);
    }
    EXPECT_EQ(breaker.state(at(20)), State::closed);
}

TEST_F(BreakerTest, HalfOpenLetsOneRequestThroughAndTheOthersWait) {
    for (int i = 0; i < 3; ++i)
        fault(0);
    EXPECT_EQ(breaker.state(at(14.9)), State::open);
    EXPECT_EQ(breaker.state(at(15)), State::half_open);
    const auto probe = breaker.admit(at(15));
    ASSERT_TRUE(probe);
    EXPECT_TRUE(probe->is_probe());
    EXPECT_TRUE(breaker.probing());
    EXPECT_FALSE(breaker.admit(at(16)));
    breaker.passed(*probe, at(17));
    EXPECT_EQ(breaker.state(at(17)), State::closed);
    EXPECT_FALSE(breaker.admit(at(17))->is_probe());
}

TEST_F(BreakerTest, AProbeThatIsGivenUpLeavesItsPlaceToTheNext) {
    for (int i = 0; i < 3; ++i)
        fault(0);
    const auto probe = breaker.admit(at(15));
    breaker.abandoned(*probe);
    EXPECT_EQ(breaker.state(at(15)), State::half_open);
    const auto next = breaker.admit(at(15));
    ASSERT_TRUE(next);
    ASSERT_TRUE(next->is_probe());
    breaker.abandoned(*probe); // a second time, of the old one: the new one keeps its place
    EXPECT_FALSE(breaker.admit(at(15)));
}

TEST_F(BreakerTest, AFailedProbeDoublesTheRestUpToItsCap) {
    for (int i = 0; i < 3; ++i)
        fault(0);
    double now = 0;
    for (const double rest : {15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0}) {
        EXPECT_NEAR(open_for(now), rest, 1e-6);
        now += rest;
        fault(now);
    }
    for (int i = 0; i < 100; ++i) { // and no exponent overflows
        now += 300;
        fault(now);
    }
    EXPECT_NEAR(open_for(now), 300, 1e-6);
}

TEST_F(BreakerTest, ACleanPeriodAfterTheClosingMakesRestsShortAgain) {
    for (int i = 0; i < 3; ++i)
        fault(0);
    fault(15); // 30 s
    pass(45);
    for (int i = 0; i < 3; ++i)
        fault(50);
    EXPECT_NEAR(open_for(50), 60, 1e-6) << "closed for 5 s only";
    pass(110);
    for (int i = 0; i < 3; ++i)
        fault(110 + 300);
    EXPECT_NEAR(open_for(410), 15, 1e-6);
}

TEST_F(BreakerTest, WhatBeganBeforeTheOpeningNeitherClosesNorProlongsIt) {
    const auto early = breaker.admit(at(0));
    const auto late = breaker.admit(at(0));
    for (int i = 0; i < 3; ++i)
        fault(1);
    breaker.passed(*early, at(2));
    EXPECT_EQ(breaker.state(at(2)), State::open);
    breaker.faulted(*late, "reset", at(3), chance);
    EXPECT_NEAR(open_for(1), 15, 1e-6);
    // Nor once it is half open.
    breaker.passed(*early, at(16));
    breaker.faulted(*late, "reset", at(16), chance);
    EXPECT_EQ(breaker.state(at(16)), State::half_open);
}

TEST_F(BreakerTest, EachCauseHasItsRest) {
    struct Case {
        RestCause cause;
        std::optional<std::chrono::seconds> told;
        double rest;
    };
    const Case cases[] = {
        {RestCause::blocked, {}, 900},
        {RestCause::busy, {}, 60},
        {RestCause::busy, 7s, 7},
        {RestCause::busy, 0s, 1},
        {RestCause::busy, -5s, 1},
        {RestCause::busy, 86'400s, 600},
        {RestCause::foreign_page, {}, 300},
        {RestCause::foreign_page, 5s, 300},
        {RestCause::busy, std::chrono::seconds::max(), 600},
    };
    for (const auto& c : cases) {
        Breaker fresh(rules);
        fresh.rest(c.cause, *fresh.admit(at(0)), c.told, "no", at(0), chance);
        EXPECT_NEAR(Seconds(fresh.until() - at(0)).count(), c.rest, 1e-6) << static_cast<int>(c.cause);
        EXPECT_EQ(fresh.state(at(0)), State::open);
    }
}

TEST_F(BreakerTest, BlocksDoubleFromFifteenMinutesToSixHours) {
    double now = 0;
    for (const double minutes : {15, 30, 60, 120, 240, 360, 360}) {
        const auto pass = breaker.admit(at(now));
        ASSERT_TRUE(pass);
        breaker.rest(RestCause::blocked, *pass, {}, "403", at(now), chance);
        EXPECT_NEAR(open_for(now), minutes * 60, 1e-6);
        now += minutes * 60;
    }
}

TEST_F(BreakerTest, BlocksAreLongRememberedAfterTheClosing) {
    const auto block = [&](double seconds) {
        breaker.rest(RestCause::blocked, *breaker.admit(at(seconds)), {}, "403", at(seconds), chance);
        return open_for(seconds);
    };
    EXPECT_NEAR(block(0), 900, 1e-6);
    pass(900);
    EXPECT_NEAR(block(900 + 3599), 1800, 1e-6);
    pass(10'000);
    EXPECT_NEAR(block(10'000 + 3600), 900, 1e-6);
}

TEST_F(BreakerTest, ADozenAnswersThatTellOfOneBlockAreOneBlock) {
    std::vector<Breaker::Pass> passes;
    for (int i = 0; i < 12; ++i)
        passes.push_back(*breaker.admit(at(0)));
    for (const auto& pass : passes)
        breaker.rest(RestCause::blocked, pass, {}, "403", at(0), chance);
    EXPECT_NEAR(open_for(0), 900, 1e-6);
}

TEST_F(BreakerTest, AnOpenBreakerIsNeverOpenForLessLongByMoreBadNews) {
    const auto a = *breaker.admit(at(0)), b = *breaker.admit(at(0)), c = *breaker.admit(at(0));
    breaker.rest(RestCause::busy, a, 120s, "429", at(0), chance);
    breaker.rest(RestCause::busy, b, 5s, "429", at(0), chance);
    EXPECT_NEAR(open_for(0), 120, 1e-6);
    breaker.rest(RestCause::blocked, c, {}, "403", at(0), chance);
    EXPECT_NEAR(open_for(0), 900, 1e-6);
    EXPECT_EQ(breaker.cause(), RestCause::blocked);
}

TEST_F(BreakerTest, JitterShortensARestAndLengthensARetryAfter) {
    for (const double roll : {0.0, 0.3, 0.999}) {
        chance = always(roll);
        Breaker one(rules), two(rules);
        one.rest(RestCause::blocked, *one.admit(at(0)), {}, "403", at(0), chance);
        two.rest(RestCause::busy, *two.admit(at(0)), 100s, "429", at(0), chance);
        EXPECT_NEAR(Seconds(one.until() - at(0)).count(), 900 * (1 - 0.2 * roll), 1e-3);
        EXPECT_NEAR(Seconds(two.until() - at(0)).count(), 100 * (1 + 0.2 * roll), 1e-3);
    }
}

TEST_F(BreakerTest, PanicGoesThroughAndItsSuccessCloses) {
    for (int i = 0; i < 3; ++i)
        fault(0);
    EXPECT_FALSE(breaker.admit(at(1)));
    const auto failing = breaker.admit(at(1), Panic::yes);
    ASSERT_TRUE(failing);
    breaker.faulted(*failing, "refused", at(2), chance);
    EXPECT_NEAR(open_for(0), 15, 1e-6) << "a panic's failure tells nothing new";
    const auto panicking = breaker.admit(at(3), Panic::yes);
    breaker.passed(*panicking, at(4));
    EXPECT_EQ(breaker.state(at(4)), State::closed);
}

TEST_F(BreakerTest, AProbeWhoseBreakerWasOpenedMeanwhileIsOneNoMore) {
    const auto old = *breaker.admit(at(0));
    for (int i = 0; i < 3; ++i)
        fault(0);
    const auto probe = *breaker.admit(at(15));
    breaker.rest(RestCause::blocked, old, {}, "403", at(16), chance);
    breaker.passed(probe, at(17));
    EXPECT_EQ(breaker.state(at(17)), State::open);
    EXPECT_FALSE(breaker.probing());
}

TEST_F(BreakerTest, ItSaysWhyAndForHowLong) {
    EXPECT_EQ(breaker.words(at(0)), "closed");
    fault(0);
    EXPECT_EQ(breaker.words(at(0)), "closed, 1 fault in a row, the last: connection refused");
    fault(0);
    fault(0);
    EXPECT_EQ(breaker.words(at(3)), "open for another 12 s: faults in a row, the last: connection refused");
    EXPECT_EQ(breaker.words(at(15)),
              "half open, the next request will try it: faults in a row, the last: connection refused");
    ASSERT_TRUE(breaker.admit(at(15)));
    EXPECT_EQ(breaker.words(at(15)),
              "half open, one request is trying it: faults in a row, the last: connection refused");
}

TEST_F(BreakerTest, WhatWasLearntSurvives) {
    breaker.rest(RestCause::blocked, *breaker.admit(at(0)), {}, "403", at(0), chance);
    Breaker again(rules);
    again.restore(breaker.learnt(at(300)), at(1000)); // another process, another clock
    EXPECT_EQ(again.state(at(1599)), State::open);
    EXPECT_EQ(again.state(at(1600)), State::half_open);
    again.rest(RestCause::blocked, *again.admit(at(1600)), {}, "403", at(1600), chance);
    EXPECT_NEAR(Seconds(again.until() - at(1600)).count(), 1800, 1e-6) << "the second opening";
}

TEST_F(BreakerTest, ARestoredRestIsCutToWhatItsCauseAllows) {
    breaker.restore({.cause = RestCause::faults, .left = 1000h, .opened = true}, at(0));
    EXPECT_NEAR(open_for(0), 300, 1e-6);
    breaker.restore({.cause = RestCause::faults, .left = -5s, .opened = true}, at(0));
    EXPECT_EQ(breaker.state(at(0)), State::half_open);
    breaker.restore({.cause = RestCause::faults, .left = 100s, .opened = false}, at(0));
    EXPECT_EQ(breaker.state(at(0)), State::closed);
}

} // namespace
} // namespace yizhan
