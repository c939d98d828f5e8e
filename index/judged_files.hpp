// The files of a project's pages, each read, labelled and judged for one machine: what both the choice of a tag and the
// matched page start from. Pure functions.
#pragma once

#include "index/machine_match.hpp"
#include "index/partner_pairs.hpp"
#include "index/project_page.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One listed file. Views point into the page, which must outlive it.
struct JudgedFile {
    const ProjectFile* file = nullptr;
    std::optional<BuildFacts> build; ///< nullopt: its name says no version
    std::string release;             ///< without the local label: "1.9.0"; empty without `build`
    /// Whom the files of a release compete for: "cp312-cp312", or "" where the machine names its Python, for then all
    /// files that fit compete for it.
    std::string python;
    bool fits = false; ///< its tags are of the machine's Python and platform
    BuildVerdict judged;

    bool is_wheel() const { return build && build->wheel.kind == DistributionKind::wheel; }
    bool is_cuda() const { return build && build->label.kind == BuildLabel::Kind::cuda; }
};

/// All files of these pages of `project` in the order of the pages. `pairs` say of a partner's releases which torch
/// they go with, where the tables do not.
std::vector<JudgedFile> judged_files(std::string_view project, std::span<const ProjectPage* const> pages,
                                     const MachineMatch& match, const PartnerPairs& pairs = {});

} // namespace yizhan
