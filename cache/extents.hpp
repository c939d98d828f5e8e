// A set of byte offsets as half-open ranges: which parts of a fill have been written.
#pragma once

#include <cstdint>
#include <map>

namespace yizhan {

/// Ranges that touch or overlap are merged, so a file written in order is one range. One thread at a time.
class Extents {
  public:
    /// Adds [begin, end); an empty range changes nothing.
    void add(std::uint64_t begin, std::uint64_t end);

    /// Takes [begin, end) out.
    void remove(std::uint64_t begin, std::uint64_t end);

    /// True when every offset below `end` is in the set.
    bool covers(std::uint64_t end) const;

    /// One past the greatest offset in the set, 0 when empty.
    std::uint64_t end() const;

    /// One past the last offset below which none is missing: 0 where the first one is.
    std::uint64_t prefix() const;

    /// Where the range that `offset` lies in begins; `offset` itself where it lies in none.
    std::uint64_t begin_of(std::uint64_t offset) const;

    /// How many offsets are in the set.
    std::uint64_t size() const;

    const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; } ///< begin → end, in order

  private:
    std::map<std::uint64_t, std::uint64_t> ranges_;
};

} // namespace yizhan
