// What fits what: CUDA and drivers, torch and its partners, the code inside their builds, TensorFlow, GPUs by name, and
// what breaks them when too new. Read from data/*.csv, which the binary carries; a folder may hold newer files.
// Every row keeps its evidence. Tables are immutable once read; any thread.
#pragma once

#include "config/error.hpp"
#include "config/hardware.hpp"
#include "config/table_row.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

/// Where CUDA builds of torch exist; wheels of other platforms are CPU builds.
enum class BuildPlatform : std::size_t { linux_x86_64, win_amd64, linux_aarch64 };
inline constexpr std::array<std::string_view, 3> build_platform_names{"linux_x86_64", "win_amd64", "linux_aarch64"};

/// A release of the CUDA toolkit (cuda_driver.csv).
struct ToolkitRow {
    CudaVersion cuda;
    std::string toolkit;                         ///< "10.2.89"
    std::optional<DriverVersion> linux_driver;   ///< the one it was shipped with; not what it needs
    std::optional<DriverVersion> windows_driver; ///< nullopt: none is bundled, from 13.1 on
    DriverVersion linux_min;                     ///< what it needs; from 11 on the same for all of a major version
    DriverVersion windows_min;
    Evidence evidence;
};

/// A release of torch, its partners and its tags (torch_matrix.csv).
struct TorchRow {
    std::string torch;
    std::vector<std::string> torchvision; ///< mostly one
    std::string torchaudio;               ///< empty: none; 2.11.0 serves several
    std::string torchtext;
    std::pair<unsigned, unsigned> python_min; ///< (2, 7): then also 3.5 and up
    std::pair<unsigned, unsigned> python_max;
    std::array<std::vector<CudaVersion>, build_platform_names.size()> tags; ///< by platform, the lowest first
    Evidence evidence;
};

/// What PyPI's builds of a release of torch are, and which tag its file names leave out (torch_extra.csv).
struct TorchExtraRow {
    std::string torch;
    std::optional<CudaVersion> pypi_linux;   ///< nullopt: not on PyPI
    std::optional<CudaVersion> pypi_aarch64; ///< nullopt: the CPU build
    bool all_untagged = false;               ///< until 1.1.0 no file name says its tag
    std::optional<CudaVersion> untagged;     ///< the tag whose file names do not say it
    std::string released;                    ///< "2021-06-15", or only the month
    Evidence evidence;
};

/// Which GPUs a build of torch has code for (torch_sm.csv).
struct TorchCodeRow {
    std::string torch;
    BuildPlatform platform = BuildPlatform::linux_x86_64;
    CudaVersion cuda;
    std::vector<KernelCode> code; ///< the lowest first
    Evidence evidence;
};

/// A release of TensorFlow with GPU code (tf_matrix.csv). Releases that differ in the last number share a row.
struct TensorflowRow {
    bool windows = false;
    std::string tensorflow;
    std::vector<std::string> projects; ///< under which names: tensorflow, tensorflow-gpu
    std::vector<std::pair<std::pair<unsigned, unsigned>, std::pair<unsigned, unsigned>>> python; ///< from, to
    CudaVersion cuda;
    std::pair<unsigned, unsigned> cudnn;
    std::vector<KernelCode> code;
    bool and_cuda = false; ///< whether tensorflow[and-cuda] brings CUDA and cuDNN
    Evidence evidence;
};

/// A capability and who has it (capabilities.csv).
struct CapabilityRow {
    ComputeCapability capability;
    std::string architecture;
    std::vector<std::string> chips;
    std::optional<DriverVersion> first_driver; ///< the branch that first knows it
    std::optional<DriverVersion> dropped_in;   ///< the first branch that no longer supports it
    bool jetson = false;                       ///< a board of its own software: server builds do not run there, …
    std::optional<CudaVersion> server_cuda;    ///< … except from this CUDA on
    Evidence evidence;
};

/// A GPU by its marketing name (gpus.csv).
struct GpuRow {
    std::string name;
    ComputeCapability capability;          ///< the lowest that the name stands for
    std::vector<ComputeCapability> others; ///< of other GPUs under the same name
    std::vector<std::string> chips;
    std::vector<std::string> aliases;
    Evidence evidence;
};

/// A project whose builds are merged with PyPI's and matched to machines (merged.csv).
struct MergedRow {
    std::string project;
    std::string partner;   ///< whose version and tag it follows
    std::string cuda_from; ///< the first release that has builds by CUDA; empty: never
    Evidence evidence;
};

/// What breaks releases of a project when it is too new (breakers.csv). Specifiers are PEP 440's.
struct BreakerRow {
    std::string project;
    std::string versions; ///< which releases break: "<2.3"
    std::string os;       ///< "windows"; empty: everywhere
    std::string breaker;
    std::string breaks;     ///< from where on it breaks them: ">=2"
    std::string constraint; ///< the remedy as a constraints file spells it: "numpy<2"
    bool at_import = false; ///< else only when a part is used
    Evidence evidence;
};

struct Tables {
    std::vector<ToolkitRow> toolkits; ///< like all that have versions: the oldest first
    std::vector<TorchRow> torch;
    std::vector<TorchExtraRow> torch_extra;
    std::vector<TorchCodeRow> torch_code;
    std::vector<TensorflowRow> tensorflow;
    std::vector<CapabilityRow> capabilities;
    std::vector<GpuRow> gpus;
    std::vector<MergedRow> merged;
    std::vector<BreakerRow> breakers;
    std::map<std::string, std::string> origin;   ///< "gpus.csv" → where it was read from
    std::map<std::string, std::size_t> gpu_keys; ///< gpu_key of names and aliases → place in `gpus`

    /// The lowest driver that runs builds of `cuda`. A minor version that is not listed takes its major version's floor
    /// (from 11 on all of a major version have one); nullopt where the major version is not known either.
    std::optional<DriverVersion> driver_floor(CudaVersion cuda, bool windows) const;

    /// The release of torch spelled like that ("1.9.0"), or null.
    const TorchRow* torch_release(std::string_view torch) const;
    const TorchExtraRow* torch_extra_of(std::string_view torch) const;

    /// The releases of torch that a release of one of its partners goes with; for torch itself, itself. Oldest first.
    std::vector<const TorchRow*> torch_for(std::string_view project, std::string_view version) const;

    /// Null where the table has no row for exactly this build.
    const TorchCodeRow* code_of(std::string_view torch, CudaVersion cuda, BuildPlatform platform) const;

    /// The row of TensorFlow `major.minor`, or null where that release has no GPU code on that system.
    const TensorflowRow* tensorflow_release(unsigned major, unsigned minor, bool windows) const;

    const CapabilityRow* capability(ComputeCapability capability) const;
    const MergedRow* merged_project(std::string_view project) const;

    /// The GPU of that name, however written (`gpu_key`), or null.
    const GpuRow* find_gpu(std::string_view name) const;

    /// The same. Errors: Errc::not_found with the nearest names, for which it compares with all: not for loops.
    Result<const GpuRow*> gpu(std::string_view name) const;
};

/// The names of the files that make up the tables.
std::vector<std::string> table_names();

/// Reads tables from texts by file name; a name that is missing is taken from the binary. `origin` gives names their
/// place in errors. Errors: Errc::invalid, "<place>:line:column: …".
Result<Tables> parse_tables(const std::map<std::string, std::string>& texts,
                            const std::map<std::string, std::string>& origin = {});

/// The tables that the binary carries; read once, safe from any thread.
const Tables& embedded_tables();

/// The binary's tables, each replaced by the file of its name in `folder` where there is one. Blocks on the disk.
/// Errors: Errc::io for a folder or file that cannot be read; Errc::invalid for what is in it, and for a .csv file of a
/// name that is no table's (but mirrors.csv), so that a misspelled one is not passed over.
Result<Tables> load_tables(const std::filesystem::path& folder);

} // namespace yizhan
