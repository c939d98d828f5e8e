// What an honest mirror has under a path, and the canned answers of the less honest ones.
#pragma once

#include "tests/origin/body.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan::origin {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The first field of this name, case-insensitive; empty where there is none.
std::string_view field(const Fields& fields, std::string_view name);

bool iequals(std::string_view a, std::string_view b);

/// The words of RFC 9110 after the status, "Scripted" for statuses that no test has needed so far.
std::string_view reason_phrase(unsigned status);

struct Resource {
    unsigned status = 200;
    std::string content_type = "application/octet-stream"; ///< empty: none sent
    Body body;
    std::string etag;          ///< with its quotes; empty: none. Answered with 304 to If-None-Match, obeyed by If-Range
    std::string last_modified; ///< likewise, If-Modified-Since by equality
    bool ranges = true;        ///< honour single byte ranges of a 200 and say so
    Fields fields;             ///< further fields, in this order

    /// Answered instead where the request's Accept names "application/vnd.pypi.simple.v1+json" (with Vary: Accept).
    std::shared_ptr<const Resource> json;
};

/// A file: octets with a strong ETag made of its content.
Resource file(Body body);

/// An HTML page with 200 and a strong ETag.
Resource page(std::string html);

Resource text(unsigned status, std::string words);

/// 404 as nginx words it, in HTML.
Resource not_found();

/// What a mirror's firewall says: 403 and an HTML page with a rule code and a request id.
Resource forbidden();

/// A proof-of-work page with status 200 and type text/html in place of the file.
Resource challenge();

/// 429 with Retry-After in seconds (left out where negative).
Resource too_many(int retry_after);

/// A redirect to `location`, written as given: absolute, root-relative, relative, or malformed.
Resource redirect(std::string location, unsigned status = 302);

/// 200 with Content-Length: 0, as a mirror with a broken backend answers.
Resource empty();

} // namespace yizhan::origin
