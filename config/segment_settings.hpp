// How a large object is split between mirrors, each number with its reason. Plain values: the settings fill them.
#pragma once

#include "config/sizes.hpp"

#include <chrono>
#include <cstdint>

namespace yizhan {

struct SegmentSettings {
    std::uint64_t from = 32 * MiB;         ///< bytes: smaller objects are over before a second mirror is warm
    unsigned families = 2;                 ///< so many independent mirrors, or one alone brings it
    std::uint64_t first = 8 * MiB;         ///< bytes, while nothing is known of a mirror's rate
    std::uint64_t least = 4 * MiB;         ///< bytes: below, a request's round trip shows (50 ms at 20 MB/s are 1 MB)
    std::uint64_t most = 64 * MiB;         ///< bytes: what one lie may cost
    std::chrono::milliseconds time{4'000}; ///< of the mirror's rate: a request every four seconds is polite
    std::uint64_t window =
        256 * MiB;            ///< bytes ahead of the first missing one: what stays in the page cache for the hash
    unsigned connections = 2; ///< per mirror and object: many limit a connection's rate, and few like more
    /// How long a client's first byte may wait for the ends of two mirrors' copies to be compared; 0: not at all.
    std::chrono::milliseconds first_look{200};
    bool operator==(const SegmentSettings&) const = default;
};

} // namespace yizhan
