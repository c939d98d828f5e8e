// How fast bytes may leave: one Pace for a connection, one shared by a whole server.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace yizhan::origin {

/// A token bucket with a burst of no more than 20 ms, what a late sender makes up for: bytes are booked one after
/// another, each block at the time when its turn comes. Any thread.
class Pace {
  public:
    using Clock = std::chrono::steady_clock;

    /// Bytes per second; 0 means no limit.
    explicit Pace(std::uint64_t rate = 0) : rate_(rate) {}

    void set_rate(std::uint64_t rate);

    /// A good number of bytes to send at once: a hundredth of a second's worth, at least one, at most `most`.
    std::uint64_t block(std::uint64_t most) const;

    /// Books `bytes` and says when they may leave.
    Clock::time_point book(std::uint64_t bytes);

  private:
    mutable std::mutex mutex_;
    std::uint64_t rate_;
    Clock::time_point free_at_{};
};

} // namespace yizhan::origin
