// What every index answers alike: which page a path asks for, in which form, and the response that carries it.
#pragma once

#include "proxy/http/message.hpp"
#include "proxy/routes/page_shelf.hpp"
#include "proxy/routes/project_pages.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace yizhan {

/// The form that the request's fields ask for, at the depth of its path.
PageForm wanted_form(const Request& request);

/// A rendered page with the fields that all pages have.
Response page_response(const PageForm& form, const RenderedPage& page);

/// The same from memory, and from wherever it had to be got: with what the log and Cache-Status say of it.
Response page_response(const PageForm& form, const ProjectPages::Fresh& hit);
Response page_response(const PageForm& form, const ProjectPages::Answer& answer);

/// An index's own page: `names` are normalised and sorted.
Response root_response(const Request& request, const std::vector<std::string>& names);

/// The project that the path asks for behind `prefix` segments, normalised; empty for the index's own page; else the
/// answer: 301 where the name is not normalised or the slash is missing, 404 for what is no name.
std::expected<std::string, Response> page_asked(const Request& request, std::size_t prefix);

} // namespace yizhan
