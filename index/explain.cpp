#include "index/explain.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

using Files = std::vector<const FileVerdict*>;

struct NewestFirst {
    bool operator()(const Version& a, const Version& b) const { return a > b; }
};

// By release, without the local label; what says no version stands in none.
std::map<Version, Files, NewestFirst> by_release(const std::vector<FileVerdict>& verdicts) {
    std::map<Version, Files, NewestFirst> out;
    for (const auto& verdict : verdicts)
        if (const auto version = verdict.fits ? Version::parse(verdict.version) : std::nullopt)
            out[version->without_local()].push_back(&verdict);
    for (auto& [release, files] : out)
        std::ranges::sort(files, {}, [](const auto* file) { return std::pair(file->fate, file); });
    return out;
}

} // namespace

std::string explain_text(std::string_view project, const MatchedPage& matched, const MachineMatch& match) {
    auto out = fmt::format("{} for {}\n", project, match.literal());
    if (!match.judges(project))
        return out + "It is not matched to machines: every machine sees it as PyPI has it.\n";
    const auto* const chosen = newest_kept(matched.verdicts);
    out += chosen ? fmt::format("A client takes {} {}: {}.\n", project, chosen->version, chosen->reason)
                  : "Nothing of it runs here.\n";
    for (const auto& note : match.notes())
        out += fmt::format("Note: {}.\n", note);
    for (const auto& [release, files] : by_release(matched.verdicts)) {
        out += fmt::format("\n{}\n", release.str());
        for (const auto* file : files)
            out += fmt::format("  {:<6}  {:<8}  {}: {}\n", name(file->fate), file->label, file->filename, file->reason);
    }
    const auto others = std::ranges::count_if(matched.verdicts, [](const auto& file) { return !file.fits; });
    if (others > 0)
        out += fmt::format("\n{} files are for other Pythons or platforms.\n", others);
    return out;
}

boost::json::value explain_json(std::string_view project, const MatchedPage& matched, const MachineMatch& match) {
    boost::json::array files, notes;
    for (const auto& file : matched.verdicts)
        files.push_back({{"filename", file.filename},
                         {"version", file.version},
                         {"label", file.label},
                         {"fits", file.fits},
                         {"fate", name(file.fate)},
                         {"reason", file.reason}});
    for (const auto& note : match.notes())
        notes.push_back(boost::json::value(note));
    const auto* const chosen = newest_kept(matched.verdicts);
    return {{"project", project},
            {"machine", match.literal()},
            {"matched", match.judges(project)},
            {"notes", std::move(notes)},
            {"chosen", chosen ? boost::json::value(chosen->version) : boost::json::value(nullptr)},
            {"files", std::move(files)}};
}

} // namespace yizhan
