#include "index/cuda.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

using Kind = BuildLabel::Kind;

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
    std::vector<std::string_view> out;
    while (true) {
        const auto end = text.find_first_of(at);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return out;
        text.remove_prefix(end + 1);
    }
}

/// "rocm6" and what numbers follow it: "rocm6.2.4".
std::optional<BuildLabel> label_of_words(std::span<const std::string_view> words) {
    const auto first = words.front();
    if (first == "cpu")
        return BuildLabel{Kind::cpu, {}, "cpu"};
    if (first == "any")
        return BuildLabel{Kind::neutral, {}, "any"};
    if (first == "xpu")
        return BuildLabel{Kind::other, {}, "xpu"};
    if (const auto cuda = CudaVersion::parse_tag(first))
        return BuildLabel::for_cuda(*cuda);
    if (first == "cu" && words.size() >= 3)
        if (const auto cuda = CudaVersion::parse(std::string(words[1]) + '.' + std::string(words[2])))
            return BuildLabel::for_cuda(*cuda);
    if (first.starts_with("rocm") && (first.size() == 4 || ascii::all_digits(first.substr(4)))) {
        BuildLabel out{Kind::other, {}, std::string(first)};
        for (const auto word : words.subspan(1))
            if (ascii::all_digits(word))
                out.text.append(".").append(word);
            else
                break;
        return out;
    }
    return std::nullopt;
}

bool is_platform(std::string_view tag, std::string_view arch) {
    return (tag.starts_with("manylinux") || tag.starts_with("linux_")) && tag.ends_with(arch);
}

/// PyPI carries one build per release and platform, without a label; a release nobody has noted is like the newest.
BuildLabel pypi_label(std::string_view project, std::string_view release, std::optional<BuildPlatform> platform,
                      const Tables& tables) {
    const auto partners = tables.torch_for(project, release);
    const auto* extra = partners.empty() ? nullptr : tables.torch_extra_of(partners.front()->torch);
    if (extra == nullptr && !tables.torch_extra.empty())
        extra = &tables.torch_extra.back();
    std::optional<CudaVersion> cuda;
    if (extra != nullptr && platform == BuildPlatform::linux_x86_64)
        cuda = extra->pypi_linux;
    if (extra != nullptr && platform == BuildPlatform::linux_aarch64)
        cuda = extra->pypi_aarch64;
    return cuda ? BuildLabel::for_cuda(*cuda) : BuildLabel{Kind::cpu, {}, "cpu"};
}

} // namespace

std::optional<BuildLabel> label_of_local(std::string_view local) {
    if (local.empty())
        return std::nullopt;
    const auto text = ascii::lowered(local);
    const auto words = split(text, "._-");
    if (auto out = label_of_words(words))
        return out;
    return BuildLabel{Kind::other, {}, text};
}

std::optional<BuildLabel> label_of_folder(std::string_view path) {
    const auto segments = split(path, "/");
    for (std::size_t i = segments.size(); i-- > 0;) {
        // "rocm6.4" and "cpu-cxx11-abi", "cu121_pypi_cudnn": the label ends where a suffix begins.
        const auto words = split(segments[i], "._-");
        if (segments[i].empty() || words.front() == "any" || words.front() == "cu")
            continue;
        if (auto out = label_of_words(words))
            return out;
    }
    return std::nullopt;
}

std::optional<BuildPlatform> build_platform(std::string_view platform_tags) {
    for (const auto tag : split(platform_tags, ".")) {
        if (tag == "win_amd64")
            return BuildPlatform::win_amd64;
        if (is_platform(tag, "_x86_64"))
            return BuildPlatform::linux_x86_64;
        if (is_platform(tag, "_aarch64"))
            return BuildPlatform::linux_aarch64;
    }
    return std::nullopt;
}

BuildLabel build_label(std::string_view project, std::string_view release, std::string_view local,
                       std::string_view folder, std::string_view platform_tags, const Tables& tables) {
    const auto* const merged = tables.merged_project(project);
    if (merged != nullptr &&
        (merged->cuda_from.empty() || compare_releases(release, merged->cuda_from) == std::strong_ordering::less))
        return {Kind::neutral, {}, "any"};
    if (auto out = label_of_local(local))
        return *out;
    if (auto out = label_of_folder(folder))
        return *out;
    return pypi_label(project, release, build_platform(platform_tags), tables);
}

bool cuda_allowed_by_driver(CudaVersion cuda, const DriverVersion& driver, DriverSystem system, const Tables& tables) {
    const auto floor = tables.driver_floor(cuda, system == DriverSystem::windows_driver);
    return floor && driver >= *floor;
}

bool sm_runs_on(ComputeCapability capability, std::span<const KernelCode> code) {
    constexpr ComputeCapability first_trusted_ptx{9, 0};
    return std::ranges::any_of(code, [&](const KernelCode& entry) {
        const auto& made_for = entry.capability;
        if (made_for.major == capability.major && made_for.minor <= capability.minor)
            return true;
        return entry.ptx && made_for >= first_trusted_ptx && made_for <= capability;
    });
}

const TorchCodeRow* torch_code(std::string_view torch, CudaVersion cuda, BuildPlatform platform, const Tables& tables) {
    if (const auto* const exact = tables.code_of(torch, cuda, platform))
        return exact;
    const TorchCodeRow* out = nullptr;
    for (const auto& row : tables.torch_code) // the oldest first
        if (row.platform == platform && row.cuda.major == cuda.major && row.cuda <= cuda &&
            (out == nullptr || row.cuda >= out->cuda))
            out = &row;
    return out;
}

} // namespace yizhan
