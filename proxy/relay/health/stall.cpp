#include "proxy/relay/health/stall.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {
namespace {

// Bytes are summed by tenths of a second: fifty numbers for a window instead of one per read.
constexpr std::chrono::milliseconds slice_width{100};
constexpr std::chrono::seconds look_at_rate_every{1};

} // namespace

StallWatch::Duration StallWatch::clock(Moment now) const {
    return before_ + (since_ ? std::max(now - *since_, Duration(0)) : Duration(0));
}

void StallWatch::received(std::uint64_t bytes, Moment now) {
    if (bytes == 0)
        return;
    const auto at = clock(now);
    last_byte_ = at;
    if (!first_byte_)
        first_byte_ = at;
    if (slices_.empty() || at - slices_.back().begin >= slice_width)
        slices_.push_back({at, 0});
    slices_.back().bytes += bytes;
    while (slices_.front().begin + rules_->window < at)
        slices_.pop_front();
}

void StallWatch::paused(Moment now) {
    before_ = clock(now);
    since_.reset();
}

void StallWatch::resumed(Moment now) {
    if (since_)
        return;
    since_ = now;
    last_byte_ = before_;
}

Seconds StallWatch::active(Moment now) const {
    return clock(now);
}

double StallWatch::rate(Moment now) const {
    const auto at = clock(now);
    if (!first_byte_ || at <= *first_byte_)
        return 0;
    const auto span = std::min<Duration>(at - *first_byte_, rules_->window);
    std::uint64_t bytes = 0;
    for (const auto& slice : slices_)
        if (slice.begin + rules_->window >= at)
            bytes += slice.bytes;
    return static_cast<double>(bytes) / Seconds(std::max<Duration>(span, slice_width)).count();
}

std::optional<StallWatch::Stall> StallWatch::check(const Rivals& rivals, Moment now) {
    if (!since_)
        return std::nullopt;
    const auto at = clock(now);
    if (const auto silence = at - last_byte_; silence >= rules_->silence)
        return Stall{Symptom::silence, fmt::format("no byte for {}", in_words(silence))};
    if (!rivals.ready || !first_byte_ || at - *first_byte_ < rules_->window)
        return std::nullopt;
    // Of rivals that nobody has measured, what this answer once brought is the best that is known.
    const auto current = rate(now);
    best_ = std::max(best_, current);
    const auto share = rules_->share_of_best * std::max(rivals.bytes_per_second, best_);
    const auto floor = std::max(static_cast<double>(rules_->least_rate), share);
    if (current >= floor)
        return std::nullopt;
    return Stall{Symptom::slow, fmt::format("{:.1f} KiB/s over {}, under the floor of {:.1f} KiB/s", current / 1024,
                                            in_words(rules_->window), floor / 1024)};
}

std::optional<Moment> StallWatch::next_check(Moment now) const {
    if (!since_)
        return std::nullopt;
    const auto silent = now + std::max<Duration>(last_byte_ + rules_->silence - clock(now), Duration(0));
    if (!first_byte_)
        return silent;
    const auto whole_window = *first_byte_ + rules_->window - clock(now);
    return std::min(silent, now + std::max<Duration>(whole_window, look_at_rate_every));
}

} // namespace yizhan
