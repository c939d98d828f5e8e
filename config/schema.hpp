// The one table of settings. File, environment and flags are read by it; --help, `config print` and the reference
// page are written from it. A new setting is one field in settings.hpp and one row in schema.cpp.
#pragma once

#include "config/settings.hpp"
#include "config/written.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One problem per line: "where: what is wrong; what was expected".
using Problems = std::vector<std::string>;

struct Setting {
    std::string name;     ///< dotted, as in TOML: "relay.stall_timeout"
    std::string type;     ///< in words: "time span", "size"
    std::string limits;   ///< in words: "10ms to 14s"; empty: none
    std::string help;     ///< one sentence: what it does
    std::string reason;   ///< why the default is what it is; may be empty
    std::string fallback; ///< the default, as TOML or in words where it depends on the machine

    /// Reads and checks a value, and sets the field; leaves it alone when there are problems.
    std::function<Problems(Settings&, const Written&, const Place&)> set;

    /// The field's value as TOML.
    std::function<std::string(const Settings&)> show;

    bool list = false; ///< given several times on the command line, the parts add up
};

/// All settings, by section, in the order in which they are shown. Made once; safe from any thread.
const std::vector<Setting>& schema();

/// Null when nobody knows it.
const Setting* find_setting(std::string_view name);

/// "relay.stall_timeout" → "YIZHAN_RELAY_STALL_TIMEOUT".
std::string environment_name(std::string_view setting);

/// "relay.stall_timeout" → "relay"; empty for a setting at the top.
std::string_view section_of(std::string_view setting);

} // namespace yizhan
