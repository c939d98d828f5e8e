// What in a project's files leads past the matched index, past TLS, or to a build that cannot run: requirements files,
// pip.conf, uv.toml, pyproject.toml and lock files. Nothing is run or fetched. Pure; any thread.
#pragma once

#include "config/error.hpp"
#include "index/machine_match.hpp"
#include "index/text_place.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

struct LintFinding {
    TextPlace place;
    std::string rule;   ///< "extra-index", "own-index", "trusted-host", "no-tls", "no-verification", "wheel-url",
                        ///< "index-strategy", "torch-backend", "cannot-run"
    std::string what;   ///< what stands there, short; like the others a sentence without a full stop
    std::string why;    ///< what it leads to
    std::string remedy; ///< what to write instead
};

enum class LintFormat : std::uint8_t { requirements, pip_conf, uv_toml, pyproject, lock };

/// By the file's name; what no rule knows is a requirements file.
LintFormat lint_format(std::string_view filename);

/// For whom pins are judged; `match` null: not at all.
struct LintContext {
    const Tables& tables;
    const MachineMatch* match = nullptr;
};

struct LintReport {
    std::vector<LintFinding> findings; ///< in the file's order; at most 1,000
    std::vector<std::string> includes; ///< other files that a requirements file names (-r, -c), as written; no URLs
};

/// Errors: Errc::invalid, "line:column: …", for TOML that is none.
Result<LintReport> lint(std::string_view text, LintFormat format, const LintContext& context);

} // namespace yizhan
