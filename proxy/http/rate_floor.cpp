#include "proxy/http/rate_floor.hpp"

#include <algorithm>

namespace yizhan {

RateFloor::RateFloor(std::uint64_t bytes_per_second, Clock::duration grace)
    : rate_(static_cast<double>(bytes_per_second)), grace_(std::chrono::duration<double>(grace).count()),
      balance_(grace_) {}

bool RateFloor::too_slow(Clock::time_point now, std::uint64_t taken, bool blocked) {
    if (rate_ == 0)
        return false;
    if (blocked && was_blocked_) {
        const std::chrono::duration<double> waited = now - seen_;
        balance_ += static_cast<double>(taken - taken_) / rate_ - waited.count();
        balance_ = std::min(balance_, grace_);
    } else if (!blocked) {
        balance_ = grace_; // it took all there was
    }
    seen_ = now;
    taken_ = taken;
    was_blocked_ = blocked;
    return balance_ < 0;
}

} // namespace yizhan
