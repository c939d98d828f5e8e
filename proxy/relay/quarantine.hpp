// Who sent wrong bytes for which object: it is not asked for that object again for a while. Relay thread only.
#pragma once

#include "cache/store.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace yizhan {

class Quarantine {
  public:
    using Clock = std::chrono::steady_clock;

    void add(const PathKey& path, const std::string& endpoint, std::string words, Clock::time_point now) {
        if (entries_.size() >= max_entries)
            entries_.erase(entries_.begin()); // some entry: the cost is one more wasted download
        entries_[{path, endpoint}] = Entry{std::move(words), now + rest};
    }

    /// What it sent, while the quarantine lasts.
    std::optional<std::string> reason(const PathKey& path, const std::string& endpoint, Clock::time_point now) const {
        const auto at = entries_.find({path, endpoint});
        if (at == entries_.end() || at->second.until <= now)
            return std::nullopt;
        return at->second.words;
    }

  private:
    // A mirror that serves a torn or poisoned file is usually mended by its next synchronisation; ten minutes keep a
    // client's retries from pulling the same wrong bytes again and again meanwhile.
    static constexpr std::chrono::minutes rest{10};
    static constexpr std::size_t max_entries = 10'000;

    struct Entry {
        std::string words;
        Clock::time_point until;
    };
    std::map<std::pair<PathKey, std::string>, Entry> entries_;
};

} // namespace yizhan
