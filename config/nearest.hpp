// "Did you mean …": the nearest known name to one that nobody knows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// The number of insertions, deletions, replacements and swaps of neighbours that make `a` into `b` (optimal string
/// alignment). Both at most 64 bytes; longer ones are cut, so that a hostile name costs nothing.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name nearest to `word`: the only one with the same last part after a dot, else the first within a third
/// of the word's length in edits (at least one). Nullopt where nothing is near.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

} // namespace yizhan
