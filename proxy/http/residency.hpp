// Whether a part of a file is in the page cache: sendfile would otherwise make a core wait for the disk.
#pragma once

#include <array>
#include <cstdint>

namespace yizhan {

/// Remembers for a second what it found, because a popular file is asked about thousands of times in one. Lives on one
/// core. An answer may be out of date when it is used: then one disk read is waited for, and nothing else happens.
class Residency {
  public:
    bool has(int fd, std::uint64_t offset, std::uint64_t size);

  private:
    struct Known {
        int fd = -1;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
        std::int64_t until = 0; ///< nanoseconds of CLOCK_MONOTONIC_COARSE
    };
    std::array<Known, 256> known_{};
};

/// One look, by cachestat(2) (Linux 6.5) or, without it, by probing every 128 KiB and the last byte.
bool is_resident(int fd, std::uint64_t offset, std::uint64_t size);
/// The second way alone.
bool is_resident_by_probe(int fd, std::uint64_t offset, std::uint64_t size);

} // namespace yizhan
