// Builds that the tables know of, as facts that a machine can be asked about before any index was.
#pragma once

#include "index/machine_match.hpp"

#include <optional>
#include <string_view>

namespace yizhan {

/// Whether a release of torch had builds for this Python, and so its partners. Python 2.7 was followed by 3.5.
bool has_builds_for(const TorchRow& row, const Interpreter& python);

/// The interpreter that a release is judged for: the machine's, else the newest that the release has builds for.
Interpreter interpreter_for(const Machine& machine, const TorchRow& row);

/// The build of `project` in this version ("1.9.0+cu111") for this interpreter on the machine's own platform: what is
/// left to judge is its code. nullopt where the version is none.
std::optional<BuildFacts> build_on(const Machine& machine, std::string_view project, std::string_view version,
                                   const Interpreter& python, const Tables& tables);

} // namespace yizhan
