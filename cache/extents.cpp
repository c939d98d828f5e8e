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

bool Extents::covers(std::uint64_t end) const {
    return end == 0 || (!ranges_.empty() && ranges_.begin()->first == 0 && ranges_.begin()->second >= end);
}

std::uint64_t Extents::end() const {
    return ranges_.empty() ? 0 : ranges_.rbegin()->second;
}

} // namespace yizhan
