#include "proxy/relay/segments.hpp"

#include <algorithm>

namespace yizhan {

void Segments::begin_again(const Extents& here) {
    free_ = {};
    free_.add(0, size_);
    for (const auto& [begin, end] : here.ranges())
        free_.remove(begin, end);
}

std::optional<Segment> Segments::take(std::uint64_t most, std::uint64_t least, std::uint64_t limit) {
    const auto& ranges = free_.ranges();
    if (ranges.empty() || ranges.begin()->first >= limit)
        return std::nullopt;
    return take_at(ranges.begin()->first, most, least);
}

std::optional<Segment> Segments::take_at(std::uint64_t offset, std::uint64_t most, std::uint64_t least) {
    const auto at = free_.ranges().find(offset);
    if (at == free_.ranges().end())
        return std::nullopt;
    const auto all = at->second - at->first;
    const auto length = all <= most || all - most < least ? all : most;
    const Segment out{.begin = offset, .end = offset + length};
    free_.remove(out.begin, out.end);
    return out;
}

void Segments::end_at(std::uint64_t size) {
    size_ = size;
    free_.remove(size, endless);
}

std::uint64_t segment_length(const SegmentSettings& rules, double bytes_per_second, std::uint64_t free,
                             unsigned couriers) {
    const auto seconds = std::chrono::duration<double>(rules.time).count();
    const auto wanted = bytes_per_second > 0 ? static_cast<std::uint64_t>(bytes_per_second * seconds) : rules.first;
    // Half of the window for all: were it full, whoever is done would only have others' tails to take.
    const auto share = std::min(free, rules.window / 2) / std::max(couriers, 1U);
    return std::clamp(std::min(wanted, share), rules.least, std::max(rules.least, rules.most));
}

std::optional<std::uint64_t> split_at(std::uint64_t at, std::uint64_t end, double owner_rate, double helper_rate) {
    // Less is over before the helper's first byte is here: a round trip over a wide network, and a connection.
    constexpr double worth_seconds = 0.3;
    constexpr std::uint64_t worth_bytes = std::uint64_t{128} * 1024;
    if (end <= at || helper_rate <= 0)
        return std::nullopt;
    const auto left = static_cast<double>(end - at);
    if (owner_rate > 0 && left / owner_rate < worth_seconds)
        return std::nullopt;
    const auto kept = static_cast<std::uint64_t>(left * owner_rate / (owner_rate + helper_rate));
    if (end - at - kept < worth_bytes)
        return std::nullopt;
    return at + kept;
}

} // namespace yizhan
