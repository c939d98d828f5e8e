#include "proxy/relay/health/negative_cache.hpp"

#include <fmt/format.h>

namespace yizhan {

std::string NegativeCache::key(EndpointId endpoint, std::string_view object) {
    return fmt::format("{} {}", static_cast<std::uint32_t>(endpoint), object);
}

void NegativeCache::add(EndpointId endpoint, std::string_view object, std::string_view words, Moment now,
                        std::optional<std::chrono::milliseconds> rest) {
    remove(endpoint, object);
    while (!by_age_.empty() && (by_age_.size() >= rules_->most || by_age_.front().until <= now)) {
        entries_.erase(by_age_.front().key);
        by_age_.pop_front();
    }
    by_age_.push_back({key(endpoint, object), bounded(words), now + rest.value_or(rules_->rest)});
    entries_.emplace(by_age_.back().key, std::prev(by_age_.end()));
}

void NegativeCache::remove(EndpointId endpoint, std::string_view object) {
    const auto at = entries_.find(key(endpoint, object));
    if (at == entries_.end())
        return;
    const auto entry = at->second;
    entries_.erase(at);
    by_age_.erase(entry);
}

std::optional<std::string_view> NegativeCache::find(EndpointId endpoint, std::string_view object, Moment now) const {
    const auto at = entries_.find(key(endpoint, object));
    if (at == entries_.end() || at->second->until <= now)
        return std::nullopt;
    return at->second->words;
}

} // namespace yizhan
