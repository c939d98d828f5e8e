// HTML pages of an index (PEP 503, 592, 629, 658/714, 740, 792) → the model.
#pragma once

#include "config/error.hpp"
#include "config/url.hpp"
#include "index/project_page.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// The projects that an index's root page names.
struct RootPage {
    std::vector<std::string> names; ///< normalised, sorted, each once
    std::optional<std::uint64_t> serial;
};

/// Reads a project's page. `final_url` is where the page came from after redirects: links are relative to it, or to
/// the page's `<base>`. Errors (`protocol`): the page is no index page (a challenge, a login, a portal), stops in the
/// middle, is another project's (an empty project: any will do), or speaks a major version of the API that is not 1. A
/// single odd file is dropped.
Result<ParsedPage> parse_html_page(std::string_view html, const Url& final_url, std::string_view normalized_project);

/// Reads the root page; links that are no project names are skipped. Errors as above.
Result<RootPage> parse_root_html(std::string_view html);

} // namespace yizhan
