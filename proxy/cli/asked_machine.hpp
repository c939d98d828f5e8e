// The machine that a command is asked about, as URLs name it.
#pragma once

#include "proxy/routes/machines.hpp"

#include <string>

namespace yizhan {

/// The machine of that name in the settings, else of that literal; settings that cannot be read matter only where it is
/// no literal. Errors: Errc::invalid or not_found, in words.
Result<Machines::MatchPtr> asked_machine(const std::string& text, const Overrides& overrides, const Tables& tables);

} // namespace yizhan
