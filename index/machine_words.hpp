// The words that machine literals and settings share; for machine*.cpp.
#pragma once

#include "index/machine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace yizhan {

/// "cu102" or "10.2": a version that the tables know, or a newer one than all of them.
std::optional<CudaVersion> read_cuda(std::string_view text, const Tables& tables);

/// A sentence for what `read_cuda` did not take: the nearest tag, or how tags look.
std::string near_cuda(std::string_view text, const Tables& tables);

/// The capability of a graphics card nearest to one that nothing has: of the same major version.
std::optional<ComputeCapability> near_capability(ComputeCapability capability, const Tables& tables);

/// "3.6", "cp36", "3.13t": a CPython that there is or soon will be.
std::optional<Interpreter> read_python(std::string_view text);

/// "7.6".
std::optional<std::pair<unsigned, unsigned>> read_two_numbers(std::string_view text);

/// The one spelling of a platform: "manylinux2014_x86_64" is "manylinux_2_17_x86_64", "macosx_14_5_arm64" is
/// "macosx_14_0_arm64". nullopt for what no machine is.
std::optional<std::string> canonical_platform(std::string_view text);

/// The platform somebody may have meant: "windows" → "win_amd64".
std::optional<std::string> meant_platform(std::string_view text);

/// A sentence for what `canonical_platform` did not take.
std::string near_platform(std::string_view text);

/// Adds a GPU by name or capability, with its doubts. Errors as Tables::gpu.
Result<void> add_machine_gpu(Machine& machine, std::string_view text, const Tables& tables);

/// Sorts, checks and annotates a machine whose parts are read.
Result<Machine> finish_machine(Machine machine, const Tables& tables);

/// The literal nearest to `literal`: words in their order, each replaced by the one that was probably meant. nullopt
/// where that makes no machine.
std::optional<std::string> repaired_machine(std::string_view literal, const Tables& tables);

} // namespace yizhan
