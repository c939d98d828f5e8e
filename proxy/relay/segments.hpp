// Which part of an object is fetched next, and how much at a time. Pure.
#pragma once

#include "cache/extents.hpp"
#include "config/segment_settings.hpp"

#include <cstdint>
#include <optional>

namespace yizhan {

/// A contiguous part of an object: [begin, end).
struct Segment {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const { return end - begin; }
    bool operator==(const Segment&) const = default;
};

/// The parts that nobody brings yet. One thread at a time.
class Segments {
  public:
    /// Of an object whose size is not known all is one segment without an end that matters.
    static constexpr std::uint64_t endless = UINT64_MAX;

    explicit Segments(std::uint64_t size = endless) : size_(size) { free_.add(0, size); }

    /// Everything but what is in `here`.
    void begin_again(const Extents& here);

    /// Takes the first part that nobody brings, if it begins below `limit`: at most `most` bytes of it, or all where
    /// only a rest under `least` would stay.
    std::optional<Segment> take(std::uint64_t most, std::uint64_t least, std::uint64_t limit = endless);
    /// Takes the part that begins at `offset`, where nobody brings it.
    std::optional<Segment> take_at(std::uint64_t offset, std::uint64_t most, std::uint64_t least);
    /// Now its size is known: nothing lies beyond.
    void end_at(std::uint64_t size);
    void give_back(Segment segment) { free_.add(segment.begin, segment.end); }

    std::uint64_t free() const { return free_.size(); } ///< bytes

  private:
    std::uint64_t size_;
    Extents free_;
};

/// How long the next segment is for somebody who brings `bytes_per_second` (0: not known), while `free` bytes are left
/// for `couriers` connections: what it brings in the set time, but no more than its share of what is left, so that all
/// end together, and of the window, so that there is something to take for whoever is done first.
std::uint64_t segment_length(const SegmentSettings& rules, double bytes_per_second, std::uint64_t free,
                             unsigned couriers);

/// Where a segment that is at `at` and ends at `end` is split when another one comes to help: each gets what it brings
/// in the same time. nullopt where that is not worth a request.
std::optional<std::uint64_t> split_at(std::uint64_t at, std::uint64_t end, double owner_rate, double helper_rate);

} // namespace yizhan
