// Runs somebody else's program and reads what it prints: no shell, no input, a time limit, bounded output.
#pragma once

#include "config/error.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace yizhan {

struct ProgramOutput {
    int status = 0;  ///< its exit status; 128 + signal where one ended it
    std::string out; ///< what it printed on stdout, at most 64 KiB
};

/// Runs arguments[0], looked up on PATH unless it has a slash, in the root folder and in a process group of its own,
/// which is ended when `limit` is over; what it leaves running behind is not waited for. Blocks.
/// Errors: not_found (no such program), timeout, io.
Result<ProgramOutput> run_program(const std::vector<std::string>& arguments, std::chrono::milliseconds limit);

} // namespace yizhan
