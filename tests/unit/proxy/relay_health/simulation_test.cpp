// Mirrors that change behaviour every few seconds, and what becomes of choice, breaker, cap and score together.
#include "proxy/relay/health/endpoints.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace yizhan {
namespace {

/// How a mirror is at one moment.
struct Behaviour {
    double first_byte = 0.05;
    double bytes_per_second = 20.0 * MiB;
    std::optional<Symptom> fails = {};
    double after = 0.01; ///< seconds until it fails
};
using Mirror = std::function<Behaviour(double seconds)>;

class World {
  public:
    explicit World(std::vector<Mirror> mirrors, unsigned seed = 7)
        : mirrors_(std::move(mirrors)), endpoints_(HealthSettings{}, seeded(seed)), chance_(seeded(seed + 1)) {
        for (std::size_t i = 0; i < mirrors_.size(); ++i)
            ids_.push_back(endpoints_.add(
                {.origin = "https://" + std::to_string(i) + ".example.org", .family = std::to_string(i)}));
    }

    struct Asked {
        double when;
        std::size_t mirror;
        bool probe, panic;
    };

    /// `rate` requests a second for objects of `bytes`, from the time reached until `until`. A request that fails goes
    /// on at another mirror.
    void run(double until, double rate, std::uint64_t bytes) {
        while (now_ < until) {
            const auto arrival = now_ + (0.5 + chance_()) / rate;
            settle(arrival);
            now_ = arrival;
            ask(bytes, std::vector<unsigned>(mirrors_.size(), 0));
        }
    }
    void drain() { settle(1e18); }

    double share(std::size_t mirror, double from, double to) const {
        double all = 0, own = 0;
        for (const auto& asked : asked_)
            if (asked.when >= from && asked.when < to) {
                all += 1;
                own += asked.mirror == mirror;
            }
        return all == 0 ? 0 : own / all;
    }

    std::vector<Asked> asked_;
    std::vector<unsigned> most_in_flight_ = std::vector<unsigned>(16);
    unsigned served_ = 0, waited_ = 0, over_cap_ = 0;
    Endpoints& endpoints() { return endpoints_; }
    double now() const { return now_; }

  private:
    const Ask what_{.kind = "files", .size = SizeClass::medium};

    void settle(double until) {
        while (!events_.empty() && events_.begin()->first <= until) {
            auto event = events_.extract(events_.begin());
            now_ = event.key();
            event.mapped()();
        }
    }

    void ask(std::uint64_t bytes, std::vector<unsigned> tried) {
        std::vector<Candidate> candidates;
        for (std::size_t i = 0; i < ids_.size(); ++i) {
            candidates.push_back(endpoints_.candidate(ids_[i], what_, bytes, at(now_)));
            candidates.back().index = i;
            candidates.back().asked = tried[i];
        }
        const auto chosen = endpoints_.choose(candidates, {});
        if (!chosen) {
            ++waited_;
            events_.emplace(now_ + 0.3, [this, bytes, tried = std::move(tried)] { ask(bytes, tried); });
            return;
        }
        begin(chosen->index, chosen->manner == Manner::panic, bytes, std::move(tried));
    }

    void begin(std::size_t mirror, bool panic, std::uint64_t bytes, std::vector<unsigned> tried) {
        auto attempt = endpoints_.begin(ids_[mirror], what_, at(now_), panic ? Panic::yes : Panic::no);
        ASSERT_TRUE(attempt) << attempt.error();
        asked_.push_back({now_, mirror, attempt->is_probe(), panic});
        ++tried[mirror];
        const auto status = endpoints_.status(at(now_))[mirror];
        over_cap_ += status.in_flight > status.cap;
        most_in_flight_[mirror] = std::max(most_in_flight_[mirror], status.in_flight);

        const auto behaviour = mirrors_[mirror](now_);
        const auto shared = std::make_shared<Attempt>(std::move(*attempt));
        if (behaviour.fails) {
            events_.emplace(now_ + behaviour.after, [this, shared, behaviour, bytes, tried] {
                shared->failed({*behaviour.fails, "object " + std::to_string(asked_.size()), {}, "as simulated"},
                               at(now_));
                ask(bytes, tried);
            });
            return;
        }
        events_.emplace(now_ + behaviour.first_byte, [this, shared] { shared->first_byte(at(now_)); });
        const auto receiving = static_cast<double>(bytes) / behaviour.bytes_per_second;
        events_.emplace(now_ + behaviour.first_byte + receiving, [this, shared, bytes, receiving] {
            shared->finished(bytes, Seconds(receiving), at(now_));
            ++served_;
        });
    }

    std::vector<Mirror> mirrors_;
    Endpoints endpoints_;
    Chance chance_;
    std::vector<EndpointId> ids_;
    std::multimap<double, std::function<void()>> events_;
    double now_ = 0;
};

Mirror steady(double first_byte, double mebibytes_per_second) {
    return [=](double) { return Behaviour{.first_byte = first_byte, .bytes_per_second = mebibytes_per_second * MiB}; };
}

TEST(Simulation, TrafficFollowsWhoeverIsFastNow) {
    // Every 40 s another one of three is fast; the others take ten times as long.
    const auto turn = [](std::size_t mine) -> Mirror {
        return [mine](double seconds) {
            const bool fast = static_cast<std::size_t>(seconds / 40) % 3 == mine;
            return Behaviour{.first_byte = fast ? 0.05 : 0.5, .bytes_per_second = fast ? 40.0 * MiB : 4.0 * MiB};
        };
    };
    World world({turn(0), turn(1), turn(2)});
    world.run(480, 5, 4 * MiB);
    double right = 0, all = 0;
    for (const auto& asked : world.asked_)
        if (std::fmod(asked.when, 40) >= 20) { // the second half of each turn
            all += 1;
            right += asked.mirror == static_cast<std::size_t>(asked.when / 40) % 3;
        }
    EXPECT_GT(right / all, 0.9) << "of " << all;
}

TEST(Simulation, ADeadMirrorGetsProbesOnly) {
    World world({steady(0.05, 20), steady(0.06, 20),
                 [](double) { return Behaviour{.fails = Symptom::unreachable, .after = 1.5}; }});
    world.run(600, 5, 4 * MiB);
    world.drain();
    unsigned normal = 0, probes = 0;
    double last_probe = -1e9;
    for (const auto& asked : world.asked_)
        if (asked.mirror == 2) {
            EXPECT_FALSE(asked.panic);
            normal += !asked.probe;
            probes += asked.probe;
            if (asked.probe) {
                EXPECT_GE(asked.when - last_probe, 12) << "never two at once, never without a rest";
                last_probe = asked.when;
            }
        }
    EXPECT_LE(normal, 3u + 3) << "until three failures were known, and those under way then";
    EXPECT_GE(probes, 1u);
    EXPECT_LE(probes, 8u);
    EXPECT_EQ(world.served_, world.asked_.size() - normal - probes);
}

TEST(Simulation, ExplorationFindsARecoveredMirror) {
    // The best one is 20 times slower for two minutes, then the best again.
    World world({[](double seconds) {
                     const bool slow = seconds > 30 && seconds < 150;
                     return Behaviour{.first_byte = slow ? 2.0 : 0.02,
                                      .bytes_per_second = slow ? 1.0 * MiB : 60.0 * MiB};
                 },
                 steady(0.1, 12)});
    world.run(300, 5, 4 * MiB);
    EXPECT_GT(world.share(0, 10, 30), 0.8);
    EXPECT_LT(world.share(0, 60, 150), 0.1);
    EXPECT_GT(world.share(0, 60, 150), 0) << "explored";
    EXPECT_GT(world.share(0, 210, 300), 0.9);
}

TEST(Simulation, NobodyIsEverOverItsCap) {
    // More demand than places, 503 now and then, resets now and then.
    const auto flaky = [](double phase) -> Mirror {
        return [phase](double seconds) {
            const auto second = static_cast<int>(seconds * 3 + phase);
            if (second % 11 == 0)
                return Behaviour{.fails = Symptom::busy};
            if (second % 13 == 0)
                return Behaviour{.fails = Symptom::reset, .after = 0.5};
            return Behaviour{.first_byte = 0.3, .bytes_per_second = 3.0 * MiB};
        };
    };
    World world({flaky(0), flaky(1), flaky(2), steady(0.2, 5)});
    world.run(60, 11, 3 * MiB);
    EXPECT_EQ(world.over_cap_, 0u);
    EXPECT_GT(world.waited_, 0u) << "the load was meant to fill them";
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_LE(world.most_in_flight_[i], 4u);
    EXPECT_EQ(world.most_in_flight_[3], 4u);
}

TEST(Simulation, WhenAllMirrorsBreakTheOnlyOneThatIsBackServesAtOnce) {
    const auto dead = [](double from, double to) -> Mirror {
        return [=](double seconds) {
            return seconds >= from && seconds < to ? Behaviour{.fails = Symptom::unreachable, .after = 0.05}
                                                   : Behaviour{};
        };
    };
    World world({dead(10, 10.5), dead(10, 600), dead(10, 600)});
    world.run(60, 5, 1 * MiB);
    world.drain();
    EXPECT_GT(world.served_, 280u) << "every request was served in the end";
    EXPECT_GT(world.share(0, 12, 60), 0.9);
    const bool panicked = std::ranges::any_of(world.asked_, [](const World::Asked& a) { return a.panic; });
    EXPECT_TRUE(panicked);
}

TEST(Simulation, EqualMirrorsShareTheLoad) {
    World world({steady(0.1, 10), steady(0.1, 10), steady(0.1, 10), steady(0.1, 10)});
    world.run(200, 5, 4 * MiB);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(world.share(i, 0, 200), 0.25, 0.1) << i;
}

TEST(Simulation, ABlockedMirrorIsLeftAloneForAQuarterOfAnHour) {
    World world({steady(0.5, 5), [](double seconds) {
                     return seconds < 60 ? Behaviour{.first_byte = 0.01, .bytes_per_second = 90.0 * MiB}
                                         : Behaviour{.fails = Symptom::block_page};
                 }});
    world.run(700, 3, 2 * MiB);
    EXPECT_GT(world.share(1, 5, 60), 0.8);
    unsigned knocks = 0;
    for (const auto& asked : world.asked_)
        knocks += asked.mirror == 1 && asked.when >= 60;
    EXPECT_LE(knocks, 4u);
    EXPECT_GE(knocks, 2u);
}

} // namespace
} // namespace yizhan
