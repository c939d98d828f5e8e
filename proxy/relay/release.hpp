// How much of an object may leave before its digest is known (design: verify before, hold back after). Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace yizhan {

struct ReleaseRule {
    std::uint64_t verify_first = 0; ///< objects up to this many bytes leave only once they are verified
    std::uint64_t hold_back = 0;    ///< bytes at the end of a larger one that wait for the digest
    /// …but no more than arrive in this time, so that a slow tail does not outlast the client's patience.
    std::chrono::seconds hold_back_time{4};
};

struct Arrived {
    std::optional<std::uint64_t> size;
    std::uint64_t written = 0; ///< bytes in the file, from its start
    std::uint64_t bytes_per_second = 0;
    bool identified = false;    ///< something will be compared at the end
    bool patience_over = false; ///< a small object has been waited for long enough
};

/// The end of what may leave now; never the last byte, and never less than before for growing input, except that a
/// falling rate never takes anything back: the caller keeps the maximum.
inline std::uint64_t releasable(const ReleaseRule& rule, const Arrived& arrived) {
    const bool maybe_small = arrived.size ? *arrived.size <= rule.verify_first : arrived.written <= rule.verify_first;
    if (maybe_small && !arrived.patience_over)
        return 0;
    const auto in_time = arrived.bytes_per_second * static_cast<std::uint64_t>(rule.hold_back_time.count());
    // One byte is enough to keep a response from completing; that much is held also where nothing will be compared,
    // since only the end of the stream tells that it was not cut.
    const auto hold = arrived.identified ? std::max<std::uint64_t>(std::min(rule.hold_back, in_time), 1) : 1;
    const auto end = arrived.size.value_or(arrived.written);
    return std::min(arrived.written, end - std::min(hold, end));
}

} // namespace yizhan
