// CUDA as builds and machines speak of it: labels of builds, drivers that run them, GPUs that their code fits.
#pragma once

#include "config/hardware.hpp"
#include "config/tables.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// What a build was made for.
struct BuildLabel {
    enum class Kind : std::uint8_t {
        cpu,
        cuda,
        neutral, ///< has no GPU code and goes with every label: torchaudio before 0.10, torchtext
        other,   ///< of another vendor (ROCm, XPU), or nobody knows
    };
    Kind kind = Kind::cpu;
    CudaVersion cuda; ///< of Kind::cuda
    std::string text; ///< "cu102", "cpu", "any", "rocm6.4", "xpu"

    static BuildLabel for_cuda(CudaVersion cuda) { return {Kind::cuda, cuda, cuda.tag()}; }
    bool operator==(const BuildLabel&) const = default;
};

/// What a local version says: "cu102", "cu117.with.pypi.cudnn", "cpu.cxx11.abi", "rocm6.2.4", "xpu", "any", and
/// "cu.12.8.torch.2.11" of other indexes. Any other local version is Kind::other; none ("") is nullopt.
std::optional<BuildLabel> label_of_local(std::string_view local);

/// What the folders of a path or URL say, the innermost first: "/whl/cu102/torch/", ".../cpu-cxx11-abi/", "rocm6.4".
std::optional<BuildLabel> label_of_folder(std::string_view path);

/// The kind of platform a wheel's or a machine's tag stands for, as far as CUDA builds exist there: a wheel may have
/// several tags, joined by dots.
std::optional<BuildPlatform> build_platform(std::string_view platform_tags);

/// The label of a wheel of a merged project: by its local version, else by the folder it stands in, else by what PyPI's
/// build of that release is on that platform. `release` is the version without its local part, `folder` may be empty.
BuildLabel build_label(std::string_view project, std::string_view release, std::string_view local,
                       std::string_view folder, std::string_view platform_tags, const Tables& tables);

/// Whose driver numbers count: WSL2 runs Linux builds on the Windows driver.
enum class DriverSystem : std::uint8_t { linux_driver, windows_driver };

/// Whether a driver runs builds of `cuda`: from CUDA 11 on every minor version of a major one, from the floor of that
/// major version; before, only from that version's own driver. Drivers have no upper bound: newer ones run older
/// builds. False for a CUDA that the tables know nothing of.
bool cuda_allowed_by_driver(CudaVersion cuda, const DriverVersion& driver, DriverSystem system, const Tables& tables);

/// Whether a GPU can execute one of these: machine code of the same major and no higher minor capability; or PTX of 9.0
/// and above, of no higher capability. Older PTX is passed over: the libraries beside it do not know newer GPUs.
bool sm_runs_on(ComputeCapability capability, std::span<const KernelCode> code);

/// What a build of torch carries. A build that has no row takes the newest known one of its tag, and a tag that has no
/// row the newest one of the highest tag below it of the same major version; null where there is none either.
const TorchCodeRow* torch_code(std::string_view torch, CudaVersion cuda, BuildPlatform platform, const Tables& tables);

} // namespace yizhan
