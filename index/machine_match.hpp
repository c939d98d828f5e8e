// Which builds run on a machine, and why the others do not: torch and its partners by the code inside them, TensorFlow
// by the CUDA it loads. Pure functions; what a page does with the answers (yank, hide) is decided elsewhere.
#pragma once

#include "config/tables.hpp"
#include "index/cuda.hpp"
#include "index/filename.hpp"
#include "index/machine.hpp"
#include "index/tags.hpp"
#include "index/version.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// What is known of one file of a matched project before its bytes are.
struct BuildFacts {
    std::string project; ///< normalised
    Version version;     ///< with its local part
    BuildLabel label;
    Distribution wheel;  ///< its tags; an sdist fits everywhere and shares the fate of its version's wheels
    std::string torch{}; ///< of a partner that the tables do not know: the release its METADATA names; empty: unknown

    /// From a file name that `parse_filename` read. `folder`: the path it stands under upstream, or empty.
    /// nullopt where the version is none.
    static std::optional<BuildFacts> of(const Distribution& file, std::string_view folder, const Tables& tables);
};

struct BuildVerdict {
    bool kept = false;
    std::string reason; ///< one sentence without a full stop; of a kept build, why it runs here

    explicit operator bool() const { return kept; }
};

/// One machine against many builds. Immutable; any thread. The tables must outlive it.
class MachineMatch {
  public:
    /// Errors: Errc::invalid for a platform that has no tags.
    static Result<MachineMatch> of(Machine machine, const Tables& tables);

    /// True for projects whose builds are judged; all others pass unchanged.
    bool judges(std::string_view project) const;

    /// Whether `build` is a candidate. For torch and the projects merged with it: its tags fit; its CUDA is allowed by
    /// the machine's driver or named CUDA; it has code for every GPU, or, where no tag of that release has, for the one
    /// with the highest capability. A CPU build is a candidate for a machine without a GPU, and where no CUDA build
    /// runs of any release for this Python. TensorFlow alike, and it must find the CUDA and cuDNN it loads where the
    /// machine names them.
    BuildVerdict judge(const BuildFacts& build) const;

    /// Whether its tags are of the machine's Python and platform; always, for what is no wheel.
    bool fits(const BuildFacts& build) const;

    const Machine& machine() const { return machine_; }
    /// The machine's canonical literal, by which its pages are kept.
    const std::string& literal() const { return literal_; }
    const Tables& tables() const { return *tables_; }

    /// Doubts of the machine, and what the tables say no build can change: sentences for explain and constraints.
    std::vector<std::string> notes() const;

  private:
    MachineMatch(Machine machine, CompatibleTags tags, const Tables& tables);

    using Gpus = std::vector<ComputeCapability>;

    BuildVerdict judge_torch(const BuildFacts& build) const;
    BuildVerdict judge_cuda(const BuildFacts& build) const;
    BuildVerdict judge_code(const BuildFacts& build) const;
    BuildVerdict judge_neutral(const BuildFacts& build) const;
    std::optional<std::string> cuda_refused(CudaVersion cuda) const;
    std::optional<std::string> board_refused(CudaVersion cuda) const;
    bool code_for(std::string_view torch, CudaVersion cuda, const Gpus& gpus) const;
    bool any_tag_serves(const TorchRow& torch, const Gpus& gpus) const;
    bool any_torch() const;

    BuildVerdict judge_tensorflow(const BuildFacts& build) const;
    BuildVerdict judge_tensorflow_gpu(const BuildFacts& build, const TensorflowRow& row) const;
    const TensorflowRow* tensorflow_row(const Version& version) const;
    bool any_tensorflow(const Gpus& gpus) const;

    Machine machine_;
    std::string literal_;
    CompatibleTags tags_;
    const Tables* tables_;
    std::optional<BuildPlatform> platform_;
    bool any_torch_ = false;      ///< whether the tables know a CUDA build of torch that runs here
    bool any_tensorflow_ = false; ///< whether they know a GPU build of TensorFlow
    Gpus tensorflow_gpus_;        ///< those that count for it
};

/// `MachineMatch::judge` for a single build. Prefer the class for more than one: it works out the tags once.
Result<BuildVerdict> judge_build(const Machine& machine, const BuildFacts& build, const Tables& tables);

} // namespace yizhan
