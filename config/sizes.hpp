// Binary multiples of a byte.
#pragma once

#include <cstdint>

namespace yizhan {

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

} // namespace yizhan
