// What is read ahead and may not be there: each thing is tried once at a time, and one that was tried rests for a
// while.
#pragma once

#include "proxy/notifier.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace yizhan {

/// Any thread.
class Attempts {
  public:
    /// True for one caller until end(), and for ten minutes after that for nobody.
    bool begin(const std::string& key);
    void end(const std::string& key);

    /// Whether none of these is under way.
    bool all_ended(const std::vector<std::string>& keys) const;
    /// Waits until none of these is, but no longer than `patience`.
    Task<void> wait(std::vector<std::string> keys, std::chrono::milliseconds patience);

  private:
    struct Tried {
        bool ended = false;
        std::chrono::steady_clock::time_point when{};
    };
    mutable std::mutex mutex_;
    std::map<std::string, Tried> tried_; // bounded
    Notifier changed_;
};

} // namespace yizhan
