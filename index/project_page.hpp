// One project's page of a Python package index, whatever it was written in: the model between parsers and renderers.
// PEP 503, 592, 629, 658/714, 691, 700, 740, 792; what nobody specified yet is carried along in `extra`.
#pragma once

#include "config/digest.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace yizhan {

/// PEP 658/714: whether `<file>.metadata` exists beside a wheel, and its digest where the index gives one.
struct CoreMetadata {
    bool available = false;
    std::optional<Sha256> sha256;
    bool operator==(const CoreMetadata&) const = default;
};

/// One distribution file as the index lists it.
struct ProjectFile {
    std::string filename;
    std::string url;                                         ///< absolute, without fragment
    std::vector<std::pair<std::string, std::string>> hashes; ///< algorithm → lower-case hex, in the page's order
    std::optional<std::uint64_t> size;                       ///< bytes (PEP 700)
    std::optional<std::string> upload_time;                  ///< RFC 3339, as given (PEP 700)
    std::optional<std::string> requires_python;              ///< unescaped; an empty one is nullopt
    std::optional<std::string> yanked;                       ///< set: yanked, perhaps with a reason (PEP 592)
    CoreMetadata core_metadata;
    std::optional<std::string> provenance; ///< absolute https URL, passed on unchanged (PEP 740)
    std::optional<bool> gpg_sig;
    /// "pytorch/whl/cu102/": the folder below our root, of an index whose own paths are kept; empty: see `locate`.
    std::string folder;
    boost::json::object extra; ///< JSON keys of the file that no rule above names, kept as they came

    /// The page's sha256 for this file, where it gives a well-formed one.
    std::optional<Sha256> sha256() const;

    bool operator==(const ProjectFile&) const = default;
};

/// PEP 792: what a project says of itself. "active" is written as an absent status.
struct ProjectStatus {
    std::string status; ///< "archived", "quarantined", "deprecated", or a marker not known yet
    std::string reason;
    bool operator==(const ProjectStatus&) const = default;
};

struct ProjectPage {
    std::string name;                    ///< normalised (PEP 503)
    std::optional<std::uint64_t> serial; ///< X-PyPI-Last-Serial, `_last-serial` (number or string), or <!--SERIAL n-->
    std::optional<ProjectStatus> status;
    std::vector<ProjectFile> files;
    boost::json::object extra; ///< top-level JSON keys that no rule names
    boost::json::object meta;  ///< keys of JSON's `meta` that no rule names

    bool operator==(const ProjectPage&) const = default;
};

/// A file that a page lists and that is not passed on.
struct Dropped {
    std::string filename; ///< or what stood in its place
    std::string reason;   ///< a sentence
    bool operator==(const Dropped&) const = default;
};

/// What a parser makes of a page: the files worth keeping, and for each other one why it was left out.
struct ParsedPage {
    ProjectPage page;
    std::vector<Dropped> dropped;
};

} // namespace yizhan
