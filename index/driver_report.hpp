// What NVIDIA's driver and the kernel say of a machine, as text: nvidia-smi, /proc/driver/nvidia, /proc/version.
// Each may be cut, translated, of another age or an error message; what cannot be read is absent, never guessed.
// Texts beyond 64 KiB are read no further. Pure; any thread.
#pragma once

#include "config/hardware.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Bytes of such a report that are read.
inline constexpr std::size_t longest_driver_report = std::size_t{64} << 10;

/// What nvidia-smi is asked for, without and with what only those of driver 510 and newer can tell.
inline constexpr std::string_view smi_fields = "driver_version,name";
inline constexpr std::string_view smi_fields_with_capability = "driver_version,compute_cap,name";

struct ReportedGpu {
    std::string name; ///< "Tesla V100-SXM2-16GB"
    std::optional<ComputeCapability> capability;
    bool operator==(const ReportedGpu&) const = default;
};

struct SmiReport {
    std::optional<DriverVersion> driver; ///< under WSL2 that of Windows
    std::vector<ReportedGpu> gpus;       ///< at most 64
    std::string complaint;               ///< its own sentence where it is an error: "No devices were found"
    bool field_unknown = false;          ///< it does not know compute_cap: ask without
};

/// The output of nvidia-smi --query-gpu=<fields> --format=csv,noheader.
SmiReport read_smi(std::string_view output, bool with_capability);

/// /proc/driver/nvidia/version: "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.07  Sat Feb …", and that of
/// the open module, "NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build …".
std::optional<DriverVersion> read_proc_driver(std::string_view text);

/// /sys/module/nvidia/version: "535.161.07".
std::optional<DriverVersion> read_module_version(std::string_view text);

/// The name in /proc/driver/nvidia/gpus/<address>/information ("Model:  NVIDIA GeForce RTX 3090"); empty where there is
/// none, or the driver only says that it does not know ("Unknown").
std::string read_proc_gpu(std::string_view text);

/// Whether /proc/version is of WSL2, "… 5.15.153.1-microsoft-standard-WSL2 …". WSL1 has no GPUs and is not meant.
bool is_wsl2_kernel(std::string_view proc_version);

} // namespace yizhan
