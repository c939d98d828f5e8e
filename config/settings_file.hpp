// TOML 1.0 in, assignments out: what a configuration file says and where, with no idea of what is allowed.
#pragma once

#include "config/error.hpp"
#include "config/written.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace yizhan {

/// Every "name = value" of `text` in the order of the file, tables flattened to dotted names; a table without entries
/// is an assignment of the form `other`, so that it can be judged too. `name` stands in places: "name:line:column".
/// Errors: Errc::invalid, "name:line:column: …", at the first syntax error.
Result<std::vector<Assignment>> parse_settings(std::string_view text, std::string_view name);

/// The same from a file of at most 1 MiB. Errors also: Errc::not_found, Errc::io.
Result<std::vector<Assignment>> read_settings_file(const std::filesystem::path& path);

/// The form of an empty table, as `Written::text` calls it.
inline constexpr std::string_view empty_section = "an empty section";

} // namespace yizhan
