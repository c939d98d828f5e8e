// Which endpoint does not have which object: not asked for it again for a while. Bounded; a value type, no thread of
// its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace yizhan {

/// An endpoint as the registry numbers it, for the life of the process.
enum class EndpointId : std::uint32_t {};

class NegativeCache {
  public:
    explicit NegativeCache(const HealthSettings::NegativeCache& rules) : rules_(&rules) {}

    /// `rest`: the default where none is given (a pattern that a mirror excludes stays out for longer). Beyond the
    /// bound the oldest entry goes.
    void add(EndpointId endpoint, std::string_view object, std::string_view words, Moment now,
             std::optional<std::chrono::milliseconds> rest = {});
    /// It has it after all.
    void remove(EndpointId endpoint, std::string_view object);
    /// What it answered, while that counts. Valid until the next change.
    std::optional<std::string_view> find(EndpointId endpoint, std::string_view object, Moment now) const;

    std::size_t size() const { return by_age_.size(); } ///< entries, those whose time is over included

  private:
    struct Entry {
        std::string key, words;
        Moment until;
    };
    static std::string key(EndpointId endpoint, std::string_view object);

    const HealthSettings::NegativeCache* rules_;
    std::list<Entry> by_age_;                                                  // oldest first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> entries_; // keys point into by_age_
};

} // namespace yizhan
