// When the root is silent: what mirrors say of a project, as far as nobody has to be believed alone (design, section
// 4).
#pragma once

#include "index/project_page.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yizhan {

/// A mirror's page. Mirrors that are fed by each other share a family, and count once.
struct WitnessedPage {
    std::string family;
    ProjectPage page;
};

/// One file name, two digests: somebody lies or is torn.
struct Conflict {
    std::string filename;
    std::vector<std::string> claims; ///< "<family>: <sha256>", one per family, and "known: <sha256>"
};

struct Agreement {
    ProjectPage page;              ///< the files that may be shown
    std::vector<Dropped> withheld; ///< the others, with the reason
    std::vector<Conflict> conflicts;
};

/// What is known of a file name, behind its folder where it has one, from the root's own pages, or from an agreement
/// before.
using KnownDigest = std::function<std::optional<Sha256>(const std::string& file)>;

/// Shows a file where its digest is the known one, or where two families that do not contradict a known one say the
/// same digest and the same path of ours. Everything else about a file (yanked, requires-python, size) and about the
/// project is the freshest page's: the one with the highest serial, the first of equals. Files keep that page's order;
/// those that only other pages list follow. Pages must be of the same project; none at all give an empty page.
Agreement agreed_page(std::span<const WitnessedPage> pages, const KnownDigest& known);

} // namespace yizhan
