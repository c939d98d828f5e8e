// How both renderers write a link to a file.
#pragma once

#include "index/project_page.hpp"

#include <string>
#include <string_view>

namespace yizhan {

/// Appends `climb` and the file's path of ours, percent-encoded ('+' as %2B); safe inside HTML and JSON quotes. False,
/// and only `climb` appended, where the file has no path of ours (see `locate`).
bool append_link(std::string& out, std::string_view climb, const ProjectFile& file);

} // namespace yizhan
