// What to read to learn which torch a partner's newest releases are built for. A pure function.
#pragma once

#include "index/machine_match.hpp"
#include "index/project_page.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

struct UnpairedWheel {
    std::string release; ///< as PartnerPairs spells it
    ProjectFile file;
};

/// One wheel of each final release that the tables do not know, of the `most` newest which have a build for this
/// machine: one by CUDA for its Python and platform (whether it runs depends on its torch), or any that runs. It is the
/// first whose METADATA the index offers with its digest, else the first of PyTorch's tree, which can be read by
/// ranges. None for torch itself.
std::vector<UnpairedWheel> unpaired_wheels(std::string_view project, std::span<const ProjectPage* const> pages,
                                           const MachineMatch& match, std::size_t most);

} // namespace yizhan
