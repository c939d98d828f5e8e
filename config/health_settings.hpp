// Every number by which upstreams are judged and chosen, with its reason. Plain values: the settings fill them.
#pragma once

#include <chrono>
#include <cstdint>

namespace yizhan {

struct HealthSettings {
    struct Score {
        /// How long a late first byte is held against an endpoint: long enough to pass a burst by, short enough for a
        /// mirror that hiccuped to be back within half a minute (Finagle's peak-EWMA).
        std::chrono::milliseconds first_byte_tau{10'000};
        /// Throughput moves slower than latency: a minute outlasts TCP's ramps and one stop-and-go of a busy mirror.
        std::chrono::milliseconds rate_tau{60'000};
        /// Least weight of one new throughput sample (aria2's 0.8/0.2): many short transfers in one second must be able
        /// to say something before the minute is over.
        double rate_least_weight = 0.2;
        /// Bytes: what is shorter arrives with the first packets and says nothing about throughput.
        std::uint64_t rate_least_bytes = std::uint64_t{64} * 1024;
        /// What was learnt fades into the prior within minutes without news, so that nobody is judged by last week.
        std::chrono::milliseconds forget_tau{600'000};
        /// The prior: better than most mirrors, so that an endpoint that was never asked is asked soon.
        std::chrono::milliseconds prior_first_byte{50};
        std::uint64_t prior_rate = std::uint64_t{8} * 1024 * 1024; ///< bytes per second
        /// A failure counts as a first byte at least this late: a refused connection is quick but brings nothing.
        std::chrono::milliseconds failure_cost{2'000};
        bool operator==(const Score&) const = default;
    } score;

    struct Breaker {
        unsigned faults_to_open = 3; ///< in a row; nginx's 1 shuts a mirror for one lost packet, Envoy takes 5
        std::chrono::milliseconds fault_rest{15'000};
        std::chrono::milliseconds fault_rest_cap{300'000}; ///< Envoy's longest ejection
        /// Blocks come from people or from their rules, and every knock may prolong them.
        std::chrono::milliseconds block_rest{15 * 60'000};
        std::chrono::milliseconds block_rest_cap{6 * 3'600'000};
        std::chrono::milliseconds busy_rest{60'000};      ///< 429 without a Retry-After
        std::chrono::milliseconds busy_rest_cap{600'000}; ///< a Retry-After of a day is a slip of the keyboard
        std::chrono::milliseconds foreign_page_rest{300'000};
        /// A rest is shortened by up to this share at random, so that many yizhans do not come back in one second. A
        /// Retry-After is lengthened instead: it is a lower bound.
        double jitter = 0.2;
        /// An opening this long after the last closing starts from the shortest rest again: as long as the longest rest
        /// for faults, and for blocks longer than their first.
        std::chrono::milliseconds fault_clean{300'000};
        std::chrono::milliseconds block_clean{3'600'000};
        /// A probe that brought this many bytes has passed: nobody waits for the end of a torch wheel.
        std::uint64_t probe_bytes = std::uint64_t{1024} * 1024;
        /// A 403 is about one object if another passed within this time…
        std::chrono::milliseconds neighbour{60'000};
        /// …and is a block once so many came in a row: pages that look like a block page, after a neighbour passed,
        unsigned block_pages_to_open = 2;
        /// …or bare 403s; object stores behind indexes answer so for files that they lack.
        unsigned forbidden_to_open = 3;
        bool operator==(const Breaker&) const = default;
    } breaker;

    struct ConnectionCap {
        unsigned start = 4;        ///< librepo 3, zypp 5; also the most: manners, not measurement
        unsigned start_gentle = 2; ///< hosts of universities, many of which count connections per address
        std::chrono::milliseconds recover{60'000}; ///< one connection more for each such time without a cut
        bool operator==(const ConnectionCap&) const = default;
    } cap;

    struct RetryBudget {
        double share = 0.2;          ///< of an endpoint's requests may be repetitions (Envoy's default)
        double floor_per_second = 3; ///< …but so many always, or a quiet proxy could never repeat anything
        double most_earned = 20;     ///< tokens: an hour of good requests must not pay for a storm
        unsigned free_failovers = 3; ///< per request, to a different endpoint: no mirror is asked twice by them
        bool operator==(const RetryBudget&) const = default;
    } retry;

    struct Hedge {
        unsigned samples = 64;                ///< first bytes that are remembered per endpoint and size class
        unsigned enough = 5;                  ///< fewer say nothing about the 95th percentile
        double quantile = 0.95;               ///< The Tail at Scale: 5 % more requests, most of the tail gone
        std::chrono::milliseconds least{300}; ///< below, ordinary jitter would be hedged
        std::chrono::milliseconds most{2'000};
        std::chrono::milliseconds unknown{1'000}; ///< before there are enough samples
        unsigned in_flight = 2;                   ///< of one request, the first one included
        double share = 0.1;                       ///< of the requests in the window
        unsigned floor = 2;                       ///< …but so many always: ten requests a minute are a whole lab's
        std::chrono::milliseconds window{60'000};
        bool operator==(const Hedge&) const = default;
    } hedge;

    struct Choice {
        double within = 2.0;   ///< of the best expected finish: near equals share, nobody dogpiles (librepo)
        double explore = 0.02; ///< of the choices go to somebody else: how a recovered mirror is noticed
        bool operator==(const Choice&) const = default;
    } choice;

    struct Integrity {
        unsigned lies_to_expel = 2; ///< distinct objects: one may be a torn file, two are a broken mirror
        std::chrono::milliseconds window{24 * 3'600'000};
        std::chrono::milliseconds rest{24 * 3'600'000};
        bool operator==(const Integrity&) const = default;
    } integrity;

    struct NegativeCache {
        std::chrono::milliseconds rest{600'000}; ///< a mirror gains a file with its next run, minutes to hours away
        unsigned most = 10'000;                  ///< entries, about 2 MB
        bool operator==(const NegativeCache&) const = default;
    } negative;

    struct Stall {
        std::chrono::milliseconds silence{4'000}; ///< pip's patience is 15 s: three such and a connect still fit
        std::chrono::milliseconds window{5'000};  ///< over which the rate is taken
        std::uint64_t least_rate =
            std::uint64_t{16} * 1024; ///< bytes per second; aria2 gives up below 20 KiB/s, dnf below 1000 B/s
        double share_of_best = 0.1;   ///< of the best other endpoint's throughput
        bool operator==(const Stall&) const = default;
    } stall;

    struct Redirects {
        unsigned in_row = 3; ///< answers of one endpoint that another one gave, before it is taken for a signpost
        std::chrono::milliseconds believed{600'000};
        unsigned most_endpoints = 256; ///< hosts met through redirects are kept up to so many endpoints in all
        bool operator==(const Redirects&) const = default;
    } redirects;

    bool operator==(const HealthSettings&) const = default;
};

} // namespace yizhan
