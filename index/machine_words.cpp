#include "index/machine_words.hpp"

#include "config/nearest.hpp"
#include "index/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace yizhan {
namespace {

constexpr std::array<std::string_view, 10> plain_platforms{
    "win_amd64",  "win32",        "win_arm64",     "linux_x86_64", "linux_aarch64",
    "linux_i686", "linux_armv7l", "linux_ppc64le", "linux_s390x",  "linux_riscv64"};
constexpr std::array<std::string_view, 7> architectures{"x86_64",  "aarch64", "i686",   "armv7l",
                                                        "ppc64le", "s390x",   "riscv64"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> meanings{{
    {"windows", "win_amd64"},
    {"win", "win_amd64"},
    {"win64", "win_amd64"},
    {"amd64", "win_amd64"},
    {"win_x86_64", "win_amd64"},
    {"windows_amd64", "win_amd64"},
    {"linux", "linux_x86_64"},
    {"linux64", "linux_x86_64"},
    {"linux_amd64", "linux_x86_64"},
    {"x86_64", "linux_x86_64"},
    {"aarch64", "linux_aarch64"},
    {"arm64", "linux_aarch64"},
    {"linux_arm64", "linux_aarch64"},
    {"macos", "macosx_11_0_arm64"},
    {"darwin", "macosx_11_0_arm64"},
}};

std::vector<std::string> known_tags(const Tables& tables) {
    std::vector<std::string> out;
    for (const auto& row : tables.toolkits)
        if (out.empty() || out.back() != row.cuda.tag())
            out.push_back(row.cuda.tag());
    return out;
}

/// The family's tags all start with this: "manylinux_2_28_x86_64" of any glibc.
bool has_architecture(std::string_view platform) {
    return std::ranges::any_of(architectures, [&](std::string_view arch) {
        return platform.ends_with(arch) && platform.size() > arch.size() &&
               platform[platform.size() - arch.size() - 1] == '_';
    });
}

} // namespace

std::optional<CudaVersion> read_cuda(std::string_view text, const Tables& tables) {
    auto cuda = CudaVersion::parse_tag(text);
    if (!cuda)
        cuda = CudaVersion::parse(text);
    if (!cuda || tables.toolkits.empty())
        return std::nullopt;
    const bool known = std::ranges::find(tables.toolkits, *cuda, &ToolkitRow::cuda) != tables.toolkits.end();
    return known || *cuda > tables.toolkits.back().cuda ? cuda : std::nullopt;
}

std::string near_cuda(std::string_view text, const Tables& tables) {
    const auto known = known_tags(tables);
    std::optional<std::string> near;
    for (const auto& tag : known) // "cu12" means the newest of them
        if (text.starts_with("cu") && text.size() > 3 && tag.starts_with(text))
            near = tag;
    if (!near)
        near = nearest(text, known);
    return near ? fmt::format("no such CUDA is known; did you mean {}?", *near)
                : "expected a CUDA version such as 10.2, or its tag cu102";
}

std::optional<ComputeCapability> near_capability(ComputeCapability capability, const Tables& tables) {
    const auto distance = [&](ComputeCapability other) {
        return other.minor > capability.minor ? other.minor - capability.minor : capability.minor - other.minor;
    };
    std::optional<ComputeCapability> out;
    for (const auto& row : tables.capabilities)
        if (!row.jetson && row.capability.major == capability.major &&
            (!out || distance(row.capability) < distance(*out)))
            out = row.capability;
    return out;
}

std::optional<Interpreter> read_python(std::string_view text) {
    constexpr unsigned newest_major = 3; // "8.6" is a GPU's capability
    auto out = Interpreter::parse(text);
    return out && out->major <= newest_major ? out : std::nullopt;
}

std::optional<std::pair<unsigned, unsigned>> read_two_numbers(std::string_view text) {
    std::pair<unsigned, unsigned> out;
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot > 2 || text.size() - dot > 3)
        return std::nullopt;
    const auto* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), text.data() + dot, out.first);
    const auto second = std::from_chars(text.data() + dot + 1, end, out.second);
    if (first.ec != std::errc() || first.ptr != text.data() + dot || second.ec != std::errc() || second.ptr != end)
        return std::nullopt;
    return out;
}

std::optional<std::string> canonical_platform(std::string_view text) {
    if (std::ranges::find(plain_platforms, text) != plain_platforms.end())
        return std::string(text);
    const bool versioned = text.starts_with("manylinux") || text.starts_with("musllinux_");
    if ((!versioned || !has_architecture(text)) && !text.starts_with("macosx_"))
        return std::nullopt;
    const auto tags = platform_tags(text);
    if (!tags || tags->empty())
        return std::nullopt;
    // platform_tags writes each by its own rule and puts the newest first; of a Mac's formats that is its own.
    return tags->front();
}

std::optional<std::string> meant_platform(std::string_view text) {
    const auto lower = ascii::lowered(text);
    if (auto out = canonical_platform(lower))
        return out;
    for (const auto& [word, meaning] : meanings)
        if (lower == word)
            return std::string(meaning);
    std::vector<std::string> known(plain_platforms.begin(), plain_platforms.end());
    for (const auto* const each : {"manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64",
                                   "manylinux_2_28_aarch64", "macosx_11_0_arm64", "macosx_10_9_x86_64"})
        known.emplace_back(each);
    const auto near = nearest(lower, known);
    return near ? canonical_platform(*near) : std::nullopt;
}

std::string near_platform(std::string_view text) {
    if (const auto meant = text.empty() ? std::nullopt : meant_platform(text))
        return fmt::format("no machine is called so; did you mean {}?", *meant);
    return "expected a platform tag such as win_amd64, manylinux_2_28_x86_64 or macosx_11_0_arm64";
}

} // namespace yizhan
