#include "proxy/cli/asked_machine.hpp"

#include <utility>

namespace yizhan {

Result<Machines::MatchPtr> asked_machine(const std::string& text, const Overrides& overrides, const Tables& tables) {
    auto settings = load_settings(overrides);
    auto found = Machines(settings ? *settings : Settings{}, tables).find(text);
    if (!found && !settings) // it may well be a name in there
        return std::unexpected(std::move(settings.error()));
    return found;
}

} // namespace yizhan
