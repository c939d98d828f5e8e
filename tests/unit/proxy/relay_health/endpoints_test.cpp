#include "proxy/relay/health/endpoints.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const Ask ask{.kind = "files", .size = SizeClass::large};

struct EndpointsTest : testing::Test {
    Endpoints endpoints{HealthSettings{}, always(0.5)};
    EndpointId a = endpoints.add({.origin = "https://a.example.org", .family = "a"});
    EndpointId b = endpoints.add({.origin = "https://b.example.org", .family = "b"});

    void serve(EndpointId id, double seconds, std::uint64_t bytes_per_second) {
        auto attempt = endpoints.begin(id, ask, at(seconds));
        ASSERT_TRUE(attempt);
        attempt->first_byte(at(seconds + 0.1));
        attempt->finished(bytes_per_second, 1s, at(seconds + 1.1));
    }
    void break_off(EndpointId id, double seconds) {
        for (int i = 0; i < 3; ++i)
            endpoints.begin(id, ask, at(seconds))->failed({Symptom::unreachable, "f", {}, "refused"}, at(seconds));
    }
};

TEST_F(EndpointsTest, AnAddressFamilyIsAnEndpointOfItsOwn) {
    const auto v4 = endpoints.add({.origin = "https://a.example.org", .address = AddressFamily::v4, .family = "a"});
    const auto v6 = endpoints.add({.origin = "https://a.example.org", .address = AddressFamily::v6, .family = "a"});
    EXPECT_NE(v4, v6);
    EXPECT_NE(v4, a);
    break_off(v4, 0);
    EXPECT_EQ(endpoints.candidate(v4, ask, {}, at(1)).gate, Gate::open);
    EXPECT_EQ(endpoints.candidate(v6, ask, {}, at(1)).gate, Gate::closed);
}

TEST_F(EndpointsTest, AddingOneAgainFindsItAndRenewsItsFamily) {
    EXPECT_EQ(endpoints.add({.origin = "https://a.example.org", .family = "other"}), a);
    EXPECT_EQ(endpoints.name(a).family, "other");
    EXPECT_EQ(endpoints.size(), 2u);
    EXPECT_EQ(endpoints.find("https://a.example.org", AddressFamily::any), a);
    EXPECT_EQ(endpoints.find("https://a.example.org", AddressFamily::v6), std::nullopt);
}

TEST_F(EndpointsTest, NobodyIsAskedOverItsCapInPanicNeither) {
    std::vector<Attempt> running;
    for (int i = 0; i < 4; ++i)
        running.push_back(std::move(*endpoints.begin(a, ask, at(0))));
    EXPECT_TRUE(endpoints.candidate(a, ask, {}, at(0)).full);
    const auto fifth = endpoints.begin(a, ask, at(0));
    ASSERT_FALSE(fifth);
    EXPECT_EQ(fifth.error(), "https://a.example.org has as many requests as it may: 4");
    EXPECT_FALSE(endpoints.begin(a, ask, at(0), Panic::yes));
    running.pop_back();
    EXPECT_TRUE(endpoints.begin(a, ask, at(0)));
}

TEST_F(EndpointsTest, AGentleHostHasTwoPlaces) {
    const auto edu = endpoints.add({.origin = "https://edu.example.org", .family = "edu", .gentle = true});
    const auto one = endpoints.begin(edu, ask, at(0)), two = endpoints.begin(edu, ask, at(0));
    EXPECT_TRUE(one && two);
    EXPECT_FALSE(endpoints.begin(edu, ask, at(0)));
}

TEST_F(EndpointsTest, ACandidateIsReckonedForItsBytes) {
    serve(a, 0, 10 * MiB);
    EXPECT_NEAR(endpoints.candidate(a, ask, 100 * MiB, at(1.1)).expected.count(), 10.1, 0.1);
    EXPECT_NEAR(endpoints.candidate(a, ask, {}, at(1.1)).expected.count(), 25.7, 0.1) << "256 MiB where nobody knows";
    EXPECT_TRUE(endpoints.candidate(a, ask, {}, at(1.1)).tried);
    EXPECT_FALSE(endpoints.candidate(b, ask, {}, at(1.1)).tried);
}

TEST_F(EndpointsTest, TheFasterOneIsChosen) {
    serve(a, 0, 10 * MiB);
    serve(b, 0, 30 * MiB);
    const std::vector candidates{endpoints.candidate(a, ask, {}, at(2)), endpoints.candidate(b, ask, {}, at(2))};
    EXPECT_EQ(endpoints.choose(candidates, {})->why, "8.6 s expected, nobody else comes near");
}

TEST_F(EndpointsTest, RivalsAreThoseWhoAreClosedHaveRoomAndWereMeasured) {
    const std::vector all{a, b};
    auto rivals = endpoints.rivals(all, a, ask, at(0));
    EXPECT_TRUE(rivals.ready);
    EXPECT_EQ(rivals.bytes_per_second, 0);
    serve(b, 0, 30 * MiB);
    EXPECT_NEAR(endpoints.rivals(all, a, ask, at(1.1)).bytes_per_second, 30.0 * MiB, 1e-3 * MiB);
    EXPECT_EQ(endpoints.rivals(all, b, ask, at(1.1)).bytes_per_second, 0);
    break_off(b, 2);
    EXPECT_FALSE(endpoints.rivals(all, a, ask, at(3)).ready);
    EXPECT_FALSE(endpoints.rivals(all, a, ask, at(18)).ready) << "half open is no rival";
}

TEST_F(EndpointsTest, ARivalWithoutRoomIsNone) {
    std::vector<Attempt> running;
    for (int i = 0; i < 4; ++i)
        running.push_back(std::move(*endpoints.begin(b, ask, at(0))));
    EXPECT_FALSE(endpoints.rivals(std::vector{a, b}, a, ask, at(0)).ready);
}

TEST_F(EndpointsTest, RepetitionsComeOutOfTheBudgetAndFailoversAreFree) {
    for (unsigned failovers = 0; failovers < 3; ++failovers)
        for (int i = 0; i < 100; ++i)
            EXPECT_TRUE(endpoints.may_repeat(a, false, failovers, at(0)));
    int taken = 0;
    while (endpoints.may_repeat(a, true, 0, at(0)))
        ++taken;
    EXPECT_EQ(taken, 3);
    EXPECT_FALSE(endpoints.may_repeat(a, false, 3, at(0)));
    EXPECT_TRUE(endpoints.may_repeat(b, true, 0, at(0))) << "each has its own";
}

TEST_F(EndpointsTest, HedgesAreBudgetedOverAll) {
    EXPECT_EQ(endpoints.hedge_after(a, SizeClass::page), Seconds(1));
    EXPECT_FALSE(endpoints.may_hedge(2, at(0)));
    EXPECT_TRUE(endpoints.may_hedge(1, at(0)));
    EXPECT_TRUE(endpoints.may_hedge(1, at(0)));
    EXPECT_FALSE(endpoints.may_hedge(1, at(0)));
    for (int i = 0; i < 40; ++i)
        endpoints.begin(a, ask, at(0))->cancelled(at(0));
    EXPECT_TRUE(endpoints.may_hedge(1, at(0)));
    EXPECT_FALSE(endpoints.may_hedge(1, at(0)));
}

TEST_F(EndpointsTest, WhatAPatternExcludesStaysOutForLonger) {
    endpoints.mark_lacking(a, "tf-nightly", "excluded", at(0), 24h);
    EXPECT_EQ(endpoints.lacks(a, "tf-nightly", at(86'000)), "excluded");
}

TEST_F(EndpointsTest, WhatWasLearntSurvivesARestart) {
    serve(a, 0, 10 * MiB);
    endpoints.begin(b, ask, at(5))->failed({Symptom::block_page, "f", {}, "403"}, at(5));
    const auto rows = endpoints.learnt(at(10), 1'700'000'000);
    ASSERT_EQ(rows.size(), 2u);

    Endpoints later{HealthSettings{}, always(0.5)};
    later.add({.origin = "https://b.example.org", .family = "b"});
    later.add({.origin = "https://a.example.org", .family = "a"}); // other numbers, the same keys
    for (const auto& [key, row] : rows)
        EXPECT_TRUE(later.restore(key, row, at(0), 1'700'000'060)) << row;
    const auto status = later.status(at(0));
    EXPECT_EQ(status[0].gate, Gate::open) << "13.5 minutes were the rest, a minute was the restart";
    EXPECT_EQ(status[0].words, "open for another 12 min: it blocks us, the last: learnt before the restart");
    EXPECT_NEAR(status[1].speeds[static_cast<std::size_t>(SizeClass::large)].estimate.bytes_per_second, 10.0 * MiB,
                MiB);
}

TEST_F(EndpointsTest, ARowThatFitsNobodyIsRefused) {
    const auto rows = endpoints.learnt(at(0), 1'700'000'000);
    EXPECT_EQ(endpoints.restore("https://gone.example.org", rows[0].second, at(0), 1'700'000'000).error().code,
              Errc::not_found);
    EXPECT_EQ(endpoints.restore("https://a.example.org", "rubbish", at(0), 1'700'000'000).error().code, Errc::corrupt);
}

TEST_F(EndpointsTest, AStaleRowIsPassedOver) {
    endpoints.begin(b, ask, at(5))->failed({Symptom::block_page, "f", {}, "403"}, at(5));
    const auto rows = endpoints.learnt(at(10), 1'700'000'000);
    Endpoints later{HealthSettings{}, always(0.5)};
    const auto id = later.add({.origin = "https://b.example.org", .family = "b"});
    for (const std::int64_t wall : {1'699'999'999, 1'700'000'000 + 8 * 86'400}) {
        EXPECT_TRUE(later.restore("https://b.example.org", rows[1].second, at(0), wall));
        EXPECT_EQ(later.candidate(id, ask, {}, at(0)).gate, Gate::closed);
    }
}

} // namespace
} // namespace yizhan
