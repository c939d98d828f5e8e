#include "cache/extents.hpp"

#include <algorithm>
#include <iterator>

namespace yizhan {

void Extents::add(std::uint64_t begin, std::uint64_t end) {
    if (begin >= end)
        return;
    auto next = ranges_.upper_bound(begin);
    if (next != ranges_.begin() && std::prev(next)->second >= begin)
        --next;
    while (next != ranges_.end() && next->first <= end) {
        begin = std::min(begin, next->first);
        end = std::max(end, next->second);
        next = ranges_.erase(next);
    }
    ranges_.emplace_hint(next, begin, end);
}

void Extents::remove(std::uint64_t begin, std::uint64_t end) {
    if (begin >= end)
        return;
    auto at = ranges_.upper_bound(begin);
    if (at != ranges_.begin() && std::prev(at)->second > begin)
        --at;
    while (at != ranges_.end() && at->first < end) {
        const auto [first, last] = *at;
        at = ranges_.erase(at);
        if (first < begin)
            ranges_.emplace_hint(at, first, begin);
        if (last > end)
            at = ranges_.emplace_hint(at, end, last);
    }
}

bool Extents::covers(std::uint64_t end) const {
    return end == 0 || (!ranges_.empty() && ranges_.begin()->first == 0 && ranges_.begin()->second >= end);
}

std::uint64_t Extents::end() const {
    return ranges_.empty() ? 0 : ranges_.rbegin()->second;
}

std::uint64_t Extents::prefix() const {
    return ranges_.empty() || ranges_.begin()->first > 0 ? 0 : ranges_.begin()->second;
}

std::uint64_t Extents::begin_of(std::uint64_t offset) const {
    const auto next = ranges_.upper_bound(offset);
    return next != ranges_.begin() && std::prev(next)->second > offset ? std::prev(next)->first : offset;
}

std::uint64_t Extents::size() const {
    std::uint64_t out = 0;
    for (const auto& [begin, end] : ranges_)
        out += end - begin;
    return out;
}

} // namespace yizhan
