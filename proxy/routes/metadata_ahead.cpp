#include "proxy/routes/metadata_ahead.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace yizhan {

Task<bool> MetadataAhead::prepare(std::vector<ProjectFile> wheels, std::chrono::milliseconds patience) {
    std::vector<std::string> keys;
    bool begun = false;
    for (const auto& wheel : wheels) {
        const auto located = relay_.offline() ? std::nullopt : locate(wheel);
        if (!located || located->folder.empty())
            continue;
        keys.push_back(located->path());
        if (!attempts_.begin(keys.back()))
            continue;
        begun = true;
        asio::co_spawn(relay_.executor(), work(keys.back(), *located), asio::detached);
    }
    if (keys.empty() || (!begun && attempts_.all_ended(keys)))
        co_return false;
    co_await attempts_.wait(std::move(keys), patience);
    co_return true;
}

Task<void> MetadataAhead::work(std::string key, LocatedFile wheel) {
    const auto ready = co_await files_.prepare_metadata(wheel);
    if (!ready)
        spdlog::info("pytorch: no metadata ahead for {}: {}", key, ready.error().text());
    attempts_.end(key);
}

} // namespace yizhan
