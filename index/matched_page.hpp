// A project's page as one machine sees it (facts: pytorch, 7.4; PEP 592): of each release one build stands as it is,
// the others are yanked with the reason in words, and what no client may fall for is left out.
//
// Pure functions of the pages and the machine: equal arguments, equal pages.
#pragma once

#include "index/machine_match.hpp"
#include "index/partner_pairs.hpp"
#include "index/project_page.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// What became of a listed file.
enum class Fate : std::uint8_t { kept, yanked, hidden };
std::string_view name(Fate fate);

struct FileVerdict {
    std::string filename;
    std::string version; ///< "1.9.0+cu102"; empty where the name says none
    std::string label;   ///< "cu102", "cpu", "any"; likewise
    bool fits = false;   ///< its tags are of the machine's Python and platform
    Fate fate = Fate::kept;
    std::string reason;  ///< one sentence without a full stop
    std::string torch{}; ///< of a partner that the tables do not know: the release its METADATA names; else empty
};

struct MatchedPage {
    ProjectPage page;
    std::vector<FileVerdict> verdicts; ///< of every file that came in, in the order in which they came
};

/// What a client takes of the page that asks for no version: the kept file with the highest version, final ones before
/// pre-releases, the first of equals; null where none is kept.
const FileVerdict* newest_kept(const std::vector<FileVerdict>& verdicts);

/// Pages to be made one. Pointers are never null, pages are of one project each.
struct PagesToMatch {
    std::vector<const ProjectPage*> own;   ///< of the project; of files with one name, equally good, the first's stands
    std::vector<const ProjectPage*> torch; ///< of torch, for a project that follows it; empty: nobody knows them
    PartnerPairs pairs{};                  ///< what METADATA says of its releases, of those that were read
};

/// The page of `project`, one that `match` judges, for its machine.
///
/// torch and what is merged with it: no file without a sha256 and no other vendor's build is listed, and a file name
/// stands once. Of a release the build with the tag that TorchTags chose is kept; a partner takes the tag of the torch
/// it goes with: by the tables, else by `pairs` where torch's pages list that release, else the newest. The others are
/// yanked, or hidden where the machine's pip knows no yanks. A release without any build that runs here is hidden
/// whole, so that clients fall back to an older one, and a source archive shares its fate.
///
/// TensorFlow: what the machine cannot use is yanked (or hidden), and the archive that only refuses is hidden; where
/// nothing under this name uses the GPU, all of it is kept for the CPU.
///
/// Wheels for another Python or platform are hidden.
MatchedPage match_pages(std::string_view project, const PagesToMatch& pages, const MachineMatch& match);

} // namespace yizhan
