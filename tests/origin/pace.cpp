#include "tests/origin/pace.hpp"

#include <algorithm>

namespace yizhan::origin {
namespace {

// How late a block may be and still be made up for. A link goes on while its sender waits to be woken; without this
// every wake-up on a busy machine was lost, a fifth of 1 Gbit/s, and the more of it the more threads the client had.
constexpr std::chrono::milliseconds lateness{20};

} // namespace

void Pace::set_rate(std::uint64_t rate) {
    const std::lock_guard lock(mutex_);
    rate_ = rate;
}

std::uint64_t Pace::block(std::uint64_t most) const {
    const std::lock_guard lock(mutex_);
    return rate_ == 0 ? most : std::clamp<std::uint64_t>(rate_ / 100, 1, most);
}

Pace::Clock::time_point Pace::book(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (rate_ == 0) {
        return now;
    }
    const auto start = free_at_ == Clock::time_point() ? now : std::max(now - lateness, free_at_);
    const std::chrono::duration<double> takes(static_cast<double>(bytes) / static_cast<double>(rate_));
    free_at_ = start + std::chrono::duration_cast<Clock::duration>(takes);
    return start;
}

} // namespace yizhan::origin
