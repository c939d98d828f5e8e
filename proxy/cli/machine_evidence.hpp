// Gathers what this machine says of itself; what that means is index/machine_detect's.
#pragma once

#include "index/machine_detect.hpp"

#include <filesystem>
#include <string>

namespace yizhan {

/// Reads /proc and /sys below `root` ("/" but in tests) and runs nvidia-smi and `python` ("python3", or a path), each
/// for at most ten seconds and without a shell. What is not there is left empty. Blocks.
MachineEvidence gather_evidence(const std::filesystem::path& root, const std::string& python);

} // namespace yizhan
