#include "proxy/relay/health/hedge.hpp"

#include <algorithm>
#include <cmath>

namespace yizhan {

void FirstBytes::add(Seconds after, const HealthSettings::Hedge& rules) {
    const auto value = static_cast<float>(std::max(after.count(), 0.0));
    const auto most = std::max<std::size_t>(rules.samples, 1);
    if (ring_.size() < most)
        ring_.push_back(value);
    else
        ring_[next_ % most] = value;
    next_ = (next_ + 1) % most;
}

Seconds FirstBytes::patience(const HealthSettings::Hedge& rules) const {
    const auto clamped = [&](Seconds value) {
        return std::clamp(value, Seconds(rules.least), Seconds(std::max(rules.least, rules.most)));
    };
    if (ring_.empty() || ring_.size() < rules.enough)
        return clamped(rules.unknown);
    auto sorted = ring_;
    const auto rank = std::ceil(rules.quantile * static_cast<double>(sorted.size()));
    const auto at = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(rank) - 1, 0,
                                               static_cast<std::ptrdiff_t>(sorted.size()) - 1);
    std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
    return clamped(Seconds(sorted[static_cast<std::size_t>(at)]));
}

std::int64_t HedgeBudget::index(Moment now) const {
    const Moment::duration width = std::chrono::duration_cast<Moment::duration>(rules_->window) / slice_count;
    return now.time_since_epoch() / std::max(width, Moment::duration(1));
}

HedgeBudget::Slice& HedgeBudget::slice(Moment now) {
    const auto current = index(now);
    auto& out = slices_[static_cast<std::size_t>(current) % slice_count];
    if (out.index != current)
        out = Slice{.index = current};
    return out;
}

template <class Count>
std::uint64_t HedgeBudget::sum(Moment now, Count count) const {
    const auto newest = index(now);
    std::uint64_t out = 0;
    for (const auto& slice : slices_)
        if (slice.index >= 0 && slice.index <= newest && newest - slice.index < static_cast<std::int64_t>(slice_count))
            out += count(slice);
    return out;
}

std::uint64_t HedgeBudget::requests(Moment now) const {
    return sum(now, [](const Slice& slice) { return slice.requests; });
}

std::uint64_t HedgeBudget::hedges(Moment now) const {
    return sum(now, [](const Slice& slice) { return slice.hedges; });
}

void HedgeBudget::asked(Moment now) {
    ++slice(now).requests;
}

bool HedgeBudget::take(unsigned in_flight, Moment now) {
    if (in_flight >= rules_->in_flight)
        return false;
    const auto spent = hedges(now);
    const auto first = requests(now) - std::min(spent, requests(now)); // begun for their own sake
    const auto share = static_cast<std::uint64_t>(rules_->share * static_cast<double>(first));
    if (spent >= std::max<std::uint64_t>(share, rules_->floor))
        return false;
    ++slice(now).hedges;
    return true;
}

} // namespace yizhan
