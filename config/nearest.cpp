#include "config/nearest.hpp"

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

constexpr std::size_t longest = 64; // twice the longest setting

std::string_view last_part(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    a = a.substr(0, longest);
    b = b.substr(0, longest);
    using Row = std::array<std::size_t, longest + 1>;
    Row before{}, previous{}, current{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        current[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = previous;
        previous = current;
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before[j - 2] + 1);
        }
    }
    return current[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
    const auto same_last = [&](const std::string& name) { return last_part(name) == last_part(word); };
    if (std::ranges::count_if(known, same_last) == 1)
        return *std::ranges::find_if(known, same_last);
    std::optional<std::string> best;
    std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
    for (const auto& name : known) {
        const auto distance = edit_distance(word, name);
        if (distance <= limit && (!best || distance < limit)) {
            best = name;
            limit = distance;
        }
    }
    return best;
}

} // namespace yizhan
