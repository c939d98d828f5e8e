#include "index/constraints.hpp"

#include "index/specifiers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

using Verdicts = std::vector<FileVerdict>;

const Verdicts* verdicts_of(const PagesByProject& pages, std::string_view project) {
    const auto at = pages.find(project);
    return at == pages.end() || !at->second ? nullptr : &at->second->verdicts;
}

// Those files of one release, whatever their label; with a label only that build.
Verdicts of_version(const Verdicts& verdicts, const Version& wanted) {
    Verdicts out;
    for (const auto& verdict : verdicts)
        if (const auto version = Version::parse(verdict.version))
            if (wanted.has_local() ? *version == wanted : version->without_local() == wanted)
                out.push_back(verdict);
    return out;
}

Result<FileVerdict> chosen_torch(const PagesByProject& pages, std::string_view pin) {
    const auto& page = pages.at("torch");
    if (!page)
        return std::unexpected(page.error());
    const auto* const newest = newest_kept(page->verdicts);
    if (pin.empty())
        return newest
                   ? Result<FileVerdict>(*newest)
                   : fail(Errc::not_found, "no build of torch runs on this machine; /api/v1/explain tells of each why");
    const auto wanted = Version::parse(pin);
    if (!wanted)
        return fail(Errc::invalid,
                    fmt::format("torch={}: no version (PEP 440); write it like torch=1.9.0", pin.substr(0, 60)));
    const auto builds = of_version(page->verdicts, *wanted);
    if (const auto* const kept = newest_kept(builds))
        return *kept;
    const auto instead = newest ? fmt::format("; the newest that runs here is {}", newest->version) : std::string();
    if (builds.empty())
        return fail(Errc::not_found, fmt::format("there is no torch {}{}", wanted->str(), instead));
    // The build that comes nearest says most: one that fits and is no CPU's.
    const auto best = std::ranges::max_element(
        builds, {}, [](const FileVerdict& build) { return std::pair(build.fits, build.label.starts_with("cu")); });
    return fail(Errc::not_found, fmt::format("torch {} has no build for this machine ({}: {}){}", wanted->str(),
                                             best->filename, best->reason, instead));
}

using Releases = std::vector<std::string>; // the oldest first

// The releases of a partner that go with a release of torch, by the table.
Releases tabled_partners(const TorchRow& row, std::string_view project) {
    if (project == "torchvision")
        return row.torchvision;
    const auto& one = project == "torchaudio" ? row.torchaudio : row.torchtext;
    return one.empty() ? Releases{} : Releases{one};
}

// Those whose METADATA asks for it.
Releases asking_partners(const Verdicts& verdicts, std::string_view torch) {
    std::set<Version> found;
    for (const auto& verdict : verdicts)
        if (const auto version = verdict.torch == torch ? Version::parse(verdict.version) : std::nullopt)
            if (!version->is_prerelease())
                found.insert(version->without_local());
    Releases out;
    for (const auto& release : found)
        out.push_back(release.str());
    return out;
}

class Writer {
  public:
    Writer(const PagesByProject& pages, const MachineMatch& match) : pages_(pages), match_(match) {}

    void head() {
        comment(fmt::format("What goes together on {}: pip install -c <this address> torch torchvision …",
                            match_.literal()));
        for (const auto& note : match_.notes())
            comment(note);
        if (!match_.machine().python)
            comment(
                "The machine names no Python: the newest build of any is taken; name one, as in cp312, to be exact");
    }

    void pin(std::string_view project, const FileVerdict& build) {
        comment(fmt::format("{}: {}", project, build.reason));
        out_ += fmt::format("{}=={}\n", project, build.version);
        pinned_.emplace_back(project, build.version);
    }

    void partner(std::string_view project, std::string_view torch) {
        const auto base = Version::parse(torch)->base_str();
        const auto* const row = match_.tables().torch_release(base);
        if (row != nullptr && tabled_partners(*row, project).empty())
            return comment(fmt::format("{}: none goes with torch {}", project, base));
        const auto* const verdicts = verdicts_of(pages_, project);
        if (verdicts == nullptr)
            return missing(project);
        const auto releases = row != nullptr ? tabled_partners(*row, project) : asking_partners(*verdicts, base);
        if (row == nullptr)
            comment(fmt::format("{}: {}", project, untabled(releases, base)));
        if (releases.empty())
            return;
        for (auto release = releases.rbegin(); release != releases.rend(); ++release) {
            const auto builds = of_version(*verdicts, *Version::parse(*release));
            if (const auto* const kept = newest_kept(builds))
                return pin(project, *kept);
        }
        comment(fmt::format("{}: {} goes with torch {}, but no build of it is kept here", project,
                            fmt::join(releases, " or "), base));
    }

    void alone(std::string_view project) {
        const auto* const verdicts = verdicts_of(pages_, project);
        if (verdicts == nullptr)
            return missing(project);
        if (const auto* const kept = newest_kept(*verdicts))
            return pin(project, *kept);
        comment(fmt::format("{}: nothing of it runs here", project));
    }

    void limits() {
        std::set<std::string> said;
        for (const auto& [project, version] : pinned_)
            for (const auto& row : match_.tables().breakers)
                if (row.project == project && holds_for(row, version))
                    limit(row, version, said);
    }

    std::string text() { return std::move(out_); }

  private:
    // Words of others may be in it: a line break would make a requirement of them.
    void comment(std::string text) {
        std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        out_ += fmt::format("# {}\n", text);
    }

    static std::string untabled(const Releases& releases, std::string_view torch) {
        if (releases.empty())
            return fmt::format("which release goes with torch {} is not in the tables, and of its newest releases none "
                               "is known by now to ask for it in its METADATA",
                               torch);
        return fmt::format("the tables do not know torch {}; the METADATA of {} asks for it", torch,
                           fmt::join(releases, " and of "));
    }

    void missing(std::string_view project) {
        const auto at = pages_.find(project);
        comment(fmt::format("{}: left out: {}", project,
                            at == pages_.end() ? "its page was not asked for" : at->second.error().message));
    }

    bool holds_for(const BreakerRow& row, const std::string& version) const {
        const auto versions = SpecifierSet::parse(row.versions);
        const auto parsed = Version::parse(version);
        return versions && parsed && versions->contains(*parsed) &&
               (row.os.empty() || (row.os == "windows") == match_.machine().windows());
    }

    // What only breaks a part of it is told and not enforced.
    void limit(const BreakerRow& row, const std::string& version, std::set<std::string>& said) {
        const auto why =
            fmt::format("{} {} breaks with {}{} {}: {} ({})", row.project, version, row.breaker, row.breaks,
                        row.at_import ? "at import" : "in use", row.evidence.note, row.evidence.source);
        if (!row.at_import)
            return comment(fmt::format("{}; to be safe: {}", why, row.constraint));
        comment(why);
        if (said.insert(row.constraint).second)
            out_ += row.constraint + "\n";
    }

    const PagesByProject& pages_;
    const MachineMatch& match_;
    std::string out_;
    std::vector<std::pair<std::string, std::string>> pinned_; // project, version
};

} // namespace

Result<std::string> constraints_text(const PagesByProject& pages, const MachineMatch& match, std::string_view torch) {
    const auto chosen = chosen_torch(pages, torch);
    if (!chosen && (!torch.empty() || chosen.error().code != Errc::not_found))
        return std::unexpected(chosen.error());
    Writer out(pages, match);
    out.head();
    for (const auto project : constrained_projects)
        if (project == "torch" && chosen)
            out.pin(project, *chosen);
        else if (project == "tensorflow" || project == "torch")
            out.alone(project);
        else if (chosen)
            out.partner(project, chosen->version);
    out.limits();
    return out.text();
}

} // namespace yizhan
