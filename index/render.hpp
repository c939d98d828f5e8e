// The model → the bytes of a page, in HTML (PEP 503, frozen at 1.4 by PEP 833) and JSON (PEP 691).
//
// Links are relative: `climb` ("../../" for a page at /simple/six/) and then the file's path of ours, so that a page
// works under any host, port and mount point. A file that has no path of ours is left out. Both formats are pure
// functions of their arguments: equal arguments, equal bytes.
#pragma once

#include "index/project_page.hpp"

#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// Writes both spellings of the metadata attribute (PEP 714), and no attribute that PEP 503 and its successors do not
/// know: size, upload time and unknown keys stand in JSON only.
std::string render_html(const ProjectPage& page, std::string_view climb);

/// Claims API version 1.4 where every file that is written has a size, else 1.0 (PEP 700 makes size mandatory from
/// 1.1). Writes `core-metadata` but never `dist-info-metadata`, on which pip 22.3 to 23.1 crash. `versions` is made
/// from the files' names.
std::string render_json(const ProjectPage& page, std::string_view climb);

/// The versions that the names of the files with a path of ours spell, normalised, in PEP 440's order, each once.
std::vector<std::string> versions_of(const ProjectPage& page);

/// The root page; `names` are normalised. Links are "<name>/".
std::string render_root_html(std::span<const std::string> names);
std::string render_root_json(std::span<const std::string> names);

} // namespace yizhan
