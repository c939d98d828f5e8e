#include "proxy/routes/metadata_ahead.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

// How long a wheel that gave nothing is left alone, and how many are remembered: a few releases of a few machines.
constexpr std::chrono::minutes rest{10};
constexpr std::size_t most_tried = 4096;

} // namespace

bool MetadataAhead::begin(const std::string& key) {
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

bool MetadataAhead::all_ended(const std::vector<std::string>& keys) {
    const std::scoped_lock lock(mutex_);
    return std::ranges::all_of(keys, [&](const std::string& key) {
        const auto at = tried_.find(key);
        return at == tried_.end() || at->second.ended;
    });
}

Task<bool> MetadataAhead::prepare(std::vector<ProjectFile> wheels, std::chrono::milliseconds patience) {
    std::vector<std::string> keys;
    bool begun = false;
    for (const auto& wheel : wheels) {
        const auto located = relay_.offline() ? std::nullopt : locate(wheel);
        if (!located || located->folder.empty())
            continue;
        keys.push_back(located->path());
        if (!begin(keys.back()))
            continue;
        begun = true;
        asio::co_spawn(relay_.executor(), work(keys.back(), *located), asio::detached);
    }
    if (keys.empty() || (!begun && all_ended(keys)))
        co_return false;
    const auto ended = [this, &keys] { return all_ended(keys); };
    co_await changed_.wait(ended, Notifier::Clock::now() + patience);
    co_return true;
}

Task<void> MetadataAhead::work(std::string key, LocatedFile wheel) {
    const auto ready = co_await files_.prepare_metadata(wheel);
    if (!ready)
        spdlog::info("pytorch: no metadata ahead for {}: {}", key, ready.error().text());
    {
        const std::scoped_lock lock(mutex_);
        tried_[key].ended = true;
    }
    changed_.notify_all();
}

} // namespace yizhan
