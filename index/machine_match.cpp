#include "index/machine_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

using Kind = BuildLabel::Kind;
using Python = std::pair<unsigned, unsigned>;

bool is_tensorflow(std::string_view project) {
    return project == "tensorflow" || project == "tensorflow-gpu";
}

/// Python 2.7 was followed by 3.5 in torch's time. A Python newer than the newest release's is not ruled out: the table
/// may be older than the wheels.
bool has_python(const TorchRow& row, const std::optional<Interpreter>& python, bool newest) {
    if (!python)
        return true;
    const Python wanted{python->major, python->minor};
    if (wanted.first == 2)
        return wanted == row.python_min;
    return wanted >= std::max(row.python_min, Python{3, 5}) && (wanted <= row.python_max || newest);
}

std::string listed(const std::vector<ComputeCapability>& gpus) {
    std::vector<std::string> out;
    out.reserve(gpus.size());
    for (const auto& gpu : gpus)
        out.push_back(gpu.str());
    return fmt::format("{}", fmt::join(out, " and "));
}

std::string listed(const std::vector<KernelCode>& code) {
    std::vector<std::string> out;
    out.reserve(code.size());
    for (const auto& entry : code)
        out.push_back(entry.str());
    return fmt::format("{}", fmt::join(out, " "));
}

} // namespace

std::optional<BuildFacts> BuildFacts::of(const Distribution& file, std::string_view folder, const Tables& tables) {
    auto version = Version::parse(file.version);
    if (!version)
        return std::nullopt;
    auto label = build_label(file.name, version->base_str(), version->local(), folder, file.platform, tables);
    return BuildFacts{
        .project = file.name, .version = std::move(*version), .label = std::move(label), .wheel = file, .torch = {}};
}

MachineMatch::MachineMatch(Machine machine, CompatibleTags tags, const Tables& tables)
    : machine_(std::move(machine)), literal_(machine_.str()), tags_(std::move(tags)), tables_(&tables),
      platform_(build_platform(machine_.platform)) {
    any_torch_ = any_torch();
    tensorflow_gpus_ = machine_.gpus;
    any_tensorflow_ = any_tensorflow(tensorflow_gpus_);
    if (!any_tensorflow_ && machine_.gpus.size() > 1) {
        tensorflow_gpus_ = {machine_.gpus.back()};
        any_tensorflow_ = any_tensorflow(tensorflow_gpus_);
    }
}

Result<MachineMatch> MachineMatch::of(Machine machine, const Tables& tables) {
    auto tags = CompatibleTags::of(machine.python, machine.platform);
    if (!tags)
        return std::unexpected(std::move(tags.error()));
    return MachineMatch(std::move(machine), std::move(*tags), tables);
}

bool MachineMatch::judges(std::string_view project) const {
    return is_tensorflow(project) || tables_->merged_project(project) != nullptr;
}

BuildVerdict MachineMatch::judge(const BuildFacts& build) const {
    if (is_tensorflow(build.project))
        return judge_tensorflow(build);
    if (tables_->merged_project(build.project) != nullptr)
        return judge_torch(build);
    return {true, build.project + " is not matched to machines"};
}

bool MachineMatch::fits(const BuildFacts& build) const {
    return build.wheel.kind != DistributionKind::wheel || tags_.fit(build.wheel);
}

BuildVerdict MachineMatch::judge_torch(const BuildFacts& build) const {
    if (!fits(build))
        return {false, fmt::format("is for {}-{}-{}, this machine is {}{}", build.wheel.python, build.wheel.abi,
                                   build.wheel.platform, machine_.python ? machine_.python->tag() + " on " : "",
                                   machine_.platform)};
    switch (build.label.kind) {
    case Kind::other:
        return {false, build.label.text + " builds are not for this machine; name its own index for them"};
    case Kind::neutral:
        return judge_neutral(build);
    case Kind::cpu:
        if (machine_.cpu)
            return {true, "the CPU build, for a machine without a GPU"};
        if (!any_torch_)
            return {true, "the CPU build: no CUDA build of any release is known to run here"};
        return {false, "the CPU build does not use this machine's GPU"};
    case Kind::cuda:
        break;
    }
    if (machine_.cpu)
        return {false, fmt::format("is built for CUDA {}, this machine has no GPU", build.label.cuda.str())};
    return judge_cuda(build);
}

std::optional<std::string> MachineMatch::cuda_refused(CudaVersion cuda) const {
    if (machine_.cuda && cuda > *machine_.cuda)
        return fmt::format("is built for CUDA {}, above this machine's {}", cuda.str(), machine_.cuda->str());
    if (!machine_.driver)
        return std::nullopt;
    const bool windows = machine_.driver_system() == DriverSystem::windows_driver;
    const auto floor = tables_->driver_floor(cuda, windows);
    if (!floor)
        return fmt::format("is built for CUDA {}, whose driver the tables do not know", cuda.str());
    if (*machine_.driver < *floor)
        return fmt::format("CUDA {} needs driver {} on {}, this machine has {}", cuda.str(), floor->str(),
                           windows ? "Windows" : "Linux", machine_.driver->str());
    return std::nullopt;
}

std::optional<std::string> MachineMatch::board_refused(CudaVersion cuda) const {
    for (const auto& gpu : machine_.gpus) {
        const auto* const row = tables_->capability(gpu);
        if (row == nullptr || !row->jetson || (row->server_cuda && cuda >= *row->server_cuda))
            continue;
        return fmt::format("a GPU of capability {} is a Jetson's, which server builds{} do not run on; NVIDIA's Jetson "
                           "index has its own",
                           gpu.str(), row->server_cuda ? " before CUDA " + row->server_cuda->str() : "");
    }
    return std::nullopt;
}

bool MachineMatch::code_for(std::string_view torch, CudaVersion cuda, const Gpus& gpus) const {
    const auto* const row = platform_ ? torch_code(torch, cuda, *platform_, *tables_) : nullptr;
    return row != nullptr &&
           std::ranges::all_of(gpus, [&](const ComputeCapability& gpu) { return sm_runs_on(gpu, row->code); });
}

bool MachineMatch::any_tag_serves(const TorchRow& torch, const Gpus& gpus) const {
    if (!platform_)
        return false;
    return std::ranges::any_of(torch.tags[static_cast<std::size_t>(*platform_)], [&](CudaVersion tag) {
        return !cuda_refused(tag) && !board_refused(tag) && code_for(torch.torch, tag, gpus);
    });
}

BuildVerdict MachineMatch::judge_cuda(const BuildFacts& build) const {
    if (!platform_)
        return {false, "no CUDA build runs on " + machine_.platform};
    const auto cuda = build.label.cuda;
    if (auto refused = cuda_refused(cuda))
        return {false, std::move(*refused)};
    if (auto refused = board_refused(cuda))
        return {false, std::move(*refused)};
    if (machine_.gpus.empty())
        return {true, fmt::format("built for CUDA {}, which this machine runs; it names no GPU", cuda.str())};
    return judge_code(build);
}

BuildVerdict MachineMatch::judge_code(const BuildFacts& build) const {
    const auto cuda = build.label.cuda;
    const auto release = build.version.base_str();
    auto partners = tables_->torch_for(build.project, release);
    if (const auto* const paired = tables_->torch_release(build.torch); paired != nullptr && partners.empty())
        partners.push_back(paired);
    const bool noted = !partners.empty();
    if (!noted)
        partners.push_back(&tables_->torch.back());
    // A partner's own list of code is not tabulated: it is judged by the torch it goes with, any of them.
    const auto runs = [&](const Gpus& gpus) {
        return std::ranges::any_of(
            partners, [&](const TorchRow* torch) { return code_for(noted ? torch->torch : release, cuda, gpus); });
    };
    if (runs(machine_.gpus))
        return {true, fmt::format("built for CUDA {}, which this machine runs, with code for {}", cuda.str(),
                                  listed(machine_.gpus))};
    const auto* const code = torch_code(noted ? partners.back()->torch : release, cuda, *platform_, *tables_);
    const auto has = code == nullptr ? std::string("of an unknown list") : listed(code->code);
    const Gpus highest{machine_.gpus.back()};
    const bool none_serves_all =
        std::ranges::none_of(partners, [&](const TorchRow* torch) { return any_tag_serves(*torch, machine_.gpus); });
    if (machine_.gpus.size() > 1 && none_serves_all && runs(highest))
        return {true, fmt::format("built for CUDA {}; no build of this release serves all of {}, and the GPU with the "
                                  "highest capability decides",
                                  cuda.str(), listed(machine_.gpus))};
    return {false, fmt::format("has no code for {} (it has {})", listed(machine_.gpus), has)};
}

BuildVerdict MachineMatch::judge_neutral(const BuildFacts& build) const {
    if (machine_.cpu || !any_torch_)
        return {true, "the same for every CUDA and for none"};
    const auto partners = tables_->torch_for(build.project, build.version.base_str());
    if (partners.empty()) // no release of torch is known for it: nothing to keep it from
        return {true, "the same for every CUDA"};
    for (const auto* const torch : partners)
        if (any_tag_serves(*torch, machine_.gpus) ||
            (!machine_.gpus.empty() && any_tag_serves(*torch, {machine_.gpus.back()})))
            return {true, fmt::format("the same for every CUDA, for torch {}", torch->torch)};
    return {false, fmt::format("goes with torch {}, of which no build runs on this machine", partners.back()->torch)};
}

bool MachineMatch::any_torch() const {
    if (machine_.cpu)
        return false;
    Gpus highest;
    if (!machine_.gpus.empty())
        highest.push_back(machine_.gpus.back());
    return std::ranges::any_of(tables_->torch, [&](const TorchRow& row) {
        return has_python(row, machine_.python, &row == &tables_->torch.back()) && any_tag_serves(row, highest);
    });
}

std::vector<std::string> MachineMatch::notes() const {
    auto out = machine_.notes;
    if (machine_.cpu)
        return out;
    if (!any_torch_)
        out.push_back(
            "no CUDA build of torch is known to run on this machine with this Python; its CPU builds are listed");
    if (!any_tensorflow_)
        out.push_back(
            machine_.windows()
                ? "TensorFlow has no GPU build for this machine and Python; 2.10 was the last on native Windows, "
                  "newer ones run in WSL2"
                : "TensorFlow has no GPU build for this machine and Python");
    return out;
}

Result<BuildVerdict> judge_build(const Machine& machine, const BuildFacts& build, const Tables& tables) {
    const auto match = MachineMatch::of(machine, tables);
    if (!match)
        return std::unexpected(match.error());
    return match->judge(build);
}

} // namespace yizhan
