// Which path of ours a file has: PyPI's own where its URL spells one, else one made of its SHA-256 (design, section 3).
#pragma once

#include "config/digest.hpp"
#include "config/url.hpp"
#include "index/project_page.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// Where PyTorch's wheels stand below our root: its tree, path by path.
inline constexpr std::string_view wheel_tree_folder = "pytorch/whl/";

/// A file as a path of ours names it: exactly one of the digests is set, or `folder`.
struct LocatedFile {
    std::optional<Blake2b256> blake2b; ///< "pypi/packages/aa/bb/<60 hex>/<file>"
    std::optional<Sha256> sha256;      ///< "pypi/files/sha256/<64 hex>/<file>"
    std::string filename;              ///< of the distribution, without ".metadata"
    bool metadata = false;             ///< its core metadata is meant (PEP 658)
    /// "pytorch/whl/cu102/": of an index whose own paths are kept; then neither digest need be set, for the path does
    /// not spell one.
    std::string folder{};

    /// The path below our root, percent-decoded, without leading slash; with ".metadata" where `metadata` is set.
    std::string path() const;
    bool operator==(const LocatedFile&) const = default;
};

/// Where a listed file is found with us. PyPI's path is taken where the URL ends in /packages/aa/bb/<60 lower-case
/// hex>/<its file name>; else the page's sha256; nullopt where neither is there: nothing says what its bytes must be.
std::optional<LocatedFile> locate(const ProjectFile& file);

/// What `locate(file)->path()` is, up to and with the '/' before the file name, and nothing where locate gives nothing;
/// without a detour over digests, because rendering asks for thousands of them. Appends to `out`.
bool append_located_folder(std::string& out, const ProjectFile& file);

/// Whether the file has a path of ours.
bool is_located(const ProjectFile& file);

/// Gives the files whose URLs lie under one of `trees` ("https://host/whl/") their folder below `wheel_tree_folder`:
/// ".../whl/cu102/x.whl" stands in "pytorch/whl/cu102/". Others, and odd paths, are left as they are.
void place_in_wheel_tree(ProjectPage& page, std::span<const std::string> trees);

/// Reads the decoded segments of a path of ours below "pytorch/whl": {"cu102", "torch-1.9.0+cu102-….whl"}. nullopt for
/// what no file of the tree is called.
std::optional<LocatedFile> parse_in_wheel_tree(std::span<const std::string> segments);

/// Reads the decoded segments of a path of ours below "pypi": {"packages", "aa", "bb", …} or {"files", "sha256", …}.
/// nullopt for anything that `LocatedFile::path` would not write.
std::optional<LocatedFile> parse_located(std::span<const std::string> segments);

/// Drops every file whose URL lies under none of the prefixes (each taken as a folder): a page may not send our
/// requests to hosts that its upstream does not declare.
void keep_within(ParsedPage& parsed, std::span<const Url> prefixes);

/// Drops all but the first of files with the same name, and of a tree the same folder: of two, pip 18.1 takes the first
/// and later ones the last.
void keep_first_of_each_name(ParsedPage& parsed);

} // namespace yizhan
