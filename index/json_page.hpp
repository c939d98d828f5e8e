// JSON pages of an index (PEP 691, 592, 658/714, 700, 740, 792) → the model.
#pragma once

#include "config/error.hpp"
#include "config/url.hpp"
#include "index/html_page.hpp"
#include "index/project_page.hpp"

#include <string_view>

namespace yizhan {

/// Bytes of a project's JSON page that are still parsed; the largest pages of PyPI have some 10 MB.
inline constexpr std::size_t max_json_page = 128UL * 1024 * 1024;

/// Reads a project's page. Keys that no rule names are kept, up to a nesting of 32; empty texts count as absent, as
/// shadowmire writes them. PEP 708's `tracks` and `alternate-locations` are left out: it was rejected. Errors
/// (`protocol`): no JSON, no object with a list of files, another project's name, a major version that is not 1.
/// A single odd file is dropped.
Result<ParsedPage> parse_json_page(std::string_view json, const Url& final_url, std::string_view normalized_project);

/// Reads the root page without building a tree: PyPI's has 700,000 projects. Errors as above.
Result<RootPage> parse_root_json(std::string_view json);

} // namespace yizhan
