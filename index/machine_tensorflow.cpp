// TensorFlow's half of the matching. Unlike torch its wheels load the CUDA and cuDNN that the machine has installed,
// unless tensorflow[and-cuda] (from 2.14, Linux) brings them.
#include "index/machine_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace yizhan {
namespace {

using Python = std::pair<unsigned, unsigned>;
using Release = std::pair<unsigned, unsigned>;

Release release_of(const Version& version) {
    Release out{0, 0};
    const auto part = [&](std::size_t i, unsigned& into) {
        if (i < version.release().size()) {
            const auto& digits = version.release()[i].str();
            std::from_chars(digits.data(), digits.data() + digits.size(), into);
        }
    };
    part(0, out.first);
    part(1, out.second);
    return out;
}

bool has_python(const TensorflowRow& row, const std::optional<Interpreter>& python, bool newest) {
    if (!python)
        return true;
    const Python wanted{python->major, python->minor};
    return std::ranges::any_of(row.python, [&](const auto& range) {
        return wanted >= range.first && (wanted <= range.second || (newest && &range == &row.python.back()));
    });
}

/// Whether an installed toolkit has the libraries that a build opens by name: until 10 their names hold the minor
/// version, from 11 on the major one, and newer minor versions add to older.
bool serves(CudaVersion installed, CudaVersion wanted) {
    return installed.major == wanted.major &&
           (wanted.major < 11 ? installed.minor == wanted.minor : installed.minor >= wanted.minor);
}

} // namespace

/// A release newer than the table is taken to be like the newest one on Linux; on Windows there is none after 2.10.
const TensorflowRow* MachineMatch::tensorflow_row(const Version& version) const {
    const auto release = release_of(version);
    const auto* out = tables_->tensorflow_release(release.first, release.second, machine_.windows());
    if (out != nullptr || machine_.windows())
        return out;
    for (const auto& row : tables_->tensorflow)
        if (!row.windows)
            out = &row;
    const auto newest = out == nullptr ? std::nullopt : Version::parse(out->tensorflow);
    return newest && release > release_of(*newest) ? out : nullptr;
}

bool MachineMatch::any_tensorflow(const Gpus& gpus) const {
    if (machine_.cpu || !platform_ || *platform_ == BuildPlatform::linux_aarch64)
        return false;
    const TensorflowRow* newest = nullptr;
    for (const auto& row : tables_->tensorflow)
        if (row.windows == machine_.windows())
            newest = &row;
    return std::ranges::any_of(tables_->tensorflow, [&](const TensorflowRow& row) {
        if (row.windows != machine_.windows() || !has_python(row, machine_.python, &row == newest && !row.windows))
            return false;
        BuildFacts build;
        build.project = row.projects.front();
        if (auto version = Version::parse(row.tensorflow))
            build.version = std::move(*version);
        for (const auto& gpu : gpus)
            if (!sm_runs_on(gpu, row.code))
                return false;
        return judge_tensorflow_gpu(build, row).kept;
    });
}

BuildVerdict MachineMatch::judge_tensorflow(const BuildFacts& build) const {
    const auto release = release_of(build.version);
    // A source archive of 2.12.0 whose setup.py only raises an error; before, the name was the same as tensorflow.
    if (build.project == "tensorflow-gpu" && release >= Release{2, 12})
        return {false,
                "tensorflow-gpu ended with 2.11; this file only refuses to be installed, tensorflow has the GPU code"};
    if (!fits(build))
        return {false, fmt::format("is for {}-{}-{}, this machine is {}{}", build.wheel.python, build.wheel.abi,
                                   build.wheel.platform, machine_.python ? machine_.python->tag() + " on " : "",
                                   machine_.platform)};
    if (machine_.cpu)
        return {true, "runs on a machine without a GPU too"};
    const auto* const row = tensorflow_row(build.version);
    const bool has_code = row != nullptr && platform_ && *platform_ != BuildPlatform::linux_aarch64 &&
                          std::ranges::find(row->projects, build.project) != row->projects.end();
    if (has_code) {
        auto judged = judge_tensorflow_gpu(build, *row);
        if (judged.kept || any_tensorflow_)
            return judged;
        return {true, "runs on the CPU: no GPU build is known for this machine and Python (" + judged.reason + ")"};
    }
    if (!any_tensorflow_)
        return {true, "the CPU build: no GPU build is known for this machine and Python"};
    if (machine_.windows() && release >= Release{2, 11})
        return {false, "from 2.11 on TensorFlow has no CUDA on native Windows; 2.10 is the last, WSL2 runs newer ones"};
    if (row != nullptr)
        return {false,
                fmt::format("has no GPU code under this name; {} {} has", row->projects.front(), row->tensorflow)};
    return {false, "has no GPU code"};
}

BuildVerdict MachineMatch::judge_tensorflow_gpu(const BuildFacts& build, const TensorflowRow& row) const {
    const auto needs = fmt::format("{} {} needs", build.project, build.version.base_str());
    if (machine_.cuda && row.and_cuda && machine_.cuda->major < row.cuda.major)
        return {false, fmt::format("{} CUDA {}, above this machine's {}", needs, row.cuda.str(), machine_.cuda->str())};
    if (machine_.cuda && !row.and_cuda && !serves(*machine_.cuda, row.cuda))
        return {false,
                fmt::format("{} CUDA {} installed, this machine has {}", needs, row.cuda.str(), machine_.cuda->str())};
    if (machine_.cudnn && !row.and_cuda &&
        (machine_.cudnn->first != row.cudnn.first || machine_.cudnn->second < row.cudnn.second))
        return {false, fmt::format("{} cuDNN {}.{}, this machine has {}.{}", needs, row.cudnn.first, row.cudnn.second,
                                   machine_.cudnn->first, machine_.cudnn->second)};
    if (machine_.driver)
        if (auto refused = cuda_refused(row.cuda))
            return {false, std::move(*refused)};
    if (auto refused = board_refused(row.cuda))
        return {false, std::move(*refused)};
    for (const auto& gpu : tensorflow_gpus_)
        if (!sm_runs_on(gpu, row.code))
            return {false, fmt::format("{} a GPU of capability {} or above, this machine has {}", needs,
                                       row.code.front().str(), gpu.str())};
    return {true, row.and_cuda
                      ? fmt::format("uses the GPU; install tensorflow[and-cuda] to get CUDA {} and cuDNN {}.{}",
                                    row.cuda.str(), row.cudnn.first, row.cudnn.second)
                      : fmt::format("uses the GPU with CUDA {} and cuDNN {}.{} installed", row.cuda.str(),
                                    row.cudnn.first, row.cudnn.second)};
}

} // namespace yizhan
