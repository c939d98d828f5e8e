// What is asked for, by size: a mirror that is quick with pages may be slow with wheels, so each is scored by itself.
#pragma once

#include "config/sizes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan {

enum class SizeClass : std::uint8_t {
    page,   ///< an index page or another document, whatever its size
    small,  ///< under 1 MiB: over before TCP has found its speed
    medium, ///< under 32 MiB
    large,  ///< from 32 MiB, where segments begin
};
inline constexpr std::size_t size_class_count = 4;
inline constexpr std::array all_size_classes{SizeClass::page, SizeClass::small, SizeClass::medium, SizeClass::large};

/// The class of a file of so many bytes; one of unknown size counts as medium, which most wheels that matter are.
constexpr SizeClass size_class_of(std::optional<std::uint64_t> bytes) {
    if (!bytes)
        return SizeClass::medium;
    return *bytes < MiB ? SizeClass::small : *bytes < 32 * MiB ? SizeClass::medium : SizeClass::large;
}

/// Bytes to reckon with where the size is not known.
constexpr std::uint64_t typical_bytes(SizeClass size) {
    constexpr std::array<std::uint64_t, size_class_count> typical{64 * KiB, 256 * KiB, 8 * MiB, 256 * MiB};
    return typical[static_cast<std::size_t>(size)];
}

constexpr std::string_view name(SizeClass size) {
    constexpr std::array<std::string_view, size_class_count> names{"page", "small", "medium", "large"};
    return names[static_cast<std::size_t>(size)];
}

} // namespace yizhan
