#include "proxy/relay/health/connection_cap.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {

unsigned ConnectionCap::at(Moment now) const {
    auto value = value_;
    if (changed_ && now > *changed_) {
        const auto quiet = (now - *changed_) / std::max(rules_->recover, std::chrono::milliseconds(1));
        value += static_cast<unsigned>(std::clamp<std::int64_t>(quiet, 0, most_));
    }
    return std::clamp(value, 1u, std::max(most_, 1u));
}

bool ConnectionCap::choked(Moment began, Moment now) {
    if (changed_ && began < *changed_)
        return false;
    value_ = std::max(at(now) / 2, 1u);
    changed_ = now;
    return true;
}

std::string ConnectionCap::words(Moment now) const {
    const auto value = at(now);
    if (value >= most_)
        return fmt::format("{}", value);
    const auto step = std::max(rules_->recover, std::chrono::milliseconds(1));
    const auto next = step - (now - *changed_) % step;
    return fmt::format("{} of {}, one more in {}", value, most_, in_words(next));
}

void ConnectionCap::restore(unsigned value, Moment now) {
    value_ = std::clamp(value, 1u, std::max(most_, 1u));
    changed_ = now;
}

} // namespace yizhan
