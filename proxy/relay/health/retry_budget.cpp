#include "proxy/relay/health/retry_budget.hpp"

#include <algorithm>

namespace yizhan {
namespace {

constexpr double whole = 1 - 1e-9; // five fifths are one token, whatever binary fractions say

} // namespace

void RetryBudget::asked() {
    earned_ = std::min(earned_ + rules_->share, rules_->most_earned);
}

bool RetryBudget::take(Moment now) {
    if (now > stamp_) {
        floor_ = std::min(floor_ + Seconds(now - stamp_).count() * rules_->floor_per_second,
                          std::max(rules_->floor_per_second, 1.0));
        stamp_ = now;
    }
    // The floor first: it comes back by itself.
    auto& purse = floor_ >= whole ? floor_ : earned_;
    if (purse < whole)
        return false;
    purse -= 1;
    return true;
}

} // namespace yizhan
