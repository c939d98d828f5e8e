// The mirrors that are known, from data/mirrors.csv: the one place with public addresses. What each serves, which
// family it belongs to, and which of them are used when the settings name none.
#pragma once

#include "config/error.hpp"
#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One row of the catalogue. Rows that must not be used are kept, so that nobody adds them again unawares.
struct Mirror {
    enum class Status {
        live,       ///< usable
        alias,      ///< another address of a live row's store: completes settings, is not used by itself
        intranet,   ///< reachable only inside a cloud: completes settings
        unverified, ///< nobody has seen it work lately
        dead,       ///< gone, or never existed although guides name it
        pattern,    ///< not an address but a hint for people: "any PyPI mirror"
    };

    std::string kind;     ///< pypi, conda, conda-installers, pytorch-wheels, nvidia
    std::string operated; ///< who runs it, for people
    std::string family;   ///< whose copy it is
    std::string fed_by;   ///< the family that answers its misses; empty: independent
    std::string url;      ///< index or root, with a trailing slash; checked but where the status is dead or pattern
    std::string packages; ///< where PyPI's aa/bb/<60 hex>/<file> is appended
    std::vector<std::string> files; ///< URL prefixes of its file links
    bool root = false;              ///< the source whose word counts
    std::string layout;             ///< simple, anaconda, tree, flat, …
    Status status = Status::dead;
    std::optional<unsigned> order; ///< its place among the defaults of its kind; none: not used by default
    std::string note;

    bool usable() const { return status == Status::live; }

    /// What it counts as: a mirror whose misses another family answers is no second witness.
    const std::string& counts_as() const { return fed_by.empty() ? family : fed_by; }
};

/// Reads a catalogue; `name` stands in errors. Errors: Errc::invalid, "<name>:line:column: …".
Result<std::vector<Mirror>> parse_catalogue(std::string_view csv, std::string_view name);

/// The catalogue that the binary carries; read once, safe from any thread.
const std::vector<Mirror>& catalogue();

/// The endpoints for `kind` when the settings name none, in order: the root first, then one per independent family.
/// Empty for a kind without defaults.
std::vector<UpstreamSettings> default_upstreams(std::string_view kind, std::span<const Mirror> mirrors = catalogue());

/// The row of `kind` that `url` is an address of: the same host, port and path; http or https, with or without the
/// trailing slash. Null where nobody knows it.
const Mirror* find_mirror(std::string_view kind, std::string_view url, std::span<const Mirror> mirrors = catalogue());

} // namespace yizhan
