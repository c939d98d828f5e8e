// A Python package index to be published on mirrors: the same content on several of them, each in its own dialect.
#pragma once

#include "tests/origin/body.hpp"
#include "tests/origin/server.hpp"
#include "tests/origin/wheel.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace yizhan::origin {

/// One file of a project, and what the page says of it.
struct Distribution {
    std::string filename;
    Body body{};
    std::optional<std::string> metadata{}; ///< set: PEP 658 metadata is advertised, with these bytes
    std::string requires_python{};
    std::optional<std::string> yanked{};                     ///< set: yanked, perhaps with a reason
    std::string upload_time = "2024-01-02T03:04:05.000000Z"; ///< empty: not told
    std::string listed_sha256{};                             ///< empty: the true one; else what the page says instead
    std::string href{};                                      ///< empty: where it is published; else this link, verbatim
};

struct PublishOptions {
    std::string index = "/simple/";

    enum class Paths {
        pypi,  ///< <files>/packages/aa/bb/<60 hex of BLAKE2b-256>/<file>
        plain, ///< <files>/files/<project>/<file>
    } paths = Paths::pypi;

    enum class Links {
        relative, ///< as bandersnatch writes them: ../../packages/…
        absolute, ///< as PyPI writes them
        rooted,   ///< /packages/…
    } links = Links::relative;

    enum class Hash { sha256, none } hash = Hash::sha256;
    enum class Metadata {
        yes,        ///< advertised and there
        no,         ///< neither
        missing,    ///< advertised, but 404
        unannounced ///< there, but not advertised
    } metadata = Metadata::yes;

    bool json = true;                      ///< PEP 691 for those who ask; HTML in any case
    bool files = true;                     ///< the files themselves; without them a mirror of pages only
    Server* files_on = nullptr;            ///< another server that holds the files (links are absolute then)
    std::optional<std::uint64_t> serial{}; ///< X-PyPI-Last-Serial and _last-serial
    std::vector<std::string> only{};       ///< these projects; empty: all
    std::vector<std::string> without{};    ///< files that this mirror does not have yet, and does not list
    std::vector<std::string> other_hash{}; ///< files for which its pages name a digest that no bytes have
};

/// The content. Not synchronised: fill it, then publish.
class PypiIndex {
  public:
    /// Adds a wheel with its metadata; gives back the entry for adjusting before it is published.
    Distribution& add_wheel(const std::string& project, const std::string& version, const WheelOptions& options = {});

    /// Adds any file.
    Distribution& add(const std::string& project, Distribution distribution);

    /// A project without files is a page without links.
    void add_project(const std::string& project) { projects_[project]; }

    const Distribution& find(const std::string& filename) const; ///< std::out_of_range where there is none

    std::vector<std::string> filenames() const;

    /// "/packages/…/<file>" or "/files/<project>/<file>", not percent-encoded.
    std::string path(const std::string& filename, PublishOptions::Paths paths = PublishOptions::Paths::pypi) const;

    /// Serves pages and files on `server` as they are now; publishing again replaces them.
    void publish(Server& server, const PublishOptions& options = {}) const;

    std::string html(const std::string& project, const Server& server, const PublishOptions& options) const;
    std::string json(const std::string& project, const Server& server, const PublishOptions& options) const;

  private:
    std::vector<Distribution> listed(const std::string& project, const PublishOptions& options) const;
    std::string href(const std::string& project, const Distribution& file, const Server& server,
                     const PublishOptions& options) const;
    void publish_files(Server& server, const std::vector<Distribution>& files, const PublishOptions& options) const;

    std::map<std::string, std::vector<Distribution>> projects_; ///< by normalised name
};

} // namespace yizhan::origin
