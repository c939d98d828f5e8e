// The commands of the binary. Each returns the process's exit status and has said on stderr what went wrong.
#pragma once

#include "config/settings.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace yizhan {

/// Runs the service until SIGTERM or SIGINT: finishes what runs, for at most http.drain_timeout; a second signal ends
/// it at once. Prints "listening on http://…" per address once requests are answered.
int serve(const Overrides& overrides);

/// Asks the running service of this data folder how it is, and prints it.
int status(const Overrides& overrides, bool as_json, bool mirrors);

/// Asks the running service of this data folder why `machine` (a name of its settings, or a literal) gets the build of
/// `project` that it gets, and prints it.
int explain(const Overrides& overrides, const std::string& project, const std::string& machine, bool as_json);

/// Checks the settings as serve would read them.
int config_check(const Overrides& overrides);

/// Prints the settings in force, credentials left out.
int config_print(const Overrides& overrides);

/// Prints the reference of all settings (Markdown).
int config_reference();

/// What `machine detect` and `machine show` are asked.
struct MachineQuestion {
    Overrides overrides;                          ///< show: where names stand
    std::string machine;                          ///< show: a name of the settings, or a literal
    std::string python;                           ///< detect: counts instead of python3's; empty: ask that
    std::string server = "http://127.0.0.1:8080"; ///< detect: for the lines to copy
    bool json = false;
};

/// Finds out what this machine is: prints its literal, every doubt, and the lines that use it. Status 2 where the
/// machine is none that builds exist for.
int machine_detect(const MachineQuestion& question);

/// Prints what a machine's name or literal means by the tables: platform tags, driver floors, which CUDA builds run and
/// why the others do not. Status 2 for what is neither.
int machine_show(const MachineQuestion& question);

/// What `lint` is asked.
struct LintQuestion {
    Overrides overrides; ///< where names of machines stand
    std::vector<std::filesystem::path> files;
    std::string machine; ///< a name of the settings, or a literal; empty: pins are not judged
    bool json = false;
};

/// Prints what in these files, and in those that they include, leads past the matched index, past TLS or to builds that
/// cannot run. Status 0: nothing; 1: something; 2: a file could not be read, or the machine is none.
int lint_files(const LintQuestion& question);

/// What `lock rewrite` is asked.
struct RewriteQuestion {
    std::vector<std::filesystem::path> files;
    std::string target;                        ///< "lab" or "canonical"
    std::string lab = "http://127.0.0.1:8080"; ///< the lab's yizhan
    bool check = false;                        ///< write nothing
    bool mirrors = false;                      ///< to the lab: URLs of mirrors too
};

/// Moves the URLs in lock files between the public addresses and the lab's, and says what it left. A file that changes
/// is replaced at once and for good. Status 0; with `check` 1 where a file would change; 2 where one cannot be read or
/// written.
int lock_rewrite(const RewriteQuestion& question);

} // namespace yizhan
