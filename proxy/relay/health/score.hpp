// How fast an endpoint is for one size class: when its first byte comes, how fast the rest, how many are waiting.
// A value type, no thread of its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <cstdint>
#include <optional>

namespace yizhan {

/// What is expected of an endpoint now.
struct Estimate {
    Seconds first_byte{0};
    double bytes_per_second = 0;
};

class Score {
  public:
    explicit Score(const HealthSettings::Score& rules) : rules_(&rules) {}

    /// A first byte came so long after the request. A later one than expected counts at once and whole; an earlier one
    /// as much as time has passed since the last (peak-EWMA, as in Finagle).
    void first_byte(Seconds after, Moment now);

    /// So many bytes came in so much time of receiving, pauses of ours not counted. Fewer than `rate_least_bytes` are
    /// ignored unless they took a second: then they do tell something.
    void received(std::uint64_t bytes, Seconds elapsed, Moment now);

    /// It failed after so long. Held against it like a late first byte, but does not change what is usual for it.
    void failed(Seconds wasted, Moment now);

    void began() { ++in_flight_; }
    void ended() { in_flight_ -= in_flight_ > 0; }
    unsigned in_flight() const { return in_flight_; }

    /// Whether anything was ever seen of it.
    bool tried() const { return first_byte_.has_value() || rate_.has_value(); }
    bool rate_known() const { return rate_.has_value(); }

    /// With whatever is unknown taken from `prior`, into which old knowledge fades too.
    Estimate estimate(Moment now, const Estimate& prior) const;
    Estimate estimate(Moment now) const { return estimate(now, prior(*rules_)); }
    static Estimate prior(const HealthSettings::Score& rules);

    /// What outlives the process; ages instead of moments.
    struct Learnt {
        Seconds peak{0}, usual{0}; ///< of the first byte
        Seconds first_byte_age{0};
        bool first_byte_known = false;
        double bytes_per_second = 0;
        Seconds rate_age{0};
        bool rate_known = false;
        bool operator==(const Learnt&) const = default;
    };
    Learnt learnt(Moment now) const;
    void restore(const Learnt& learnt, Moment now);

  private:
    struct FirstByte {
        double peak, usual; // seconds; usual <= peak
        Moment stamp;       // of peak
        Moment measured;    // of usual
    };
    struct Rate {
        double bytes_per_second;
        Moment stamp;
    };
    double peak_at(const FirstByte& value, Moment now) const;

    const HealthSettings::Score* rules_;
    std::optional<FirstByte> first_byte_;
    std::optional<Rate> rate_;
    unsigned in_flight_ = 0;
};

/// (first byte + bytes / rate) × (in flight + 1).
Seconds expected_finish(const Estimate& estimate, std::uint64_t bytes, unsigned in_flight);

} // namespace yizhan
