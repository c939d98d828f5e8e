#include "proxy/routes/attempts.hpp"

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

// How long what gave nothing is left alone, and how much is remembered: a few releases of a few machines.
constexpr std::chrono::minutes rest{10};
constexpr std::size_t most_tried = 4096;

} // namespace

bool Attempts::begin(const std::string& key) {
    const auto now = std::chrono::steady_clock::now();
    const std::scoped_lock lock(mutex_);
    if (tried_.size() >= most_tried)
        std::erase_if(tried_, [](const auto& entry) { return entry.second.ended; });
    auto& tried = tried_[key];
    const bool first = tried.when == std::chrono::steady_clock::time_point{};
    if (!first && (!tried.ended || now - tried.when < rest))
        return false;
    tried = {.ended = false, .when = now};
    return true;
}

void Attempts::end(const std::string& key) {
    {
        const std::scoped_lock lock(mutex_);
        tried_[key].ended = true;
    }
    changed_.notify_all();
}

bool Attempts::all_ended(const std::vector<std::string>& keys) const {
    const std::scoped_lock lock(mutex_);
    return std::ranges::all_of(keys, [&](const std::string& key) {
        const auto at = tried_.find(key);
        return at == tried_.end() || at->second.ended;
    });
}

Task<void> Attempts::wait(std::vector<std::string> keys, std::chrono::milliseconds patience) {
    const auto ended = [this, &keys] { return all_ended(keys); };
    co_await changed_.wait(ended, Notifier::Clock::now() + patience);
}

} // namespace yizhan
