// When the root is silent: what mirrors say of a project, as far as nobody has to be believed alone (design, section
// 4).
#pragma once

#include "index/project_page.hpp"

#include <cstdint>
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
    std::optional<std::uint64_t> serial{}; ///< how fresh it says it is, in the page or in the answer's head
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

/// What is known of a file, from the root's own pages or from an agreement before.
struct KnownFile {
    Sha256 digest;
    std::string url; ///< where it was said to be: that is its path of ours, whoever lists the same bytes elsewhere
    std::optional<std::uint64_t> size;
    CoreMetadata core_metadata;
    bool of_root = true; ///< who may yet tell of metadata where this does not; mirrors may where they said it
};

/// By file name, behind its folder where it has one.
using KnownFiles = std::function<std::optional<KnownFile>(const std::string& file)>;

/// Shows a file where its digest is the known one, or where two families that do not contradict a known one say the
/// same digest and the same path of ours. What binds whoever fetches it (its path, its size, the digest of its core
/// metadata) and the project's status are what is known or what two families say, and else left open: one mirror's
/// word must neither stand for bytes nor refuse the honest ones. The rest (yanked, requires-python) is the freshest
/// page's: the one with the highest serial, the first of equals; the page's own serial is the highest that two families
/// have reached, or the only one that is told. Files keep that page's order; those that only other
/// pages list follow. Pages must be of the same project; none at all give an empty page.
Agreement agreed_page(std::span<const WitnessedPage> pages, const KnownFiles& known);

} // namespace yizhan
