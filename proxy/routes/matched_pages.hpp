// The pages of projects matched to machines: PyPI's and PyTorch's merged, and judged by index/matched_page.
#pragma once

#include "index/constraints.hpp"
#include "proxy/routes/derived_pages.hpp"
#include "proxy/routes/machines.hpp"
#include "proxy/routes/metadata_ahead.hpp"
#include "proxy/routes/partner_torch.hpp"
#include "proxy/routes/project_pages.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Any thread.
class MatchedPages {
  public:
    /// All outlive it.
    MatchedPages(Relay& relay, ProjectPages& pypi, ProjectPages& pytorch, MetadataAhead& ahead,
                 PartnerTorch& partner_torch)
        : relay_(relay), pypi_(pypi), pytorch_(pytorch), ahead_(ahead), partner_torch_(partner_torch),
          derived_(relay, memory_budget) {}

    std::optional<ProjectPages::Fresh> at_once(const MachineMatch& match, const std::string& project,
                                               const PageForm& form);

    /// The page of a normalised project name; one that is not matched passes unchanged. Errors: not_found where neither
    /// index has it; unavailable where one that may have it cannot be asked: half a page would lead to a wrong build.
    Task<Result<ProjectPages::Answer>> get(Machines::MatchPtr match, std::string project, PageForm form);

    /// The same of several projects (`before`: as PageForm has it) with what became of each file, for people. What
    /// METADATA says of them is read for all at once. The pages' own verdicts are not kept: they are made anew.
    Task<PagesByProject> explained(Machines::MatchPtr match, std::vector<std::string> projects,
                                   std::optional<UnixTime> before = {});

  private:
    static constexpr std::size_t memory_budget = 64ULL << 20;

    // The pages that one is made of, in their order: the project's own, then torch's for a project that follows it.
    struct Asked {
        ProjectPages* index;
        std::string project;
        bool torch; // is asked for its tags
    };
    std::vector<Asked> asked(const MachineMatch& match, const std::string& project);
    struct Gathered {
        DerivedPages::Sources sources;
        std::vector<bool> torch; // by the same place
        PartnerTorch::PairsPtr pairs;
        ProjectPages::Current newest;

        bool follows_torch() const;
    };
    Task<Result<Gathered>> gather(const MachineMatch& match, const std::string& project);
    std::optional<Gathered> gather_at_once(const MachineMatch& match, const std::string& project);
    // Begins to read what METADATA says of a partner's releases; what is under way.
    Task<std::vector<std::string>> begin_pairs(Machines::MatchPtr match, std::string project, const Gathered& gathered,
                                               std::optional<UnixTime> before);
    // gather() with these, as far as they can be had in a moment and the page depends on them.
    Task<Result<Gathered>> gather_paired(Machines::MatchPtr match, std::string project, std::optional<UnixTime> before);

    Relay& relay_;
    ProjectPages& pypi_;
    ProjectPages& pytorch_;
    MetadataAhead& ahead_;
    PartnerTorch& partner_torch_;
    DerivedPages derived_;
};

} // namespace yizhan
