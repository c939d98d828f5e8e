// When a reader is too slow to be kept (slow read attacks, dead peers). Pure: time and progress come from outside.
#pragma once

#include <chrono>
#include <cstdint>

namespace yizhan {

/// An allowance of waiting time. Waiting for the client uses it up second by second; every byte the client takes earns
/// 1/rate seconds back, up to `grace`. So a client that stands still is cut after `grace`, one at half the rate after
/// twice that, and one at or above the rate never, however unevenly the bytes go.
class RateFloor {
  public:
    using Clock = std::chrono::steady_clock;

    /// `bytes_per_second` 0: nobody is too slow.
    RateFloor(std::uint64_t bytes_per_second, Clock::duration grace);

    /// Looks at a connection from time to time. `taken` never falls: bytes that the client's TCP has acknowledged since
    /// the connection began. `blocked`: we have bytes that it does not take. True: cut it.
    bool too_slow(Clock::time_point now, std::uint64_t taken, bool blocked);

  private:
    double rate_;
    double grace_; // seconds, as everything below
    double balance_;
    Clock::time_point seen_{};
    std::uint64_t taken_ = 0;
    bool was_blocked_ = false;
};

} // namespace yizhan
