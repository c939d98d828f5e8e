#include "proxy/routes/machines.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>
#include <vector>

namespace yizhan {

Machines::Machines(const Settings& settings, const Tables& tables) : tables_(tables) {
    for (const auto& [name, fields] : settings.machines) {
        auto machine = machine_of(fields, tables);
        if (machine)
            named_.emplace(name, std::move(*machine));
        else
            spdlog::error("[machines.{}] is left out: {}", name, machine.error().message);
    }
}

Machines::MatchPtr Machines::find_at_once(std::string_view text) const {
    const std::shared_lock lock(mutex_);
    const auto at = known_.find(std::string(text));
    return at == known_.end() ? nullptr : at->second;
}

Result<Machines::MatchPtr> Machines::find(std::string_view text) {
    if (auto known = find_at_once(text))
        return known;
    const auto named = named_.find(text);
    auto machine = named == named_.end() ? parse_machine(text, tables_) : Result<Machine>(named->second);
    if (!machine) {
        std::vector<std::string> names;
        for (const auto& [name, of] : named_)
            names.push_back(name);
        if (!names.empty())
            machine.error().message += fmt::format("; the settings name {}", fmt::join(names, ", "));
        return std::unexpected(std::move(machine.error()));
    }
    auto match = MachineMatch::of(std::move(*machine), tables_);
    if (!match)
        return std::unexpected(std::move(match.error()));
    auto out = std::make_shared<const MachineMatch>(std::move(*match));
    const std::unique_lock lock(mutex_);
    if (known_.size() >= most_known)
        known_.clear(); // they are made again in a millisecond
    known_.emplace(text, out);
    return out;
}

} // namespace yizhan
