// Whether what a requirement asks for can run on a machine, by the tables, and what would instead.
#pragma once

#include "index/machine_match.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// A requirement that no build for the machine satisfies.
struct PinTrouble {
    std::string reason;  ///< a sentence without a full stop: why the newest build that satisfies it does not run
    std::string nearest; ///< "torch==1.9.0+cu102": of the same release where one runs, else of the nearest; or empty
};

/// Judges `specifiers` ("==1.9.0+cu111", ">=2.12,<3", "" for any version) of a matched project against every build that
/// the tables know; "===" counts as "==". nullopt: a build that satisfies it runs, or the tables cannot tell (another
/// project, no valid specifiers, a release they do not know).
std::optional<PinTrouble> check_pin(std::string_view project, std::string_view specifiers, const MachineMatch& match,
                                    const Tables& tables);

} // namespace yizhan
