#include "index/judged_files.hpp"

#include "index/filename.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace yizhan {
namespace {

// Remembers verdicts: the files of a page repeat few tags, and looking up costs less than judging. Most files do not
// fit the machine; of these the tags say all, whatever the release.
class Judge {
  public:
    explicit Judge(const MachineMatch& match) : match_(match) {}

    void judge(JudgedFile& file) {
        const auto& build = *file.build;
        auto tags = file.is_wheel() ? build.wheel.python + '-' + build.wheel.abi + '-' + build.wheel.platform : "sdist";
        const auto [at, first] = fits_.try_emplace(std::move(tags));
        if (first)
            at->second = match_.fits(build);
        file.fits = at->second;
        const auto what = file.fits ? build.version.str() + ' ' + build.label.text : std::string();
        const auto [verdict, unjudged] = verdicts_.try_emplace({at->first, what});
        if (unjudged)
            verdict->second = match_.judge(build);
        file.judged = verdict->second;
    }

  private:
    const MachineMatch& match_;
    std::map<std::string, bool> fits_;                                          // by tags
    std::map<std::pair<std::string_view, std::string>, BuildVerdict> verdicts_; // by tags, and version and label
};

// The tables have the last word about releases that they know.
std::string paired_torch(const BuildFacts& build, const PartnerPairs& pairs, const Tables& tables) {
    if (pairs.empty())
        return {};
    const auto release = build.version.base_str();
    const auto at = pairs.find(release);
    return at == pairs.end() || !tables.torch_for(build.project, release).empty() ? std::string() : at->second;
}

} // namespace

std::vector<JudgedFile> judged_files(std::string_view project, std::span<const ProjectPage* const> pages,
                                     const MachineMatch& match, const PartnerPairs& pairs) {
    std::vector<JudgedFile> out;
    std::size_t files = 0;
    for (const auto* page : pages)
        files += page->files.size();
    out.reserve(files);
    Judge judge(match);
    for (const auto* page : pages)
        for (const auto& file : page->files) {
            auto& judged = out.emplace_back();
            judged.file = &file;
            if (const auto named = parse_filename(file.filename, project))
                judged.build = BuildFacts::of(*named, file.folder, match.tables());
            if (!judged.build) {
                judged.judged = is_variants_file(file.filename)
                                    ? BuildVerdict{true, "says what the variants are (PEP 817)"}
                                    : BuildVerdict{false, "its name does not say which version it is"};
                continue;
            }
            judged.release = judged.build->version.public_str();
            judged.build->torch = paired_torch(*judged.build, pairs, match.tables());
            if (!match.machine().python && judged.is_wheel())
                judged.python = judged.build->wheel.python + '-' + judged.build->wheel.abi;
            judge.judge(judged);
        }
    return out;
}

} // namespace yizhan
