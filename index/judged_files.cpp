#include "index/judged_files.hpp"

#include "index/filename.hpp"

#include <map>
#include <utility>

namespace yizhan {
namespace {

// What a verdict depends on; the files of a page repeat few of these (one per release, label and platform), and judging
// costs more than looking up.
using BuildKey = std::pair<std::string, std::string>;

struct Known {
    bool fits = false;
    BuildVerdict judged;
};

BuildKey key_of(const JudgedFile& file) {
    const auto& wheel = file.build->wheel;
    return {file.build->version.str() + ' ' + file.build->label.text,
            wheel.python + '-' + wheel.abi + '-' + wheel.platform + (file.is_wheel() ? "" : "sdist")};
}

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
    std::map<BuildKey, Known> known;
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
            const auto [at, first] = known.try_emplace(key_of(judged));
            if (first)
                at->second = {match.fits(*judged.build), match.judge(*judged.build)};
            judged.fits = at->second.fits;
            judged.judged = at->second.judged;
        }
    return out;
}

} // namespace yizhan
