// Where in a text something stands, as editors count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace yizhan {

struct TextPlace {
    std::size_t line = 1;   ///< from 1
    std::size_t column = 1; ///< in bytes, from 1
    auto operator<=>(const TextPlace&) const = default;
};

/// The place of the byte at `offset`; of the text's end for what lies beyond it.
inline TextPlace place_of(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto newline = before.rfind('\n');
    const auto start = newline == std::string_view::npos ? 0 : newline + 1;
    return {.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
            .column = before.size() - start + 1};
}

} // namespace yizhan
