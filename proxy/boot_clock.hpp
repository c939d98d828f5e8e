// Ages of pages and validators: a clock that also runs while the machine sleeps (CLOCK_BOOTTIME) and never jumps.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace yizhan {

struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept {
        timespec now{};
        clock_gettime(CLOCK_BOOTTIME, &now);
        return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
    }
};

/// Seconds since 1970, for what is kept across restarts.
inline std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The age of something last checked at `unix_seconds`, as a point of the boot clock. A time in the future (the clock
/// was set back) counts as long ago: stale, so that it is asked about again.
inline BootClock::time_point checked_point(std::int64_t unix_seconds) {
    const auto age = unix_now() - unix_seconds;
    constexpr std::int64_t long_ago = 10LL * 365 * 86400;
    const auto clamped = age < 0 || age > long_ago ? long_ago : age;
    return BootClock::now() - std::chrono::seconds(clamped);
}

} // namespace yizhan
