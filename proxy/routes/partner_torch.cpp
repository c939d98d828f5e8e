#include "proxy/routes/partner_torch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace yizhan {
namespace {

// Of one partner: in ten years torchvision had some eighty releases.
constexpr std::size_t most_known = 1024;

} // namespace

PartnerTorch::PairsPtr PartnerTorch::known(const std::string& project) const {
    static const PairsPtr nothing = std::make_shared<const PartnerPairs>();
    const std::scoped_lock lock(mutex_);
    const auto at = known_.find(project);
    return at == known_.end() ? nothing : at->second;
}

std::vector<std::string> PartnerTorch::begin(const std::string& project, const std::vector<UnpairedWheel>& wheels) {
    const auto pairs = known(project);
    std::vector<std::string> reading;
    for (const auto& wheel : wheels) {
        const auto located = locate(wheel.file);
        if (!located || pairs->contains(wheel.release) || pairs->size() >= most_known)
            continue;
        auto key = project + ' ' + wheel.release;
        if (attempts_.begin(key))
            asio::co_spawn(relay_.executor(), read(key, project, wheel.release, *located), asio::detached);
        else if (attempts_.all_ended({key}))
            continue; // lately, and nothing came of it
        reading.push_back(std::move(key));
    }
    return reading;
}

Task<bool> PartnerTorch::wait(std::vector<std::string> reading, std::chrono::milliseconds patience) {
    if (reading.empty())
        co_return false;
    co_await attempts_.wait(std::move(reading), patience);
    co_return true;
}

Task<void> PartnerTorch::read(std::string key, std::string project, std::string release, LocatedFile wheel) {
    auto& files = wheel.folder.empty() ? pypi_ : pytorch_;
    const auto metadata = co_await files.metadata_text(wheel);
    if (metadata)
        keep(project, release, required_torch(*metadata).value_or(""));
    else
        spdlog::info("which torch {} goes with is not known: {}", key, metadata.error().text());
    attempts_.end(key);
}

void PartnerTorch::keep(const std::string& project, const std::string& release, const std::string& torch) {
    auto pairs = *known(project);
    if (pairs.size() < most_known)
        pairs.try_emplace(release, torch);
    auto kept = std::make_shared<const PartnerPairs>(std::move(pairs)); // jobs have one thread: nobody else keeps any
    const std::scoped_lock lock(mutex_);
    known_[project] = std::move(kept);
}

} // namespace yizhan
