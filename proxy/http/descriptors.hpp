// Descriptors: how many this process may have, which were handed to it at start, and one kept in reserve.
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <vector>

namespace yizhan {

/// Raises the soft limit of open files to the hard one, at most to 1,048,576 (some libraries walk the whole range).
/// Returns the limit that holds now.
std::uint64_t raise_descriptor_limit();

/// The listening sockets that systemd passed (sd_listen_fds(3)), close-on-exec; empty where there are none or where
/// they were meant for another process. Call once.
std::vector<int> inherited_listeners();

/// A descriptor held back for the moment when there are no others: closing it makes room to accept one more connection
/// and tell it so, where otherwise the queue would stay full and the listener would spin.
class SpareDescriptor {
  public:
    SpareDescriptor() { hold(); }
    ~SpareDescriptor() { release(); }
    SpareDescriptor(const SpareDescriptor&) = delete;
    SpareDescriptor& operator=(const SpareDescriptor&) = delete;

    void release();
    /// False when there is still none to be had.
    bool hold();

  private:
    int fd_ = -1;
};

} // namespace yizhan
