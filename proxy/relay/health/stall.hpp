// Whether a running answer has stalled: silent, or so slow that somebody else would be done sooner. Time in which the
// readers do not take more bytes is no time. A value type, no thread of its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"
#include "proxy/relay/health/faults.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace yizhan {

/// Who else could go on.
struct Rivals {
    bool ready = false;          ///< another endpoint's breaker is closed, and it has room
    double bytes_per_second = 0; ///< the best of these, as far as measured
};

class StallWatch {
  public:
    /// From the sending of the request.
    StallWatch(const HealthSettings::Stall& rules, Moment now) : rules_(&rules), since_(now) {}

    void received(std::uint64_t bytes, Moment now);
    void paused(Moment now);  ///< we take no more for now; twice is once
    void resumed(Moment now); ///< silence counts from here

    struct Stall {
        Symptom symptom = Symptom::silence; ///< or slow
        std::string words;
    };
    /// Silence counts always; the rate only while a rival is ready, and from the first byte on, after a whole window.
    std::optional<Stall> check(const Rivals& rivals, Moment now);

    /// When check() can first find something if nothing arrives meanwhile; nullopt while paused. The rate is worth a
    /// look once a second.
    std::optional<Moment> next_check(Moment now) const;

    /// Bytes per second of receiving, over the last window.
    double rate(Moment now) const;
    /// Time spent receiving or waiting for bytes, without pauses.
    Seconds active(Moment now) const;

  private:
    using Duration = Moment::duration;
    struct Slice {
        Duration begin; // on the clock that stands still during pauses
        std::uint64_t bytes;
    };
    Duration clock(Moment now) const;

    const HealthSettings::Stall* rules_;
    Duration before_{0};          // active time before `since_`
    std::optional<Moment> since_; // nullopt while paused
    Duration last_byte_{0};       // or the start, or the end of the last pause
    std::optional<Duration> first_byte_;
    double best_ = 0;          // bytes per second over a window, as far as it was looked at
    std::deque<Slice> slices_; // those of the last window, oldest first
};

} // namespace yizhan
