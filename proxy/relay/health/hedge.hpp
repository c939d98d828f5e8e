// When a second endpoint is asked because the first one's first byte is late, and how often that may be done.
// Value types, no thread of their own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace yizhan {

/// The last first bytes of one endpoint and size class.
class FirstBytes {
  public:
    /// Also for a request that was given up before its first byte: that it took at least so long is known.
    void add(Seconds after, const HealthSettings::Hedge& rules);
    /// How long to wait for a first byte before a second endpoint is asked: the 95th percentile (nearest rank) of what
    /// is remembered, within the bounds.
    Seconds patience(const HealthSettings::Hedge& rules) const;

  private:
    std::vector<float> ring_; // seconds
    std::size_t next_ = 0;
};

/// The relay's one budget of second requests, over a window that slides by sixtieths.
class HedgeBudget {
  public:
    explicit HedgeBudget(const HealthSettings::Hedge& rules) : rules_(&rules) {}

    /// A request was begun; hedges too.
    void asked(Moment now);
    /// Takes one hedge out of the budget. False where it is spent, or where the request has `in_flight` endpoints at
    /// work already.
    bool take(unsigned in_flight, Moment now);

    std::uint64_t requests(Moment now) const; ///< in the window
    std::uint64_t hedges(Moment now) const;

  private:
    struct Slice {
        std::int64_t index = -1; // which sixtieth of a window since the clock's start this counts
        std::uint32_t requests = 0, hedges = 0;
    };
    static constexpr std::size_t slice_count = 60;
    Slice& slice(Moment now);
    template <class Count>
    std::uint64_t sum(Moment now, Count count) const;
    std::int64_t index(Moment now) const;

    const HealthSettings::Hedge* rules_;
    std::array<Slice, slice_count> slices_{};
};

} // namespace yizhan
