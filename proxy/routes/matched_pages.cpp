#include "proxy/routes/matched_pages.hpp"

#include "index/filename.hpp"
#include "index/page_before.hpp"
#include "proxy/run_on.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace yizhan {
namespace {

// A page made before METADATA told of another pair is another page.
std::string key_of(const MachineMatch& match, const std::string& project, const PageForm& form,
                   const PartnerPairs& pairs) {
    auto out = match.literal() + '/' + project;
    if (!pairs.empty())
        out += "/pairs" + std::to_string(pairs.size());
    if (form.before)
        out += '/' + std::to_string(*form.before);
    return out;
}

PagesToMatch pages_of(const DerivedPages::Sources& sources, const std::vector<bool>& torch,
                      const PartnerPairs& pairs = {}) {
    PagesToMatch out{.own = {}, .torch = {}, .pairs = pairs};
    for (std::size_t i = 0; i < sources.size(); ++i)
        (torch[i] ? out.torch : out.own).push_back(&sources[i]->page);
    return out;
}

// What came too late is taken away first: among what is left the match chooses.
DerivedPages::Sources dated(DerivedPages::Sources sources, std::optional<UnixTime> before) {
    if (before)
        for (auto& source : sources)
            source = std::make_shared<const PageGeneration>(
                PageGeneration{.page = page_before(source->page, *before).page, .bytes = 0, .sources = {}});
    return sources;
}

DerivedPages::Make maker(Machines::MatchPtr match, std::string project, std::vector<bool> torch,
                         PartnerTorch::PairsPtr pairs, std::optional<UnixTime> before) {
    return [match = std::move(match), project = std::move(project), torch = std::move(torch), pairs = std::move(pairs),
            before](const DerivedPages::Sources& sources) {
        const auto there = dated(sources, before);
        return match_pages(project, pages_of(there, torch, *pairs), *match).page;
    };
}

// A client that finds no metadata fetches the wheel. What it would take first gets some ahead, while pip, which waits
// 15 s for a page, waits for this one; a release has a wheel per Python where the machine names none.
constexpr std::chrono::seconds metadata_patience{3};
constexpr std::size_t most_ahead = 8;

// Of a partner's releases that are newer than the tables so many are asked which torch they go with; a page whose
// answers take longer is made without them, and anew once they are here.
constexpr std::chrono::seconds pairs_patience{2};
constexpr std::size_t most_unpaired = 8;

// The torch that a partner goes with says which of its builds are taken, where it has several for one machine.
bool has_tags(const MachineMatch& match, const std::string& project) {
    const auto* const merged = match.tables().merged_project(project);
    return merged != nullptr && !merged->cuda_from.empty() && !match.machine().cpu;
}

std::vector<ProjectFile> newest_without_metadata(const ProjectPage& page) {
    std::vector<std::pair<Version, const ProjectFile*>> kept;
    for (const auto& file : page.files)
        if (const auto wheel = file.yanked ? std::nullopt : parse_wheel_filename(file.filename))
            if (auto version = Version::parse(wheel->version))
                kept.emplace_back(std::move(*version), &file);
    const auto newest = std::ranges::max_element(kept, {}, [](const auto& entry) { return entry.first; });
    std::vector<ProjectFile> out;
    for (const auto& [version, file] : kept)
        if (version == newest->first && !file->core_metadata.available && out.size() < most_ahead)
            out.push_back(*file);
    return out;
}

} // namespace

std::vector<MatchedPages::Asked> MatchedPages::asked(const MachineMatch& match, const std::string& project) {
    std::vector<Asked> out{{&pypi_, project, false}};
    const auto* const merged = match.tables().merged_project(project);
    if (merged == nullptr)
        return out;
    out.push_back({&pytorch_, project, false});
    if (merged->partner == project || merged->partner.empty())
        return out;
    out.push_back({&pypi_, merged->partner, true});
    out.push_back({&pytorch_, merged->partner, true});
    return out;
}

Task<Result<MatchedPages::Gathered>> MatchedPages::gather(const MachineMatch& match, const std::string& project) {
    Gathered out;
    std::optional<Error> absent;
    const auto wanted_pages = asked(match, project);
    for (const auto& page : wanted_pages) // all at once: one after the other they could outlast pip's patience
        page.index->ask_ahead(page.project);
    for (const auto& [index, wanted, torch] : wanted_pages) {
        auto page = co_await index->current(wanted);
        if (!page && page.error().code != Errc::not_found)
            co_return std::unexpected(std::move(page.error()));
        if (!page) {
            if (!torch && !absent)
                absent = std::move(page.error());
            continue;
        }
        // What is said of the page is what can be said of its least fresh part.
        if (out.sources.empty() || page->ttl < out.newest.ttl) {
            out.newest = *page;
        }
        out.sources.push_back(std::move(page->generation));
        out.torch.push_back(torch);
    }
    out.pairs = partner_torch_.known(project);
    if (std::ranges::all_of(out.torch, [](bool torch) { return torch; }))
        co_return std::unexpected(std::move(*absent));
    co_return out;
}

std::optional<MatchedPages::Gathered> MatchedPages::gather_at_once(const MachineMatch& match,
                                                                   const std::string& project) {
    Gathered out;
    out.pairs = partner_torch_.known(project);
    for (const auto& [index, wanted, torch] : asked(match, project)) {
        auto page = index->current_at_once(wanted);
        if (!page)
            return std::nullopt; // also one that does not exist: only get() can tell
        if (out.sources.empty() || page->ttl < out.newest.ttl)
            out.newest = *page;
        out.sources.push_back(std::move(page->generation));
        out.torch.push_back(torch);
    }
    return out;
}

std::optional<ProjectPages::Fresh> MatchedPages::at_once(const MachineMatch& match, const std::string& project,
                                                         const PageForm& form) {
    if (!match.judges(project))
        return pypi_.at_once(project, form);
    const auto gathered = gather_at_once(match, project);
    auto page =
        gathered ? derived_.at_once(key_of(match, project, form, *gathered->pairs), gathered->sources, form) : nullptr;
    if (!page)
        return std::nullopt;
    return ProjectPages::Fresh{.page = std::move(page), .ttl = gathered->newest.ttl};
}

bool MatchedPages::Gathered::follows_torch() const {
    return std::ranges::any_of(torch, [](bool of_torch) { return of_torch; });
}

Task<std::vector<std::string>> MatchedPages::begin_pairs(Machines::MatchPtr match, std::string project,
                                                         const Gathered& gathered, std::optional<UnixTime> before) {
    auto work = [match, project, before, from = gathered] {
        const auto there = dated(from.sources, before);
        return unpaired_wheels(project, pages_of(there, from.torch).own, *match, most_unpaired);
    };
    const auto wheels = co_await run_on(relay_.compute().get_executor(), std::move(work));
    co_return partner_torch_.begin(project, wheels);
}

Task<Result<MatchedPages::Gathered>> MatchedPages::gather_paired(Machines::MatchPtr match, std::string project,
                                                                 std::optional<UnixTime> before) {
    auto gathered = co_await gather(*match, project);
    if (!gathered || !gathered->follows_torch() || !has_tags(*match, project))
        co_return gathered;
    auto reading = co_await begin_pairs(match, project, *gathered, before);
    if (co_await partner_torch_.wait(std::move(reading), pairs_patience))
        co_return co_await gather(*match, project);
    co_return gathered;
}

Task<Result<ProjectPages::Answer>> MatchedPages::get(Machines::MatchPtr match, std::string project, PageForm form) {
    if (!match->judges(project))
        co_return co_await pypi_.get(std::move(project), form);
    auto gathered = co_await gather_paired(match, project, form.before);
    if (!gathered)
        co_return std::unexpected(std::move(gathered.error()));
    auto key = key_of(*match, project, form, *gathered->pairs);
    auto make = maker(match, project, gathered->torch, gathered->pairs, form.before);
    const auto made = co_await derived_.generation(key, gathered->sources, make);
    if (co_await ahead_.prepare(newest_without_metadata(made->page), metadata_patience)) {
        gathered = co_await gather(*match, project);
        if (!gathered)
            co_return std::unexpected(std::move(gathered.error()));
        key = key_of(*match, project, form, *gathered->pairs);
        make = maker(match, project, gathered->torch, gathered->pairs, form.before);
    }
    ProjectPages::Answer out{
        .page = {}, .note = gathered->newest.note, .cache_status = std::move(gathered->newest.cache_status)};
    out.page = co_await derived_.get(key, std::move(gathered->sources), form, std::move(make));
    co_return out;
}

Task<PagesByProject> MatchedPages::explained(Machines::MatchPtr match, std::vector<std::string> projects,
                                             std::optional<UnixTime> before) {
    std::vector<Result<Gathered>> gathered;
    std::vector<std::string> reading;
    for (const auto& project : projects) {
        const auto& pages = gathered.emplace_back(co_await gather(*match, project));
        if (!pages || !pages->follows_torch())
            continue;
        const auto begun = co_await begin_pairs(match, project, *pages, before);
        reading.insert(reading.end(), begun.begin(), begun.end());
    }
    co_await partner_torch_.wait(std::move(reading), pairs_patience);
    PagesByProject out;
    for (std::size_t i = 0; i < projects.size(); ++i) {
        if (!gathered[i]) {
            out.emplace(projects[i], std::unexpected(std::move(gathered[i].error())));
            continue;
        }
        auto work = [match, project = projects[i], before, from = std::move(*gathered[i]),
                     pairs = partner_torch_.known(projects[i])] {
            const auto there = dated(from.sources, before);
            return match_pages(project, pages_of(there, from.torch, *pairs), *match);
        };
        out.emplace(projects[i], co_await run_on(relay_.compute().get_executor(), std::move(work)));
    }
    co_return out;
}

} // namespace yizhan
