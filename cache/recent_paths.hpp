// What the catalog said lately of paths, so that a hit need not ask it again: RocksDB takes a microsecond for a row
// that it has in memory, a tenth of what a small file costs in all.
#pragma once

#include "config/digest.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Any thread; a lock is held for comparing and copying only, and never by who waits for a disk.
///
/// Every change of the catalog makes all that is remembered invalid: the next look at each path asks the catalog once.
/// That costs less than knowing which paths a change is about, and cannot be wrong.
class RecentPaths {
  public:
    struct Known {
        Sha256 digest;
        std::uint64_t size = 0;
    };

    RecentPaths() : slots_(slot_count) {}

    /// The state of the catalog. Read it before the catalog is asked, for remember().
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    /// The catalog has changed; call it before the change is acknowledged.
    void forget_all() { version_.fetch_add(1, std::memory_order_acq_rel); }

    std::optional<Known> find(std::string_view path);
    /// `version`: as it was before the catalog said so.
    void remember(std::string_view path, const Known& known, std::uint64_t version);

  private:
    // Some hundred files are popular at a time. Two that share a slot push each other out, and cost what they cost
    // without us.
    static constexpr std::size_t slot_count = 4096;
    static constexpr std::size_t lock_count = 16;

    struct Slot {
        std::string path;
        Known known;
        std::uint64_t version = 0;
    };

    std::atomic<std::uint64_t> version_{1};
    std::array<std::mutex, lock_count> locks_; // of slots whose number has the same rest
    std::vector<Slot> slots_;
};

} // namespace yizhan
