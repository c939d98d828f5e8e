#include "config/tables.hpp"

#include "config/gpu_names.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace yizhan {
namespace {

template <class Rows, class Wanted>
auto row_where(const Rows& rows, const Wanted& wanted) -> decltype(&*rows.begin()) {
    const auto found = std::ranges::find_if(rows, wanted);
    return found == rows.end() ? nullptr : &*found;
}

/// The version of `project` that goes with a release of torch: equal to `version`?
bool goes_with(const TorchRow& row, std::string_view project, std::string_view version) {
    if (project == "torch")
        return row.torch == version;
    if (project == "torchvision")
        return std::ranges::find(row.torchvision, version) != row.torchvision.end();
    if (project == "torchaudio")
        return row.torchaudio == version;
    return project == "torchtext" && row.torchtext == version;
}

/// Up to three names near to `key`: those that end as it does ("3090"), else those a few letters away.
std::vector<std::string> near_names(const Tables& tables, std::string_view key) {
    std::vector<std::string> out;
    const auto add = [&](std::size_t place) {
        if (const auto& name = tables.gpus[place].name; out.size() < 3 && std::ranges::find(out, name) == out.end())
            out.push_back(name);
    };
    if (key.size() >= 3)
        for (const auto& [known, place] : tables.gpu_keys)
            if (known.ends_with(key))
                add(place);
    std::multimap<std::size_t, std::size_t> far;
    for (const auto& [known, place] : tables.gpu_keys)
        if (const auto edits = edit_distance(key, known); edits <= std::max<std::size_t>(1, key.size() / 3))
            far.emplace(edits, place);
    for (const auto& [edits, place] : far)
        if (edits == far.begin()->first)
            add(place);
    return out;
}

} // namespace

std::optional<DriverVersion> Tables::driver_floor(CudaVersion cuda, bool windows) const {
    std::optional<DriverVersion> out;
    const auto raise = [&](const ToolkitRow& row) {
        const auto& floor = windows ? row.windows_min : row.linux_min;
        out = std::max(out.value_or(floor), floor); // a tag's builds may use its newest patch release
    };
    for (const auto& row : toolkits)
        if (row.cuda == cuda)
            raise(row);
    if (out || cuda.major < 11) // before 11 each minor version needs its own driver
        return out;
    for (const auto& row : toolkits)
        if (row.cuda.major == cuda.major)
            raise(row);
    return out;
}

const TorchRow* Tables::torch_release(std::string_view version) const {
    return row_where(torch, [&](const TorchRow& row) { return row.torch == version; });
}

const TorchExtraRow* Tables::torch_extra_of(std::string_view version) const {
    return row_where(torch_extra, [&](const TorchExtraRow& row) { return row.torch == version; });
}

std::vector<const TorchRow*> Tables::torch_for(std::string_view project, std::string_view version) const {
    std::vector<const TorchRow*> out;
    for (const auto& row : torch)
        if (goes_with(row, project, version))
            out.push_back(&row);
    return out;
}

const TorchCodeRow* Tables::code_of(std::string_view version, CudaVersion cuda, BuildPlatform platform) const {
    return row_where(torch_code, [&](const TorchCodeRow& row) {
        return row.cuda == cuda && row.platform == platform && row.torch == version;
    });
}

const TensorflowRow* Tables::tensorflow_release(unsigned major, unsigned minor, bool windows) const {
    const auto prefix = fmt::format("{}.{}.", major, minor);
    return row_where(tensorflow, [&](const TensorflowRow& row) {
        return row.windows == windows && row.tensorflow.starts_with(prefix);
    });
}

const CapabilityRow* Tables::capability(ComputeCapability wanted) const {
    return row_where(capabilities, [&](const CapabilityRow& row) { return row.capability == wanted; });
}

const MergedRow* Tables::merged_project(std::string_view project) const {
    return row_where(merged, [&](const MergedRow& row) { return row.project == project; });
}

const GpuRow* Tables::find_gpu(std::string_view name) const {
    const auto key = gpu_key(name);
    auto found = gpu_keys.find(key);
    // "K620" for "Quadro K620"; but a bare number would take "Quadro 600" for a GeForce.
    const bool bare = std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
    if (found == gpu_keys.end() && !bare)
        found = gpu_keys.find("quadro" + key);
    return found == gpu_keys.end() ? nullptr : &gpus[found->second];
}

Result<const GpuRow*> Tables::gpu(std::string_view name) const {
    if (const auto* const known = find_gpu(name))
        return known;
    const auto near = near_names(*this, gpu_key(name));
    const auto shown = name.substr(0, 100);
    if (near.empty())
        return fail(Errc::not_found, fmt::format("no GPU called \"{}\" is known; write its compute capability instead, "
                                                 "such as sm86 (nvidia-smi --query-gpu=compute_cap shows it)",
                                                 shown));
    return fail(Errc::not_found,
                fmt::format("no GPU called \"{}\" is known; did you mean {}?", shown, fmt::join(near, " or ")));
}

} // namespace yizhan
