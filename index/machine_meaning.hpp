// What a machine's description comes to by the tables: which CUDA builds its driver and GPUs allow, and the releases of
// torch that leaves. For people who ask what a literal means; pages are made by machine_match alone.
#pragma once

#include "config/tables.hpp"
#include "index/machine_match.hpp"

#include <optional>
#include <string>
#include <vector>

namespace yizhan {

/// One CUDA that torch has builds of on this platform.
struct CudaMeaning {
    CudaVersion cuda;
    std::optional<DriverVersion> floor; ///< the lowest driver that runs it on this machine's system
    bool runs = false;                  ///< with at least one release of torch, for this Python
    std::string first_torch;            ///< of those that run: "1.8.0" to
    std::string last_torch;             ///< "1.13.1"
    std::string reason;                 ///< why it runs or not, a sentence without a full stop
};

struct MachineMeaning {
    std::string literal;
    std::string python;                 ///< "Python 3.6 (cp36)", or "any Python"
    std::string platform;               ///< "win_amd64"
    std::vector<std::string> platforms; ///< the platform tags it takes, best first
    std::string hardware;               ///< "driver 441.22 on Windows, a GPU of capability 5.0"
    bool hides = false;                 ///< builds that do not match are hidden; else yanked
    std::vector<CudaMeaning> cuda;      ///< the newest first; empty for a machine without a GPU
    std::string torch;                  ///< the newest that runs: "2.14.1 for CUDA 13.2"; empty: none is known
    std::vector<std::string> notes;     ///< sentences: doubts, and what no build can change
};

/// Errors: those of MachineMatch::of.
Result<MachineMeaning> meaning_of(const Machine& machine, const Tables& tables);

} // namespace yizhan
