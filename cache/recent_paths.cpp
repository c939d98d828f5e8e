#include "cache/recent_paths.hpp"

#include <functional>

namespace yizhan {
namespace {

std::size_t hash_of(std::string_view path) {
    return std::hash<std::string_view>{}(path);
}

} // namespace

std::optional<RecentPaths::Known> RecentPaths::find(std::string_view path) {
    const auto number = hash_of(path) % slot_count;
    const auto& slot = slots_[number];
    const std::lock_guard lock(locks_[number % lock_count]);
    if (slot.version != version() || slot.path != path)
        return std::nullopt;
    return slot.known;
}

void RecentPaths::remember(std::string_view path, const Known& known, std::uint64_t version) {
    const auto number = hash_of(path) % slot_count;
    auto& slot = slots_[number];
    const std::lock_guard lock(locks_[number % lock_count]);
    slot.path = path;
    slot.known = known;
    slot.version = version;
}

} // namespace yizhan
