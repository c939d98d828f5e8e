#include "proxy/relay/health/hedge.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::Hedge rules;

double patience(std::initializer_list<double> seconds, int times = 1) {
    FirstBytes samples;
    for (int i = 0; i < times; ++i)
        for (const auto s : seconds)
            samples.add(Seconds(s), rules);
    return samples.patience(rules).count();
}

TEST(FirstBytes, BeforeThereAreEnoughPatienceIsASecond) {
    EXPECT_DOUBLE_EQ(patience({}), 1);
    EXPECT_DOUBLE_EQ(patience({0.5, 0.5, 0.5, 0.5}), 1);
    EXPECT_NEAR(patience({0.5, 0.5, 0.5, 0.5, 0.5}), 0.5, 1e-6);
}

TEST(FirstBytes, PatienceIsThe95thPercentileByNearestRank) {
    FirstBytes samples;
    for (int i = 1; i <= 40; ++i)
        samples.add(Seconds(0.3 + 0.01 * i), rules);
    EXPECT_NEAR(samples.patience(rules).count(), 0.3 + 0.01 * 38, 1e-6); // rank ceil(0.95 × 40) = 38
}

TEST(FirstBytes, PatienceStaysBetween300MillisecondsAndTwoSeconds) {
    EXPECT_DOUBLE_EQ(patience({0.01}, 20), 0.3);
    EXPECT_DOUBLE_EQ(patience({30}, 20), 2);
    EXPECT_DOUBLE_EQ(patience({-1}, 20), 0.3);
}

TEST(FirstBytes, OnlyTheLastSixtyFourCount) {
    FirstBytes samples;
    for (int i = 0; i < 1000; ++i)
        samples.add(2s, rules);
    for (int i = 0; i < 64; ++i)
        samples.add(500ms, rules);
    EXPECT_NEAR(samples.patience(rules).count(), 0.5, 1e-6);
}

TEST(HedgeBudget, ATenthOfTheRequestsOfTheLastMinute) {
    HedgeBudget budget(rules);
    for (int i = 0; i < 200; ++i)
        budget.asked(at(i * 0.1));
    int taken = 0;
    for (; taken < 1000 && budget.take(1, at(20)); ++taken)
        budget.asked(at(20)); // the hedge itself
    EXPECT_EQ(taken, 20);
    EXPECT_EQ(budget.hedges(at(20)), 20u);
}

TEST(HedgeBudget, HedgesThatWereBegunDoNotEarnHedges) {
    HedgeBudget budget(rules);
    for (int i = 0; i < 99; ++i)
        budget.asked(at(0));
    int taken = 0;
    for (; taken < 1000 && budget.take(1, at(1)); ++taken)
        budget.asked(at(1));
    EXPECT_EQ(taken, 9);
}

TEST(HedgeBudget, AQuietProxyStillHasTwo) {
    HedgeBudget budget(rules);
    budget.asked(at(0));
    EXPECT_TRUE(budget.take(1, at(0)));
    EXPECT_TRUE(budget.take(1, at(0)));
    EXPECT_FALSE(budget.take(1, at(0)));
    EXPECT_TRUE(budget.take(1, at(61)));
}

TEST(HedgeBudget, TheWindowSlides) {
    HedgeBudget budget(rules);
    for (int i = 0; i < 100; ++i)
        budget.asked(at(0));
    EXPECT_EQ(budget.requests(at(58)), 100u);
    EXPECT_EQ(budget.requests(at(61)), 0u);
}

TEST(HedgeBudget, NoRequestHasMoreThanTwoInFlight) {
    HedgeBudget budget(rules);
    EXPECT_FALSE(budget.take(2, at(0)));
    EXPECT_FALSE(budget.take(3, at(0)));
    EXPECT_TRUE(budget.take(1, at(0)));
}

} // namespace
} // namespace yizhan
