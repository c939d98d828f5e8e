// The machine a page is matched to: a name of the settings, or a literal in the URL such as
// "driver441.22-sm50-cp36-win_amd64".
//
//   machine  = hardware *("-" gpu) ["-" python] "-" platform ["-wsl2"] ["-only"]
//   hardware = "cpu" / "cu" digits ["-cudnn" number "." number] / "driver" number *2("." number)
//   gpu      = "sm" digits / a GPU's name, blanks as "_" or "-" ("quadro_k620", "rtx-3090")
//   python   = "cp" digits ["t"]
//   platform = "win_amd64" / "manylinux_2_28_x86_64" / "linux_x86_64" / "macosx_11_0_arm64" / …
//
// Pure values; any thread.
#pragma once

#include "config/error.hpp"
#include "config/hardware.hpp"
#include "config/settings.hpp"
#include "config/tables.hpp"
#include "index/cuda.hpp"
#include "index/tags.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

struct Machine {
    /// Bytes; what is longer is no machine.
    static constexpr std::size_t longest_literal = 200;

    bool cpu = false; ///< no GPU of use; then neither cuda, driver nor gpus
    /// The newest CUDA it runs, given instead of a driver: no build above it counts. For TensorFlow before
    /// [and-cuda], which brings none itself, also the one that is installed.
    std::optional<CudaVersion> cuda;
    std::optional<DriverVersion> driver;
    std::optional<std::pair<unsigned, unsigned>> cudnn; ///< installed beside `cuda`; only TensorFlow asks
    std::vector<ComputeCapability> gpus;                ///< the lowest first, each once; empty: not said
    std::optional<Interpreter> python;                  ///< nullopt: any
    std::string platform;                               ///< its newest tag: "manylinux_2_17_x86_64"
    bool wsl2 = false;                                  ///< Linux on the Windows driver
    bool only = false;                                  ///< builds that do not match are hidden, not yanked
    std::vector<std::string> notes;                     ///< doubts, as sentences; no part of what it is

    /// The canonical literal, which parses back to the same machine.
    std::string str() const;

    DriverSystem driver_system() const;
    bool windows() const { return platform.starts_with("win"); }

    /// Whether its pip passes over yanks only since 19.2: Python 3.7 and older bundle older ones (PEP 592 came later).
    /// Then, and with `only`, what does not match is hidden.
    bool hides() const;

    bool operator==(const Machine& other) const;
};

/// Without a driver, a CUDA and GPUs it is a machine without a GPU. Errors: Errc::invalid or not_found, one sentence
/// that names the field, what is wrong and the nearest known value.
Result<Machine> machine_of(const MachineSettings& fields, const Tables& tables);

/// The machines of the settings. Errors: Errc::invalid, a line for each that cannot be, "[machines.<name>]: …".
Result<std::map<std::string, Machine>> machines_of(const std::map<std::string, MachineSettings>& settings,
                                                   const Tables& tables);

/// Reads a literal. Errors: Errc::invalid with the nearest literal that is one; Errc::not_found for ROCm and XPU, with
/// the path below which their builds stand.
Result<Machine> parse_machine(std::string_view literal, const Tables& tables);

} // namespace yizhan
