#include "proxy/relay/health/score.hpp"

#include <algorithm>

namespace yizhan {
namespace {

// Slower than this no stall rule lets anybody stay; and it keeps a division away from zero.
constexpr double least_rate = 1.0;

double blend(double from, double to, double left) {
    return to + (from - to) * left;
}

} // namespace

Estimate Score::prior(const HealthSettings::Score& rules) {
    return {.first_byte = rules.prior_first_byte, .bytes_per_second = static_cast<double>(rules.prior_rate)};
}

// A spike fades into what is usual also while nobody asks: otherwise one hiccup would shut an endpoint out until
// exploration happens to meet it.
double Score::peak_at(const FirstByte& value, Moment now) const {
    return blend(value.peak, value.usual, left_after(now - value.stamp, rules_->first_byte_tau));
}

void Score::first_byte(Seconds after, Moment now) {
    const auto seen = std::max(after.count(), 0.0);
    if (!first_byte_) {
        first_byte_ = FirstByte{seen, seen, now, now};
        return;
    }
    auto& value = *first_byte_;
    const auto current = peak_at(value, now);
    value.peak =
        seen >= current ? seen : blend(value.peak, seen, left_after(now - value.stamp, rules_->first_byte_tau));
    value.usual = blend(value.usual, seen, left_after(now - value.measured, rules_->rate_tau));
    // Good news travels at the peak's pace: once the peak is below what used to be usual, that is history.
    value.usual = std::min(value.usual, value.peak);
    value.stamp = value.measured = now;
}

void Score::received(std::uint64_t bytes, Seconds elapsed, Moment now) {
    if (bytes < rules_->rate_least_bytes && elapsed < Seconds(1))
        return;
    // On a fast network a page's rest is in the socket already when its first byte is read: a millisecond is what can
    // be told apart.
    const auto seconds = std::max(elapsed.count(), 0.001);
    const auto seen = std::max(static_cast<double>(bytes) / seconds, least_rate);
    if (!rate_) {
        rate_ = Rate{seen, now};
        return;
    }
    const auto span = std::max(Seconds(now - rate_->stamp), elapsed);
    const auto weight = std::max(1 - left_after(span, rules_->rate_tau), rules_->rate_least_weight);
    rate_->bytes_per_second = blend(rate_->bytes_per_second, seen, 1 - weight);
    rate_->stamp = now;
}

void Score::failed(Seconds wasted, Moment now) {
    const auto cost = std::max(wasted, Seconds(rules_->failure_cost)).count();
    if (!first_byte_)
        first_byte_ = FirstByte{cost, Seconds(rules_->prior_first_byte).count(), now, now};
    auto& value = *first_byte_;
    value.peak = std::max(peak_at(value, now), cost);
    value.stamp = now;
}

Estimate Score::estimate(Moment now, const Estimate& prior) const {
    auto out = prior;
    if (first_byte_)
        out.first_byte = Seconds(blend(peak_at(*first_byte_, now), prior.first_byte.count(),
                                       left_after(now - first_byte_->stamp, rules_->forget_tau)));
    if (rate_)
        out.bytes_per_second =
            blend(rate_->bytes_per_second, prior.bytes_per_second, left_after(now - rate_->stamp, rules_->forget_tau));
    return out;
}

Score::Learnt Score::learnt(Moment now) const {
    Learnt out;
    if (first_byte_) {
        out.first_byte_known = true;
        out.peak = Seconds(peak_at(*first_byte_, now));
        out.usual = Seconds(first_byte_->usual);
        out.first_byte_age = now - first_byte_->measured;
    }
    if (rate_) {
        out.rate_known = true;
        out.bytes_per_second = rate_->bytes_per_second;
        out.rate_age = now - rate_->stamp;
    }
    return out;
}

void Score::restore(const Learnt& learnt, Moment now) {
    const auto before = [now](Seconds age) {
        return now - std::chrono::duration_cast<Moment::duration>(std::max(age, Seconds(0)));
    };
    if (learnt.first_byte_known) {
        const auto usual = std::max(learnt.usual.count(), 0.0);
        const auto stamp = before(learnt.first_byte_age);
        first_byte_ = FirstByte{std::max(learnt.peak.count(), usual), usual, stamp, stamp};
    }
    if (learnt.rate_known)
        rate_ = Rate{std::max(learnt.bytes_per_second, least_rate), before(learnt.rate_age)};
}

Seconds expected_finish(const Estimate& estimate, std::uint64_t bytes, unsigned in_flight) {
    const auto receiving = static_cast<double>(bytes) / std::max(estimate.bytes_per_second, least_rate);
    return (estimate.first_byte + Seconds(receiving)) * (in_flight + 1.0);
}

} // namespace yizhan
