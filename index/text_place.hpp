// Where in a text something stands, as editors count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace yizhan {

struct TextPlace {
    std::size_t line = 1;   ///< from 1
    std::size_t column = 1; ///< in bytes, from 1
    auto operator<=>(const TextPlace&) const = default;
};

/// The lines of one text, found once: a file may have 100,000 places to tell.
class TextLines {
  public:
    explicit TextLines(std::string_view text) : size_(text.size()) {
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
            starts_.push_back(at + 1);
    }

    /// The place of the byte at `offset`; of the text's end for what lies beyond it.
    TextPlace place(std::size_t offset) const {
        const auto at = std::min(offset, size_);
        const auto next = std::ranges::upper_bound(starts_, at);
        return {.line = static_cast<std::size_t>(next - starts_.begin()), .column = at - *(next - 1) + 1};
    }

    /// The byte at a place; the text's end for what lies beyond it.
    std::size_t offset(TextPlace place) const {
        if (place.line == 0 || place.line > starts_.size() || place.column == 0)
            return size_;
        return std::min(starts_[place.line - 1] + place.column - 1, size_);
    }

  private:
    std::size_t size_;
    std::vector<std::size_t> starts_{0};
};

} // namespace yizhan
