// Every build of torch that the tables know, as files of a page: what a machine can choose from.
#pragma once

#include "index/machine_match.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Pythons that a release was built for, as cp tags.
inline std::vector<std::string> shelf_pythons(const TorchRow& row) {
    std::vector<std::string> out;
    if (row.python_min.first == 2)
        out.push_back("cp27");
    const auto from = std::max(row.python_min, std::pair(3U, 5U));
    for (auto minor = from.second; minor <= row.python_max.second; ++minor)
        out.push_back("cp3" + std::to_string(minor));
    return out;
}

inline std::string shelf_abi(const std::string& python) {
    if (python == "cp27")
        return "cp27mu";
    return python.size() == 4 && python[3] < '8' ? python + "m" : python;
}

/// The files of torch for one platform: each release with each of its tags, +cpu, and PyPI's own without a label.
inline std::vector<BuildFacts> torch_shelf(BuildPlatform platform, const Tables& tables) {
    static constexpr std::array<std::string_view, 3> tags{"linux_x86_64", "win_amd64", "manylinux2014_aarch64"};
    const auto at = static_cast<std::size_t>(platform);
    std::vector<BuildFacts> out;
    for (const auto& row : tables.torch) {
        std::vector<std::string> locals{"", "+cpu"};
        for (const auto& tag : row.tags[at])
            locals.push_back("+" + tag.tag());
        for (const auto& python : shelf_pythons(row))
            for (const auto& local : locals) {
                const auto name = "torch-" + row.torch + local + "-" + python + "-" + shelf_abi(python) + "-" +
                                  std::string(tags[at]) + ".whl";
                out.push_back(*BuildFacts::of(*parse_wheel_filename(name), "", tables));
            }
    }
    return out;
}

/// What a client takes of the kept ones: the newest release, of it the highest CUDA. "1.10.2+cu102", "2.14.1+cpu", or
/// "" where nothing is kept.
inline std::string newest_kept(const MachineMatch& match, const std::vector<BuildFacts>& shelf) {
    const BuildFacts* best = nullptr;
    for (const auto& build : shelf) {
        if (!match.judge(build))
            continue;
        if (best == nullptr || build.version.without_local() > best->version.without_local() ||
            (build.version.without_local() == best->version.without_local() && build.label.cuda > best->label.cuda))
            best = &build;
    }
    return best == nullptr ? "" : best->version.public_str() + "+" + best->label.text;
}

} // namespace yizhan
