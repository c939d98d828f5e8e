#include "proxy/relay/health/score.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::Score rules;

double first_byte(const Score& score, double seconds) {
    return score.estimate(at(seconds)).first_byte.count();
}
double rate(const Score& score, double seconds) {
    return score.estimate(at(seconds)).bytes_per_second;
}

TEST(Score, WhatWasNeverTriedHasTheOptimisticPrior) {
    const Score score(rules);
    EXPECT_FALSE(score.tried());
    EXPECT_DOUBLE_EQ(first_byte(score, 0), 0.05);
    EXPECT_DOUBLE_EQ(rate(score, 0), 8.0 * MiB);
}

TEST(Score, TheFirstSampleIsTakenWhole) {
    Score score(rules);
    score.first_byte(200ms, at(0));
    score.received(10 * MiB, 2s, at(2));
    EXPECT_NEAR(first_byte(score, 0), 0.2, 1e-9);
    EXPECT_NEAR(rate(score, 2), 5.0 * MiB, 1);
}

TEST(Score, ASpikeCountsAtOnceAndWhole) {
    Score score(rules);
    for (int i = 0; i < 10; ++i)
        score.first_byte(100ms, at(i));
    score.first_byte(3s, at(10));
    EXPECT_NEAR(first_byte(score, 10), 3, 1e-9);
}

TEST(Score, GoodNewsTravelsWithATauOfTenSeconds) {
    Score score(rules);
    score.first_byte(3s, at(0));
    score.first_byte(100ms, at(10));
    EXPECT_NEAR(first_byte(score, 10), 0.1 + 2.9 * std::exp(-1.0), 1e-3);
    // …and hardly at all in a burst.
    for (int i = 0; i < 20; ++i)
        score.first_byte(100ms, at(10));
    EXPECT_NEAR(first_byte(score, 10), 0.1 + 2.9 * std::exp(-1.0), 1e-3);
}

TEST(Score, OneSpikeIsForgottenAlsoWhileNobodyAsks) {
    Score score(rules);
    for (int i = 0; i < 60; ++i)
        score.first_byte(100ms, at(i));
    score.first_byte(2s, at(60));
    EXPECT_GT(first_byte(score, 61), 1.5);
    EXPECT_LT(first_byte(score, 90), 0.25);
}

TEST(Score, WhoIsAlwaysSlowStaysSlowWhileNobodyAsks) {
    Score score(rules);
    for (int i = 0; i < 120; ++i)
        score.first_byte(2s, at(i));
    EXPECT_GT(first_byte(score, 150), 1.8);
}

TEST(Score, WhatBecameFastStaysFastWhileNobodyAsks) {
    Score score(rules);
    for (int i = 0; i < 120; ++i)
        score.first_byte(2s, at(i));
    for (int i = 120; i < 180; ++i)
        score.first_byte(100ms, at(i));
    const auto now = first_byte(score, 180);
    EXPECT_LT(now, 0.12);
    EXPECT_LE(first_byte(score, 220), now + 1e-6);
}

TEST(Score, AFailureCostsAsMuchAsALateFirstByteAndFades) {
    Score score(rules);
    for (int i = 0; i < 60; ++i)
        score.first_byte(100ms, at(i));
    score.failed(1ms, at(60));
    EXPECT_NEAR(first_byte(score, 60), 2, 1e-9) << "a refused connection is quick but brings nothing";
    EXPECT_LT(first_byte(score, 100), 0.2);
    score.failed(5s, at(100));
    EXPECT_NEAR(first_byte(score, 100), 5, 1e-9);
}

TEST(Score, ThroughputMovesWithATauOfAMinute) {
    Score score(rules);
    score.received(10 * MiB, 1s, at(0));
    score.received(60 * MiB, 60s, at(60)); // 1 MiB/s for a minute
    EXPECT_NEAR(rate(score, 60) / MiB, 1 + 9 * std::exp(-1.0), 0.01);
}

TEST(Score, AShortTransferStillWeighsAFifth) {
    Score score(rules);
    score.received(10 * MiB, 1s, at(0));
    score.received(100 * KiB, 100ms, at(0.1)); // 1000 KiB/s
    EXPECT_NEAR(rate(score, 0.1) / MiB, 10 - 0.2 * (10 - 1000.0 / 1024), 0.01);
}

TEST(Score, AFewQuickBytesSayNothingAboutThroughput) {
    Score score(rules);
    score.received(10 * KiB, 1ms, at(0));
    EXPECT_FALSE(score.rate_known());
    score.received(10 * KiB, 2s, at(2));
    EXPECT_NEAR(rate(score, 2), 5.0 * KiB, 1) << "but a few slow ones do";
}

TEST(Score, BytesThatCameInNoTimeDoNotMakeItInfinite) {
    Score score(rules);
    score.received(64 * KiB, 0s, at(0));
    EXPECT_LE(rate(score, 0), 64.0 * MiB);
}

TEST(Score, OldKnowledgeFadesIntoThePrior) {
    Score score(rules);
    for (int i = 0; i < 120; ++i)
        score.first_byte(2s, at(i));
    score.received(64 * KiB, 1s, at(120));
    EXPECT_LT(first_byte(score, 120 + 3600), 0.06);
    EXPECT_GT(rate(score, 120 + 3600), 7.9 * MiB);
}

TEST(Score, ExpectedFinishGrowsWithBytesAndWithWhatIsInFlight) {
    const Estimate estimate{.first_byte = 500ms, .bytes_per_second = 2.0 * MiB};
    EXPECT_NEAR(expected_finish(estimate, 3 * MiB, 0).count(), 2, 1e-9);
    EXPECT_NEAR(expected_finish(estimate, 3 * MiB, 2).count(), 6, 1e-9);
    EXPECT_NEAR(expected_finish(estimate, 0, 1).count(), 1, 1e-9);
}

TEST(Score, InFlightNeverGoesBelowZero) {
    Score score(rules);
    score.ended();
    EXPECT_EQ(score.in_flight(), 0u);
    score.began();
    EXPECT_EQ(score.in_flight(), 1u);
}

TEST(Score, WhatWasLearntSurvivesWithItsAge) {
    Score score(rules);
    score.first_byte(400ms, at(0));
    score.received(20 * MiB, 10s, at(10));
    Score again(rules);
    again.restore(score.learnt(at(100)), at(100));
    EXPECT_NEAR(first_byte(again, 100), first_byte(score, 100), 1e-6);
    EXPECT_NEAR(rate(again, 100), rate(score, 100), 1);
    EXPECT_NEAR(rate(again, 700), rate(score, 700), 1);
}

} // namespace
} // namespace yizhan
