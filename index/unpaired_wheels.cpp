#include "index/unpaired_wheels.hpp"

#include "index/judged_files.hpp"

#include <map>

namespace yizhan {
namespace {

struct Newest {
    bool operator()(const std::string& a, const std::string& b) const {
        return compare_releases(a, b) == std::strong_ordering::greater;
    }
};

struct Found {
    bool of_use = false; // it has a build for the machine
    const ProjectFile* file = nullptr;
};

int rank(const ProjectFile& file) {
    return file.core_metadata.sha256 ? 2 : file.folder.empty() ? 0 : 1;
}

} // namespace

std::vector<UnpairedWheel> unpaired_wheels(std::string_view project, std::span<const ProjectPage* const> pages,
                                           const MachineMatch& match, std::size_t most) {
    const auto* const merged = match.tables().merged_project(project);
    if (merged == nullptr || merged->partner == project)
        return {};
    std::map<std::string, Found, Newest> releases;
    for (const auto& file : judged_files(project, pages, match)) {
        if (!file.is_wheel() || !file.fits || file.build->version.is_prerelease() || !file.file->sha256())
            continue;
        auto release = file.build->version.base_str();
        if (!match.tables().torch_for(project, release).empty())
            continue;
        auto& found = releases[std::move(release)];
        found.of_use |= file.is_cuda() || file.judged;
        if (rank(*file.file) > (found.file == nullptr ? 0 : rank(*found.file)))
            found.file = file.file;
    }
    std::vector<UnpairedWheel> out;
    for (const auto& [release, found] : releases)
        if (found.of_use && found.file != nullptr && out.size() < most)
            out.push_back({release, *found.file});
    return out;
}

} // namespace yizhan
