// pip's requirements and constraints files, line by line: comments, continued lines, options and requirements, as
// pip/_internal/req/req_file.py reads them; ${VARIABLES} stay as they are. And one requirement taken apart (PEP 508).
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One option or one requirement.
struct RequirementsEntry {
    std::string option;     ///< the long spelling, "--extra-index-url"; empty: a requirement
    std::string value;      ///< the option's value, or the requirement's text without options and comment
    std::size_t offset = 0; ///< bytes before it in the file: of the option itself, or the requirement
};

/// Everything that the file says, in its order; a requirement's own options ("--hash") follow it. At most 100,000
/// entries are read.
std::vector<RequirementsEntry> read_requirements(std::string_view text);

/// The parts of a requirement by PEP 508.
struct Requirement {
    std::string name;       ///< normalised (PEP 503); empty for a bare URL or path
    std::string specifiers; ///< ">=1.0,<2", without parentheses
    std::string url;        ///< of "name @ url" and of a bare URL
    std::string marker;     ///< what stands behind ';', not judged
};

/// nullopt for what is neither a requirement nor a URL: a path, or nothing that pip would read.
std::optional<Requirement> parse_requirement(std::string_view text);

} // namespace yizhan
