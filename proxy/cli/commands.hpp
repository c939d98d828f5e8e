// The commands of the binary. Each returns the process's exit status and has said on stderr what went wrong.
#pragma once

#include "config/settings.hpp"

#include <string>

namespace yizhan {

/// Runs the service until SIGTERM or SIGINT: finishes what runs, for at most http.drain_timeout; a second signal ends
/// it at once. Prints "listening on http://…" per address once requests are answered.
int serve(const Overrides& overrides);

/// Asks the running service of this data folder how it is, and prints it.
int status(const Overrides& overrides, bool as_json, bool mirrors);

/// Asks the running service of this data folder why `machine` (a name of its settings, or a literal) gets the build of
/// `project` that it gets, and prints it.
int explain(const Overrides& overrides, const std::string& project, const std::string& machine, bool as_json);

/// Checks the settings as serve would read them.
int config_check(const Overrides& overrides);

/// Prints the settings in force, credentials left out.
int config_print(const Overrides& overrides);

/// Prints the reference of all settings (Markdown).
int config_reference();

} // namespace yizhan
