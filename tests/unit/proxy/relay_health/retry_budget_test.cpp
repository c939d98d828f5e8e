#include "proxy/relay/health/retry_budget.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::RetryBudget rules;

unsigned takes(RetryBudget& budget, double seconds, unsigned wishes = 1000) {
    unsigned out = 0;
    for (unsigned i = 0; i < wishes; ++i)
        out += budget.take(at(seconds));
    return out;
}

TEST(RetryBudget, AQuietEndpointMayBeAskedAgainThreeTimesASecond) {
    RetryBudget budget(rules);
    EXPECT_EQ(takes(budget, 0), 3u);
    EXPECT_EQ(takes(budget, 0.34), 1u);
    EXPECT_EQ(takes(budget, 100), 3u) << "an hour of silence saves nothing up";
}

TEST(RetryBudget, AFifthOfTheRequestsMayBeRepetitions) {
    RetryBudget budget(rules);
    takes(budget, 0);
    for (int i = 0; i < 50; ++i)
        budget.asked();
    EXPECT_EQ(takes(budget, 0), 10u);
}

TEST(RetryBudget, AnHourOfGoodRequestsDoesNotPayForAStorm) {
    RetryBudget budget(rules);
    for (int i = 0; i < 100'000; ++i)
        budget.asked();
    EXPECT_LE(takes(budget, 0), 23u);
}

TEST(RetryBudget, AClockThatStandsGivesNothing) {
    RetryBudget budget(rules);
    takes(budget, 10);
    EXPECT_EQ(takes(budget, 10), 0u);
    EXPECT_EQ(takes(budget, 9), 0u);
    EXPECT_EQ(takes(budget, 10), 0u);
}

TEST(RetryBudget, FailoverToSomebodyNewIsFreeThreeTimes) {
    EXPECT_TRUE(is_free_failover(rules, false, 0));
    EXPECT_TRUE(is_free_failover(rules, false, 2));
    EXPECT_FALSE(is_free_failover(rules, false, 3));
    EXPECT_FALSE(is_free_failover(rules, true, 0));
}

} // namespace
} // namespace yizhan
