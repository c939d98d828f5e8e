#include "index/stable_list.hpp"

#include "index/filename.hpp"
#include "index/version.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace yizhan {
namespace {

// The first releases that are not in the list: of June 2024, when it was frozen (facts: pytorch, 1.3).
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> too_new{
    {{"torch", "2.4.dev0"}, {"torchvision", "0.19.dev0"}, {"torchaudio", "2.4.dev0"}, {"torchtext", "0.19.dev0"}}};

} // namespace

bool in_stable_list(std::string_view filename) {
    const auto wheel = parse_wheel_filename(filename);
    const auto version = wheel ? Version::parse(wheel->version) : std::nullopt;
    if (!version)
        return false;
    const auto limit = std::ranges::find(too_new, wheel->name, [](const auto& row) { return std::string(row.first); });
    return limit == too_new.end() || *version < *Version::parse(limit->second);
}

void keep_stable_list(ProjectPage& page) {
    std::erase_if(page.files, [](const ProjectFile& file) { return !in_stable_list(file.filename); });
}

ProjectPage stable_list(std::span<const ProjectPage* const> pages) {
    ProjectPage out;
    out.name = "torch_stable";
    for (const auto* page : pages)
        for (const auto& file : page->files)
            if (in_stable_list(file.filename))
                out.files.push_back(file);
    return out;
}

} // namespace yizhan
