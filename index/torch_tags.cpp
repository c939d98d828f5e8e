#include "index/torch_tags.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace yizhan {
namespace {

using CudaSet = std::set<CudaVersion>;
using Group = std::map<std::string, std::string>; // release of torch → the oldest one it is tied to

bool is_newer(std::string_view a, std::string_view b) {
    return compare_releases(a, b) == std::strong_ordering::greater;
}

bool has_cuda_builds(std::string_view project, std::string_view version, const Tables& tables) {
    const auto* const row = tables.merged_project(project);
    return row != nullptr && !row->cuda_from.empty() && !version.empty() &&
           compare_releases(version, row->cuda_from) != std::strong_ordering::less;
}

// Partners that are the same for every CUDA tie nobody to a tag.
std::vector<std::string> tying_partners(const TorchRow& row, const Tables& tables) {
    std::vector<std::string> out;
    const auto add = [&](std::string_view project, const std::string& version) {
        if (has_cuda_builds(project, version, tables))
            out.push_back(std::string(project) + ' ' + version);
    };
    for (const auto& vision : row.torchvision)
        add("torchvision", vision);
    add("torchaudio", row.torchaudio);
    add("torchtext", row.torchtext);
    return out;
}

Group tied_releases(const Tables& tables) {
    Group out;
    std::map<std::string, std::string> first_with; // partner → release of torch
    for (const auto& row : tables.torch) {
        out[row.torch] = row.torch;
        for (const auto& partner : tying_partners(row, tables)) {
            const auto [at, first] = first_with.try_emplace(partner, row.torch);
            const auto mine = out[row.torch];
            const auto theirs = out[at->second];
            if (!first && mine != theirs)
                for (auto& [release, oldest] : out)
                    if (oldest == mine)
                        oldest = theirs;
        }
    }
    return out;
}

} // namespace

TorchTags TorchTags::of(std::span<const JudgedFile> torch, const Tables& tables) {
    std::map<std::pair<std::string, std::string>, CudaSet> candidates; // release, Python
    for (const auto& file : torch)
        if (file.judged && file.is_wheel() && file.is_cuda())
            candidates[{file.build->version.base_str(), file.python}].insert(file.build->label.cuda);

    const auto tied = tied_releases(tables);
    const auto oldest = [&](const std::string& release) {
        const auto at = tied.find(release);
        return at == tied.end() ? release : at->second;
    };
    std::map<std::pair<std::string, std::string>, CudaSet> common; // the oldest of those tied, Python
    for (const auto& [key, cudas] : candidates) {
        const auto [at, first] = common.try_emplace({oldest(key.first), key.second}, cudas);
        CudaSet both;
        std::ranges::set_intersection(at->second, cudas, std::inserter(both, both.end()));
        at->second = std::move(both);
    }
    TorchTags out;
    for (const auto& [key, cudas] : candidates) {
        const auto& all_have = common.at({oldest(key.first), key.second});
        const auto highest = *cudas.rbegin();
        const auto chosen = all_have.empty() ? highest : *all_have.rbegin();
        out.chosen_[key] = {.cuda = chosen, .shared = chosen != highest};
    }
    const auto& last = tables.torch.back().torch;
    for (const auto& [key, cudas] : candidates) {
        const auto known = is_newer(key.first, last) ? out.newest(key.second, last) : std::nullopt;
        if (known && cudas.contains(known->cuda))
            out.chosen_[key] = {.cuda = known->cuda, .shared = known->cuda != *cudas.rbegin()};
    }
    return out;
}

std::optional<TorchTags::Choice> TorchTags::newest(const std::string& python, std::string_view at_most) const {
    auto best = chosen_.end();
    for (auto at = chosen_.begin(); at != chosen_.end(); ++at) {
        const auto& [release, of] = at->first;
        if (of == python && (at_most.empty() || !is_newer(release, at_most)) &&
            (best == chosen_.end() || is_newer(release, best->first.first)))
            best = at;
    }
    return best == chosen_.end() ? std::nullopt : std::optional(best->second);
}

std::optional<TorchTags::Choice> TorchTags::find(const std::string& release, const std::string& python) const {
    const auto at = chosen_.find({release, python});
    return at == chosen_.end() ? std::nullopt : std::optional(at->second);
}

} // namespace yizhan
