// [machines.<name>]: machines that a URL may call by name. Whether such a machine can be is for index/machine to say.
#pragma once

#include "config/schema.hpp"
#include "config/upstreams.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// What the names of these settings begin with.
inline constexpr std::string_view machines_prefix = "machines.";

/// The keys of a machine, for the reference page.
std::vector<UpstreamKey> machine_keys();

/// Takes one setting: `name` is "<machine>.<key>", or a machine's name alone for an empty table. A machine's name has
/// 1 to 64 letters, digits, '_' and '-', for it stands in URLs.
Problems read_machine_setting(std::map<std::string, MachineSettings>& machines, std::string_view name,
                              const Written& value, const std::string& where);

/// TOML that reads back to the same: one [machines.<name>] table each.
std::string show_machines(const std::map<std::string, MachineSettings>& machines);

} // namespace yizhan
