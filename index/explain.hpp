// Why a machine gets the build that it gets, in words for people and as JSON for programs.
#pragma once

#include "index/matched_page.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace yizhan {

/// What a client takes, and each file whose tags fit the machine with what became of it and why, the newest release
/// first; the others are counted. Lines of plain text.
std::string explain_text(std::string_view project, const MatchedPage& matched, const MachineMatch& match);

/// The same with all files: {"project", "machine", "notes", "chosen", "files": [{"filename", "version", "label",
/// "fits", "fate", "reason"}]}; "chosen" is null where nothing is kept.
boost::json::value explain_json(std::string_view project, const MatchedPage& matched, const MachineMatch& match);

} // namespace yizhan
