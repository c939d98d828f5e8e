#include "index/matched_page.hpp"

#include "index/judged_files.hpp"
#include "index/torch_tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace yizhan {
namespace {

using Kind = BuildLabel::Kind;

bool is_tensorflow(std::string_view project) {
    return project == "tensorflow" || project == "tensorflow-gpu";
}

// Of builds that are the same but for their spelling one is enough: the plain label first, since a client prefers it to
// none anyway; builds that are the same for every label come from PyPI, without one.
int spelling_rank(const JudgedFile& file) {
    const auto local = file.build->version.local();
    if (file.build->label.kind == Kind::neutral)
        return local.empty() ? 0 : 1;
    return local == file.build->label.text ? 0 : local.empty() ? 1 : 2;
}

void refuse(JudgedFile& file, std::string reason) {
    file.judged = {false, std::move(reason)};
}

// Whether a partner's release came after the tables were written.
bool is_newer_than_tables(const BuildFacts& build, const Tables& tables) {
    const auto& last = tables.torch.back();
    const auto& known = build.project == "torchvision" ? last.torchvision.back() : last.torchaudio;
    return compare_releases(build.version.base_str(), known) == std::strong_ordering::greater;
}

bool follows_torch(const BuildFacts& build, const Tables& tables) {
    return build.project != "torch" &&
           (!build.torch.empty() || !tables.torch_for(build.project, build.version.base_str()).empty() ||
            is_newer_than_tables(build, tables));
}

// A pair whose torch no page lists leads nowhere.
PartnerPairs pairs_that_hold(PartnerPairs pairs, const std::vector<JudgedFile>& torch) {
    std::set<std::string> listed;
    for (const auto& file : torch)
        if (file.is_wheel() && !pairs.empty())
            listed.insert(file.build->version.base_str());
    std::erase_if(pairs, [&](const auto& pair) { return !listed.contains(pair.second); });
    return pairs;
}

// The tag of the torch that a partner's release goes with; one that nobody has noted goes with the newest.
std::optional<TorchTags::Choice> partner_choice(const JudgedFile& file, const TorchTags& torch, const Tables& tables) {
    if (!file.build->torch.empty())
        return torch.find(file.build->torch, file.python);
    const auto releases = tables.torch_for(file.build->project, file.build->version.base_str());
    if (releases.empty())
        return torch.newest(file.python);
    for (auto at = releases.rbegin(); at != releases.rend(); ++at)
        if (auto choice = torch.find((*at)->torch, file.python))
            return choice;
    return std::nullopt;
}

// Of the CUDA builds that run, those of another tag than the chosen one are refused.
void keep_chosen_tag(std::vector<JudgedFile>& files, const TorchTags& own, const TorchTags& torch,
                     const Tables& tables) {
    for (auto& file : files) {
        if (!file.judged || !file.is_cuda() || !file.is_wheel())
            continue;
        const bool follows = !torch.empty() && follows_torch(*file.build, tables);
        const auto choice =
            follows ? partner_choice(file, torch, tables) : own.find(file.build->version.base_str(), file.python);
        if (!choice)
            refuse(file, "runs here, but no build of the torch that it goes with does");
        else if (choice->cuda != file.build->label.cuda)
            refuse(file, fmt::format("runs here too; the one for CUDA {} is chosen: {}", choice->cuda.str(),
                                     follows          ? "the torch that it goes with has that one here"
                                     : choice->shared ? "the highest that all releases sharing a torchaudio have"
                                                      : "the highest that runs"));
    }
}

void keep_one_spelling(std::vector<JudgedFile>& files) {
    std::map<std::pair<std::string, std::string>, int> best; // release, Python
    for (const auto& file : files)
        if (file.judged && file.is_wheel()) {
            const auto rank = spelling_rank(file);
            auto& least = best.try_emplace({file.release, file.python}, rank).first->second;
            least = std::min(least, rank);
        }
    for (auto& file : files)
        if (file.judged && file.is_wheel() && spelling_rank(file) > best.at({file.release, file.python}))
            refuse(file, fmt::format("is the same build for {} under another name", file.build->label.text));
}

// Of another Python or platform: no client of this machine can install it, yanked or not, and a page of torch without
// these is a fiftieth.
bool foreign(const JudgedFile& file) {
    return file.is_wheel() && !file.fits;
}

// What may be listed at all, whatever the rest is.
void refuse_unlisted(std::vector<JudgedFile>& files, std::vector<bool>& hidden) {
    for (std::size_t i = 0; i < files.size(); ++i) {
        const bool vendor = files[i].build && files[i].build->label.kind == Kind::other;
        hidden[i] = vendor || foreign(files[i]) || (!files[i].build && !files[i].judged);
        if (!hidden[i] && !files[i].file->sha256()) { // of those alone that may be listed: most are not
            hidden[i] = true;
            refuse(files[i], "the index gives no sha256 for it");
        }
    }
}

// A release that nothing is left of is hidden whole; a source archive goes with its wheels.
void hide_dead_releases(std::vector<JudgedFile>& files, std::vector<bool>& hidden) {
    std::set<std::string> alive, wheeled;
    for (std::size_t i = 0; i < files.size(); ++i)
        if (files[i].is_wheel()) {
            wheeled.insert(files[i].release);
            if (files[i].judged && !hidden[i])
                alive.insert(files[i].release);
        }
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto& file = files[i];
        if (!file.build || hidden[i])
            continue;
        if (alive.contains(file.release)) {
            if (!file.is_wheel())
                file.judged = {true, "goes with the wheels of its release"};
            continue;
        }
        if (!file.is_wheel() && !wheeled.contains(file.release) && file.build->label.kind == Kind::neutral)
            continue; // from before there were wheels
        hidden[i] = true;
        if (file.judged)
            refuse(file, fmt::format("no build of {} {} runs here", file.build->project, file.release));
    }
}

// Where no build of TensorFlow under this name uses the GPU, whoever asks for the name gets one that does not.
void keep_what_runs_without_gpu(std::vector<JudgedFile>& files) {
    const bool any = std::ranges::any_of(files, [](const auto& file) { return file.is_wheel() && file.judged; });
    for (auto& file : files)
        if (!any && file.is_wheel() && file.fits)
            file.judged = {true, "runs on the CPU: " + file.judged.reason};
}

// A file name stands once: pip 18.1 takes the first of two, 21.3.1 and 26.2 the last.
void hide_doubles(std::vector<JudgedFile>& files, std::vector<bool>& hidden) {
    std::map<std::string_view, std::size_t> stands;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (hidden[i])
            continue;
        const auto [at, first] = stands.try_emplace(files[i].file->filename, i);
        if (first)
            continue;
        const bool better = files[i].judged && !files[at->second].judged;
        const auto loser = better ? at->second : i;
        at->second = better ? i : at->second;
        hidden[loser] = true;
        refuse(files[loser], "another file of that name is listed");
    }
}

MatchedPage written(std::string_view project, const PagesToMatch& pages, const std::vector<JudgedFile>& files,
                    const std::vector<bool>& hidden, bool hides) {
    MatchedPage out;
    if (!pages.own.empty()) {
        const auto& first = *pages.own.front();
        out.page.serial = first.serial;
        out.page.status = first.status;
        out.page.extra = first.extra;
        out.page.meta = first.meta;
    }
    out.page.name = project;
    out.verdicts.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto& file = files[i];
        FileVerdict verdict{.filename = file.file->filename,
                            .version = file.build ? file.build->version.str() : "",
                            .label = file.build ? file.build->label.text : "",
                            .fits = file.fits,
                            .fate = hidden[i] || (!file.judged && hides) ? Fate::hidden
                                    : file.judged                        ? Fate::kept
                                                                         : Fate::yanked,
                            .reason = file.judged.reason,
                            .torch = file.build ? file.build->torch : ""};
        if (verdict.fate != Fate::hidden) {
            auto& listed = out.page.files.emplace_back(*file.file);
            if (verdict.fate == Fate::yanked && !listed.yanked)
                listed.yanked = "not for this machine: " + verdict.reason;
            else if (listed.yanked) {
                verdict.fate = Fate::yanked;
                verdict.reason = "the index has yanked it: " + *listed.yanked;
            }
        }
        out.verdicts.push_back(std::move(verdict));
    }
    return out;
}

} // namespace

std::string_view name(Fate fate) {
    return fate == Fate::kept ? "kept" : fate == Fate::yanked ? "yanked" : "hidden";
}

const FileVerdict* newest_kept(const std::vector<FileVerdict>& verdicts) {
    const FileVerdict* best = nullptr;
    std::optional<Version> highest;
    for (const auto& verdict : verdicts) {
        auto version = verdict.fate == Fate::kept ? Version::parse(verdict.version) : std::nullopt;
        if (!version)
            continue;
        const bool better = !highest || (highest->is_prerelease() != version->is_prerelease() ? highest->is_prerelease()
                                                                                              : *version > *highest);
        if (better) {
            best = &verdict;
            highest = std::move(version);
        }
    }
    return best;
}

MatchedPage match_pages(std::string_view project, const PagesToMatch& pages, const MachineMatch& match) {
    const auto torch_files = judged_files("torch", pages.torch, match);
    auto files = judged_files(project, pages.own, match, pairs_that_hold(pages.pairs, torch_files));
    std::vector<bool> hidden(files.size());
    if (is_tensorflow(project)) {
        for (std::size_t i = 0; i < files.size(); ++i)
            hidden[i] = foreign(files[i]) || (!files[i].judged && files[i].build && !files[i].is_wheel());
        keep_what_runs_without_gpu(files);
    } else {
        refuse_unlisted(files, hidden);
        const auto own = TorchTags::of(files, match.tables());
        const auto torch = TorchTags::of(torch_files, match.tables());
        keep_chosen_tag(files, own, torch, match.tables());
        keep_one_spelling(files);
        hide_dead_releases(files, hidden);
    }
    hide_doubles(files, hidden);
    return written(project, pages, files, hidden, match.machine().hides());
}

} // namespace yizhan
