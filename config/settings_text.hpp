// Settings as text for people: help, the values in force, the reference page. All from the schema table.
#pragma once

#include "config/settings.hpp"

#include <string>

namespace yizhan {

/// Every setting with type, default and meaning, by section, in at most 100 columns: the end of `yizhan serve --help`.
std::string help_text();

/// TOML that loads to the same settings, each line with where its value came from. User information in URLs (a proxy's
/// password) is replaced by "***" and has to be written again by hand.
std::string print_settings(const Settings& settings);

/// The page config/settings.md: the same table with the reasons for the defaults, as Markdown.
std::string reference_markdown();

} // namespace yizhan
