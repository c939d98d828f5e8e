#include "proxy/relay/health/attempt.hpp"
#include "proxy/relay/health/endpoints.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const Ask ask{.kind = "files", .size = SizeClass::large};

struct AttemptTest : testing::Test {
    Endpoints endpoints{HealthSettings{}, always(0)};
    EndpointId a = endpoints.add({.origin = "https://a.example.org", .family = "a"});
    EndpointId b = endpoints.add({.origin = "https://b.example.org", .family = "b"});

    Attempt begin(EndpointId id, double seconds, Panic panic = Panic::no) {
        auto attempt = endpoints.begin(id, ask, at(seconds), panic);
        EXPECT_TRUE(attempt) << attempt.error();
        return std::move(*attempt);
    }
    /// As many as may be under way to one at the same time.
    std::vector<Attempt> four(EndpointId id, double seconds) {
        std::vector<Attempt> out;
        out.reserve(4);
        while (out.size() < 4)
            out.push_back(begin(id, seconds));
        return out;
    }
    Meaning fail(EndpointId id, double seconds, Symptom symptom, const std::string& object = "f",
                 std::optional<std::chrono::seconds> retry_after = {}) {
        return begin(id, seconds).failed({symptom, object, retry_after, "it failed"}, at(seconds));
    }
    EndpointStatus status(EndpointId id, double seconds) const {
        return endpoints.status(at(seconds))[static_cast<std::size_t>(id)];
    }
    Candidate candidate(EndpointId id, double seconds) const {
        return endpoints.candidate(id, ask, 64 * MiB, at(seconds));
    }
    std::uint64_t blamed(EndpointId id, Blame blame) const {
        return status(id, 0).blamed[static_cast<std::size_t>(blame)];
    }
};

TEST_F(AttemptTest, ItsPlaceIsTakenFromItsBeginningToItsEnd) {
    for (const int way : {0, 1, 2, 3}) {
        {
            auto attempt = begin(a, 0);
            EXPECT_EQ(status(a, 0).in_flight, 1u);
            EXPECT_EQ(status(a, 0).speeds[static_cast<std::size_t>(SizeClass::large)].in_flight, 1u);
            auto moved = std::move(attempt);
            EXPECT_EQ(status(a, 0).in_flight, 1u);
            if (way == 1)
                moved.finished(10, 1s, at(1));
            if (way == 2)
                moved.failed({Symptom::reset, "f", {}, "reset"}, at(1));
            if (way == 3)
                moved.cancelled(at(1));
            EXPECT_EQ(moved.over(), way != 0);
        }
        EXPECT_EQ(status(a, 0).in_flight, 0u) << way;
        EXPECT_EQ(status(a, 0).speeds[static_cast<std::size_t>(SizeClass::large)].in_flight, 0u) << way;
    }
}

TEST_F(AttemptTest, AssigningOverOneEndsIt) {
    auto attempt = begin(a, 0);
    attempt = begin(b, 0);
    EXPECT_EQ(status(a, 0).in_flight, 0u);
    EXPECT_EQ(status(b, 0).in_flight, 1u);
}

TEST_F(AttemptTest, WhatHappensAfterItsEndIsIgnored) {
    auto attempt = begin(a, 0);
    attempt.finished(10 * MiB, 1s, at(1));
    attempt.finished(10 * MiB, 1s, at(1));
    attempt.received(10 * MiB, 1s, at(1));
    attempt.first_byte(at(1));
    attempt.cancelled(at(1));
    EXPECT_EQ(attempt.failed({Symptom::reset, "f", {}, "reset"}, at(1)).words, "");
    EXPECT_EQ(blamed(a, Blame::mirror), 0u);
    EXPECT_EQ(status(a, 0).in_flight, 0u);
}

TEST_F(AttemptTest, ItTeachesFirstByteAndThroughput) {
    auto attempt = begin(a, 0);
    attempt.first_byte(at(0.4));
    attempt.first_byte(at(9));
    attempt.received(20 * MiB, 2s, at(2.4));
    const auto speed = status(a, 2.4).speeds[static_cast<std::size_t>(SizeClass::large)];
    EXPECT_TRUE(speed.tried);
    EXPECT_NEAR(speed.estimate.first_byte.count(), 0.4, 1e-2);
    EXPECT_NEAR(speed.estimate.bytes_per_second, 10.0 * MiB, 1);
}

TEST_F(AttemptTest, ThreeFaultsOpenAndAreToldInWords) {
    EXPECT_FALSE(fail(a, 0, Symptom::reset).opened);
    EXPECT_FALSE(fail(a, 1, Symptom::server_error).opened);
    const auto third = fail(a, 2, Symptom::silence);
    EXPECT_TRUE(third.opened);
    EXPECT_EQ(third.words,
              "https://a.example.org: it failed; open for another 15 s: faults in a row, the last: it failed");
    EXPECT_EQ(blamed(a, Blame::mirror), 3u);
    EXPECT_FALSE(endpoints.begin(a, ask, at(3)));
    EXPECT_TRUE(endpoints.begin(a, {.kind = "pages", .size = SizeClass::page}, at(3))) << "another kind has its own";
}

TEST_F(AttemptTest, AnObjectsFactIsRememberedAndBlamesNobody) {
    fail(a, 0, Symptom::reset);
    fail(a, 0, Symptom::reset);
    const auto before = candidate(a, 0).expected;
    const auto meaning = fail(a, 0, Symptom::lacks, "pypi/f.whl");
    EXPECT_TRUE(meaning.lacks_object);
    EXPECT_EQ(meaning.blame, Blame::object);
    EXPECT_EQ(endpoints.lacks(a, "pypi/f.whl", at(599)), "it failed");
    EXPECT_FALSE(endpoints.lacks(b, "pypi/f.whl", at(0)));
    EXPECT_EQ(candidate(a, 0).expected, before);
    EXPECT_FALSE(fail(a, 0, Symptom::reset).opened) << "it answered: the faults are no longer in a row";
}

TEST_F(AttemptTest, NeitherAnObjectsFactNorARefusalCostsScore) {
    for (const auto symptom : {Symptom::lacks, Symptom::wrong_size, Symptom::too_many}) {
        auto good = begin(a, 0, Panic::yes);
        good.first_byte(at(0.1));
        good.finished(64 * MiB, 1s, at(1));
        const auto before = candidate(a, 1).expected;
        begin(a, 1, Panic::yes).failed({symptom, "f", {}, "no"}, at(1));
        EXPECT_EQ(candidate(a, 1).expected, before) << name(symptom);
    }
}

TEST_F(AttemptTest, AFailureCostsScore) {
    auto good = begin(a, 0);
    good.first_byte(at(0.1));
    good.finished(64 * MiB, 1s, at(1));
    const auto before = candidate(a, 1).expected;
    fail(a, 1, Symptom::reset);
    EXPECT_GT(candidate(a, 1).expected, before + Seconds(1.5));
}

TEST_F(AttemptTest, A429RestsAsToldAndHalvesTheCap) {
    const auto meaning = fail(a, 0, Symptom::too_many, "f", 90s);
    EXPECT_TRUE(meaning.opened);
    EXPECT_TRUE(meaning.cut_cap);
    EXPECT_EQ(meaning.blame, Blame::policy);
    EXPECT_EQ(candidate(a, 89).gate, Gate::open);
    EXPECT_EQ(candidate(a, 90).gate, Gate::half_open);
    EXPECT_EQ(status(a, 1).cap, 2u);
    EXPECT_EQ(status(a, 60).cap, 3u);
}

TEST_F(AttemptTest, AResetHalvesTheCapOnlyWhileOthersFlow) {
    EXPECT_FALSE(fail(a, 0, Symptom::reset).cut_cap);
    auto waiting = begin(a, 0);
    EXPECT_FALSE(fail(a, 0, Symptom::reset).cut_cap) << "the other one has no byte yet";
    waiting.first_byte(at(1));
    auto dying = begin(a, 1);
    dying.first_byte(at(2));
    EXPECT_TRUE(dying.failed({Symptom::reset, "f", {}, "reset"}, at(2)).cut_cap);
    auto alone = begin(b, 1);
    alone.first_byte(at(2));
    EXPECT_FALSE(alone.failed({Symptom::reset, "f", {}, "reset"}, at(2)).cut_cap) << "itself does not count";
    EXPECT_FALSE(fail(b, 3, Symptom::reset).cut_cap) << "nor does one that is over";
}

TEST_F(AttemptTest, AProbePassesWithItsFirstMebibyte) {
    for (int i = 0; i < 3; ++i)
        fail(a, 0, Symptom::silence);
    auto probe = begin(a, 15);
    EXPECT_TRUE(probe.is_probe());
    probe.first_byte(at(16));
    probe.received(1 * MiB - 1, 1s, at(17));
    EXPECT_EQ(candidate(a, 17).gate, Gate::probing);
    probe.received(1, 10ms, at(17));
    EXPECT_EQ(candidate(a, 17).gate, Gate::closed);
}

TEST_F(AttemptTest, AProbeThatLosesARaceLeavesItsPlace) {
    for (int i = 0; i < 3; ++i)
        fail(a, 0, Symptom::silence);
    begin(a, 15).cancelled(at(16));
    EXPECT_EQ(candidate(a, 16).gate, Gate::half_open);
    {
        const auto dropped = begin(a, 16);
    }
    EXPECT_EQ(candidate(a, 16).gate, Gate::half_open);
}

TEST_F(AttemptTest, WhoLosesARaceIsRememberedAsLate) {
    for (int i = 0; i < 5; ++i)
        begin(a, 10 * i).cancelled(at(10 * i + 1.5));
    EXPECT_NEAR(endpoints.hedge_after(a, SizeClass::large).count(), 1.5, 1e-3);
    const auto first_byte = [&](double seconds) {
        return status(a, seconds).speeds[static_cast<std::size_t>(SizeClass::large)].estimate.first_byte.count();
    };
    EXPECT_NEAR(first_byte(41.5), 1.5, 0.01);
    const auto later = first_byte(100);
    EXPECT_GT(later, 1);
    begin(a, 100).cancelled(at(100.01));
    EXPECT_NEAR(first_byte(100.01), later, 0.01) << "given up early it says nothing";
}

TEST_F(AttemptTest, ALieExpelsTheSecondTime) {
    EXPECT_EQ(fail(a, 0, Symptom::wrong_bytes, "f").blame, Blame::integrity);
    EXPECT_EQ(candidate(a, 0).gate, Gate::closed);
    endpoints.lied(a, "g", "sha256 is another", at(1));
    EXPECT_EQ(candidate(a, 1).gate, Gate::expelled);
    EXPECT_EQ(blamed(a, Blame::integrity), 2u);
    EXPECT_TRUE(endpoints.lacks(a, "g", at(1)));
    EXPECT_FALSE(endpoints.begin(a, ask, at(1)));
    EXPECT_TRUE(endpoints.begin(a, ask, at(1), Panic::yes)) << "the last resort";
    endpoints.pardon(a);
    EXPECT_TRUE(endpoints.begin(a, ask, at(1)));
}

// ---- redirects

TEST_F(AttemptTest, AfterARedirectTheFinalHostIsCharged) {
    auto attempt = begin(a, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(0.1)));
    EXPECT_EQ(attempt.charged(), b);
    EXPECT_EQ(status(a, 0).in_flight, 0u);
    EXPECT_EQ(status(b, 0).in_flight, 1u);
    const auto meaning = attempt.failed({Symptom::silence, "f", {}, "no byte for 4.0 s"}, at(4));
    EXPECT_EQ(meaning.words, "https://b.example.org: no byte for 4.0 s");
    EXPECT_EQ(blamed(a, Blame::mirror), 0u);
    EXPECT_EQ(blamed(b, Blame::mirror), 1u);
    EXPECT_EQ(status(b, 4).in_flight, 0u);
}

TEST_F(AttemptTest, TheDetourIsChargedToWhoPointedThere) {
    auto attempt = begin(a, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(1)));
    attempt.first_byte(at(1.2));
    const auto large = static_cast<std::size_t>(SizeClass::large);
    EXPECT_NEAR(status(a, 1.2).speeds[large].estimate.first_byte.count(), 1.2, 1e-2);
    EXPECT_NEAR(status(b, 1.2).speeds[large].estimate.first_byte.count(), 0.2, 1e-2);
}

TEST_F(AttemptTest, ARedirectToOneWhoRestsIsNotFollowed) {
    for (int i = 0; i < 3; ++i)
        fail(b, 0, Symptom::unreachable);
    auto attempt = begin(a, 1);
    const auto refused = endpoints.redirected(attempt, "https://b.example.org", at(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().symptom, Symptom::not_now);
    EXPECT_EQ(refused.error().words,
              "redirects to https://b.example.org, which may not be asked now: open for another 14 s: "
              "faults in a row, the last: it failed");
    EXPECT_EQ(attempt.charged(), a);
    auto panicking = begin(a, 1, Panic::yes);
    EXPECT_TRUE(endpoints.redirected(panicking, "https://b.example.org", at(1))) << "a panic follows it";
}

TEST_F(AttemptTest, ARedirectRespectsTheCapOfTheFinalHost) {
    const auto running = four(b, 0);
    auto attempt = begin(a, 0, Panic::yes);
    EXPECT_FALSE(endpoints.redirected(attempt, "https://b.example.org", at(0)));
}

TEST_F(AttemptTest, ARedirectTakesTheFinalHostsProbe) {
    for (int i = 0; i < 3; ++i)
        fail(b, 0, Symptom::unreachable);
    auto first = begin(a, 16), second = begin(a, 16);
    EXPECT_TRUE(endpoints.redirected(first, "https://b.example.org", at(16)));
    EXPECT_FALSE(endpoints.redirected(second, "https://b.example.org", at(16)));
    first.finished(2 * MiB, 1s, at(17));
    EXPECT_TRUE(endpoints.redirected(second, "https://b.example.org", at(17)));
}

TEST_F(AttemptTest, WhoOnlyPointsToOneWhoRestsRestsToo) {
    for (int i = 0; i < 3; ++i) {
        auto attempt = begin(a, i);
        ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(i)));
        attempt.failed({Symptom::unreachable, "f", {}, "refused"}, at(i));
    }
    EXPECT_EQ(status(a, 3).leads_to, "https://b.example.org");
    EXPECT_EQ(status(a, 3).gate, Gate::closed);
    EXPECT_EQ(candidate(a, 3).gate, Gate::open);
    const auto refused = endpoints.begin(a, ask, at(3));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), "https://b.example.org: open for another 14 s: faults in a row, the last: refused");
    EXPECT_EQ(candidate(a, 20).gate, Gate::half_open);
    EXPECT_TRUE(endpoints.begin(a, ask, at(20)));
}

TEST_F(AttemptTest, WhoAnswersByPointingElsewhereHasPassedItsProbe) {
    for (int i = 0; i < 3; ++i)
        fail(a, 0, Symptom::silence);
    auto probe = begin(a, 16);
    ASSERT_TRUE(endpoints.redirected(probe, "https://b.example.org", at(16)));
    EXPECT_EQ(candidate(a, 16).gate, Gate::closed);
    probe.failed({Symptom::reset, "f", {}, "reset"}, at(17));
    EXPECT_EQ(candidate(a, 17).gate, Gate::closed) << "that was the other one's";
}

TEST_F(AttemptTest, WhoAlwaysPointsToOneWithoutRoomHasNone) {
    for (int i = 0; i < 3; ++i) {
        auto attempt = begin(a, i);
        ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(i)));
        attempt.finished(2 * MiB, 1s, at(i));
    }
    EXPECT_FALSE(candidate(a, 3).full);
    const auto running = four(b, 3);
    EXPECT_TRUE(candidate(a, 3).full);
    EXPECT_FALSE(endpoints.begin(a, ask, at(3), Panic::yes));
}

TEST_F(AttemptTest, WhatTheFinalHostLacksTheOneThatPointsThereLacksToo) {
    auto attempt = begin(a, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(0)));
    attempt.failed({Symptom::lacks, "f", {}, "404"}, at(0));
    EXPECT_TRUE(endpoints.lacks(a, "f", at(0)));
    EXPECT_TRUE(endpoints.lacks(b, "f", at(0)));
    EXPECT_EQ(blamed(a, Blame::object), 0u);
}

TEST_F(AttemptTest, ARedirectToOneWhoLiedIsNotFollowed) {
    endpoints.lied(b, "f", "wrong", at(0));
    endpoints.lied(b, "g", "wrong", at(0));
    auto attempt = begin(a, 0);
    const auto refused = endpoints.redirected(attempt, "https://b.example.org", at(0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().symptom, Symptom::lacks);
}

TEST_F(AttemptTest, WhoPointsInVainIsTakenForASignpost) {
    auto running = four(b, 0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(candidate(a, 0).full);
        auto attempt = begin(a, 0);
        const auto refused = endpoints.redirected(attempt, "https://b.example.org", at(0));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().symptom, Symptom::not_now);
    }
    EXPECT_TRUE(candidate(a, 0).full);
    running.clear();
    EXPECT_FALSE(candidate(a, 0).full);
}

TEST_F(AttemptTest, WhoPointsInVainThroughAThirdIsTakenForASignpostToo) {
    auto running = four(b, 0);
    for (int i = 0; i < 3; ++i) {
        auto attempt = begin(a, 0);
        ASSERT_TRUE(endpoints.redirected(attempt, "https://between.example.org", at(0)));
        const auto refused = endpoints.redirected(attempt, "https://b.example.org", at(0));
        ASSERT_FALSE(refused);
        attempt.failed(refused.error(), at(0));
    }
    EXPECT_TRUE(candidate(a, 0).full);
}

TEST_F(AttemptTest, ARedirectFindsAConfiguredHostWhateverTheAddressFamily) {
    const auto v4 = endpoints.add({.origin = "https://a.example.org", .address = AddressFamily::v4, .family = "a"});
    auto attempt = begin(v4, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(0)));
    EXPECT_EQ(attempt.charged(), b);
}

TEST_F(AttemptTest, AHostMetThroughARedirectBecomesAnEndpointOfItsOwnFamily) {
    auto attempt = begin(a, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://s3.example.org", at(0)));
    const auto met = endpoints.find("https://s3.example.org", AddressFamily::any);
    ASSERT_TRUE(met);
    EXPECT_EQ(endpoints.name(*met).family, "https://s3.example.org");
    EXPECT_EQ(attempt.charged(), *met);
}

TEST_F(AttemptTest, AMirrorCannotNameEndpointsWithoutEnd) {
    for (int i = 0; i < 1000; ++i) {
        auto attempt = begin(a, i);
        EXPECT_TRUE(endpoints.redirected(attempt, "https://" + std::to_string(i) + ".example.org", at(i)));
    }
    EXPECT_EQ(endpoints.size(), HealthSettings{}.redirects.most_endpoints);
}

TEST_F(AttemptTest, AChainOfRedirectsChargesTheLast) {
    auto attempt = begin(a, 0);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://b.example.org", at(0)));
    ASSERT_TRUE(endpoints.redirected(attempt, "https://c.example.org", at(0)));
    EXPECT_EQ(status(b, 0).in_flight, 0u);
    EXPECT_EQ(status(b, 0).speeds[static_cast<std::size_t>(SizeClass::large)].in_flight, 0u);
    ASSERT_TRUE(endpoints.redirected(attempt, "https://a.example.org", at(0))) << "and back";
    EXPECT_EQ(status(a, 0).in_flight, 1u);
    attempt.finished(0, 0s, at(1));
    EXPECT_EQ(status(a, 0).in_flight, 0u);
    EXPECT_EQ(status(a, 0).speeds[static_cast<std::size_t>(SizeClass::large)].in_flight, 0u);
}

TEST(AttemptLife, ItMayOutliveTheRegistry) {
    std::optional<Attempt> attempt;
    {
        Endpoints endpoints{HealthSettings{}, always(0)};
        const auto id = endpoints.add({.origin = "https://a.example.org", .family = "a"});
        attempt.emplace(std::move(*endpoints.begin(id, ask, at(0))));
    }
    attempt->first_byte(at(1));
    EXPECT_EQ(attempt->failed({Symptom::reset, "f", {}, "reset"}, at(1)).blame, Blame::mirror);
}

} // namespace
} // namespace yizhan
