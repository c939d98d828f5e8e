#include "proxy/relay/health/choice.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

#include <map>

namespace yizhan {
namespace {

const HealthSettings::Choice rules;

Candidate candidate(std::size_t index, double expected, Gate gate = Gate::closed) {
    return {.index = index,
            .name = "m" + std::to_string(index),
            .family = "f" + std::to_string(index),
            .gate = gate,
            .tried = true,
            .expected = Seconds(expected)};
}

// Who is chosen how often, of 10,000.
std::map<std::size_t, int> shares(const std::vector<Candidate>& candidates, const Wish& wish = {}) {
    std::map<std::size_t, int> out;
    const auto chance = seeded(1);
    for (int i = 0; i < 10'000; ++i)
        if (const auto chosen = choose(candidates, wish, rules, chance))
            ++out[chosen->index];
    return out;
}

TEST(Choice, OfTwoThatAreDrawnTheOneThatFinishesSooner) {
    auto counts = shares({candidate(0, 1.0), candidate(1, 1.5)});
    EXPECT_GT(counts[0], 9'700);
    EXPECT_NEAR(counts[1], 200, 60) << "exploration";
}

TEST(Choice, NearEqualsShareAndNobodyIsDogpiled) {
    auto counts = shares({candidate(0, 1.0), candidate(1, 1.1), candidate(2, 1.2), candidate(3, 1.3)});
    EXPECT_NEAR(counts[0], 4'900, 300); // 3 of 6 pairs
    EXPECT_NEAR(counts[1], 3'330, 300); // 2 of 6
    EXPECT_NEAR(counts[2], 1'700, 300); // 1 of 6
    EXPECT_NEAR(counts[3], 67, 40) << "the last is drawn against everybody and only explored";
}

TEST(Choice, EqualsAreChosenEquallyOften) {
    auto counts = shares({candidate(0, 1), candidate(1, 1), candidate(2, 1)});
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_NEAR(counts[i], 3'333, 250) << i;
}

TEST(Choice, WhoTakesMoreThanTwiceTheBestIsOnlyExplored) {
    auto counts = shares({candidate(0, 1), candidate(1, 2.01), candidate(2, 50)});
    EXPECT_NEAR(counts[1] + counts[2], 200, 60);
    EXPECT_NEAR(counts[1], 100, 40);
    EXPECT_NEAR(shares({candidate(0, 1), candidate(1, 1), candidate(2, 2.0)})[2], 67 + 33, 60);
}

TEST(Choice, WhoWasNeverTriedIsTakenToBeAsGoodAsTheBest) {
    auto unknown = candidate(1, 5);
    unknown.tried = false;
    auto counts = shares({candidate(0, 0.1), unknown, candidate(2, 3)});
    EXPECT_NEAR(counts[0], 5'000, 300);
    EXPECT_NEAR(counts[1], 5'000, 300);
}

TEST(Choice, AnUnknownOneIsMeasuredAgainstKnownOnesOnly) {
    auto hopeful = candidate(0, 0.1), poor = candidate(1, 50);
    hopeful.tried = poor.tried = false;
    EXPECT_LT(shares({hopeful, poor, candidate(2, 3)})[1], 200);
}

TEST(Choice, NobodyIsDrawnAgainstHimself) {
    const std::vector candidates{candidate(0, 1.0), candidate(1, 1.5)};
    const auto chance = seeded(3);
    for (int i = 0; i < 100; ++i) {
        const auto chosen = choose(candidates, {}, rules, chance);
        if (chosen->manner == Manner::drawn)
            EXPECT_EQ(chosen->why, "1.0 s expected, drawn against m1 with 1.5 s");
    }
}

TEST(Choice, TheOpenAndTheProbedAreNotAskedWhileAnybodyElseMayBe) {
    auto counts = shares({candidate(0, 100), candidate(1, 1, Gate::open), candidate(2, 1, Gate::probing),
                          candidate(3, 1, Gate::expelled)});
    EXPECT_EQ(counts[0], 10'000);
}

TEST(Choice, TheHalfOpenTakePartLikeTheClosed) {
    auto counts = shares({candidate(0, 1), candidate(1, 0.9, Gate::half_open)});
    EXPECT_GT(counts[1], 9'700);
    const std::vector candidates{candidate(1, 0.9, Gate::half_open)};
    EXPECT_EQ(choose(candidates, {}, rules, always(0.5))->why,
              "900 ms expected, the only one that may be asked, which tries it after a rest");
}

TEST(Choice, NobodyGoesOverItsCapInPanicNeither) {
    auto full = candidate(0, 0.1);
    full.full = true;
    EXPECT_EQ(shares({full, candidate(1, 9)})[1], 10'000);

    const std::vector all_full{full};
    const auto waits = choose(all_full, {}, rules, always(0.5));
    ASSERT_FALSE(waits);
    EXPECT_TRUE(waits.error().wait);

    full.gate = Gate::open;
    EXPECT_EQ(shares({full, candidate(1, 9, Gate::open)})[1], 10'000);
    const std::vector resting{full};
    ASSERT_FALSE(choose(resting, {}, rules, always(0.5)));
    EXPECT_TRUE(choose(resting, {}, rules, always(0.5)).error().wait);
}

TEST(Choice, WaitingForRoomIsBetterThanAskingOneWhoRests) {
    auto full = candidate(0, 0.1);
    full.full = true;
    const std::vector candidates{full, candidate(1, 1, Gate::open)};
    const auto waits = choose(candidates, {}, rules, always(0.5));
    ASSERT_FALSE(waits);
    EXPECT_TRUE(waits.error().wait);
}

TEST(Choice, WhenAllRestTheBestIsAskedAllTheSame) {
    const std::vector candidates{candidate(0, 3, Gate::open), candidate(1, 1, Gate::open), candidate(2, 2, Gate::open)};
    const auto chosen = choose(candidates, {}, rules, always(0));
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->index, 1u);
    EXPECT_EQ(chosen->manner, Manner::panic);
    EXPECT_EQ(chosen->why, "panic: all 3 rest, the best of 3 is asked all the same");
}

TEST(Choice, PanicWaitsForAProbesVerdictWhileThereIsTime) {
    const std::vector candidates{candidate(0, 1, Gate::probing), candidate(1, 3, Gate::open)};
    const auto waits = choose(candidates, {.may_wait = true}, rules, always(0.5));
    ASSERT_FALSE(waits);
    EXPECT_TRUE(waits.error().wait);
    const auto chosen = choose(candidates, {.may_wait = false}, rules, always(0.5));
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->index, 0u);
}

TEST(Choice, TheExpelledAreTheLastResort) {
    EXPECT_EQ(shares({candidate(0, 1, Gate::expelled), candidate(1, 9, Gate::open)})[1], 10'000);
    const std::vector liars{candidate(0, 1, Gate::expelled)};
    const auto chosen = choose(liars, {}, rules, always(0.5));
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->manner, Manner::panic);
    EXPECT_EQ(chosen->why, "everybody who may have it has sent wrong bytes; what comes is checked");
}

TEST(Choice, EveryoneOnceThenASecondRound) {
    auto a = candidate(0, 1), b = candidate(1, 50), c = candidate(2, 99);
    a.asked = 1;
    EXPECT_EQ(shares({a, b, c})[0], 0);
    b.asked = c.asked = 1;
    EXPECT_GT(shares({a, b, c})[0], 9'700);
}

TEST(Choice, TheRootComesLastInARoundWhereThatIsWished) {
    auto root = candidate(0, 0.1), mirror = candidate(1, 5);
    root.root = true;
    EXPECT_EQ(shares({root, mirror}, {.root_last = true})[0], 0);
    EXPECT_GT(shares({root, mirror})[0], 9'700);
    mirror.asked = 1;
    EXPECT_EQ(shares({root, mirror}, {.root_last = true})[0], 10'000) << "before a second round";
}

TEST(Choice, AFamilyWithManyAddressesIsDrawnOnce) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < 9; ++i) {
        candidates.push_back(candidate(i, 1.0 + 0.01 * static_cast<double>(i)));
        candidates.back().family = "many";
    }
    candidates.push_back(candidate(9, 1));
    auto counts = shares(candidates, {.families_once = true});
    EXPECT_NEAR(counts[9], 5'000, 300);
    EXPECT_NEAR(counts[0], 5'000, 300);
    EXPECT_LT(shares(candidates)[9], 3'000);
}

TEST(Choice, AFamilyThatIsTakenIsNotAskedAgain) {
    const std::vector<std::string> taken{"f0"};
    EXPECT_EQ(shares({candidate(0, 1), candidate(1, 9)}, {.families_taken = taken})[1], 10'000);
    const std::vector candidates{candidate(0, 1)};
    const auto nobody = choose(candidates, {.families_taken = taken}, rules, always(0.5));
    ASSERT_FALSE(nobody);
    EXPECT_FALSE(nobody.error().wait);
    EXPECT_EQ(nobody.error().why, "nobody of another family is left");
}

TEST(Choice, NobodyIsNobody) {
    const auto nobody = choose({}, {}, rules, always(0.5));
    ASSERT_FALSE(nobody);
    EXPECT_FALSE(nobody.error().wait);
}

TEST(Choice, ItSaysWhy) {
    const std::vector candidates{candidate(0, 1.0), candidate(1, 1.5), candidate(2, 60)};
    EXPECT_EQ(choose(candidates, {}, rules, always(0.5))->why, "1.0 s expected, drawn against m1 with 1.5 s");
    EXPECT_EQ(choose(candidates, {}, rules, always(0))->why,
              "to see how it does now: 1.5 s expected where the best promises 1.0 s");
    const std::vector apart{candidate(0, 1.0), candidate(2, 60)};
    EXPECT_EQ(choose(apart, {}, rules, always(0.5))->why, "1.0 s expected, nobody else comes near");
}

TEST(Choice, AChanceOfOneDoesNotRunOverTheEnd) {
    const std::vector candidates{candidate(0, 1.0), candidate(1, 1.5)};
    EXPECT_TRUE(choose(candidates, {}, rules, always(1.0)));
}

} // namespace
} // namespace yizhan
