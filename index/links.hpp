// The links of one page, made absolute and judged: what both page parsers do with every file they find.
#pragma once

#include "config/error.hpp"
#include "config/url.hpp"
#include "index/project_page.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace yizhan {

/// Resolves links against a page's URL (or its `<base>`). One thread at a time.
class LinkResolver {
  public:
    explicit LinkResolver(Url base);

    /// The normalised absolute URL, exactly what `base.resolve(link)` gives; quick for the forms that index generators
    /// write, since a page may hold 10,000 of them. Errors: whatever Url refuses; and encoded dot segments, slashes
    /// and backslashes, which some servers decode before they look for the file.
    Result<std::string> resolve(std::string_view link);

  private:
    std::optional<std::string> resolve_plain(std::string_view link);
    bool is_known_origin(std::string_view origin);

    Url base_;
    std::string origin_;
    std::string folder_;       ///< the base without what follows its last '/'
    std::string other_origin_; ///< the last foreign origin that the URL parser found to be normalised already
};

/// Collects the files of one project's page. Not for use after `finish`.
class PageBuilder {
  public:
    /// An empty project: a list of files of any (what pip's --find-links reads).
    PageBuilder(Url base, std::string_view normalized_project);

    /// Takes a file whose `url` is still as the page gave it, without fragment; an empty `filename` is read from the
    /// link. Files that break a rule are dropped with the reason.
    void add(ProjectFile file);

    void drop(std::string filename, std::string reason);

    /// Errors: `protocol` where every file is a wheel of another project.
    Result<ParsedPage> finish();

    ProjectPage& page() { return out_.page; }

  private:
    Result<void> judge(ProjectFile& file);

    LinkResolver links_;
    ParsedPage out_;
    std::unordered_set<std::string> seen_; ///< URL, file name
    std::size_t foreign_ = 0;              ///< wheels of other projects
    std::string foreign_name_;
};

/// Adds a digest as a page gives it. False where a sha256 is not 64 hexadecimal digits; other digests that are no
/// hexadecimal text of a sane length, or of an algorithm whose name is odd, are left out.
bool add_hash(ProjectFile& file, std::string_view algorithm, std::string_view hex);

/// RFC 3339 as PEP 700 wants it: "2010-06-29T19:56:36.719942Z"; other offsets are accepted, dates are not checked
/// against the calendar.
bool is_upload_time(std::string_view text);

/// An absolute https URL without odd bytes (PEP 740).
bool is_provenance_url(std::string_view text);

} // namespace yizhan
