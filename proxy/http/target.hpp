// A request target taken apart, once (RFC 3986 section 3.3 and 3.4). Pure.
#pragma once

#include "proxy/http/guard.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

struct Target {
    std::vector<std::string> segments; ///< between slashes, each decoded once; a trailing slash adds an empty one
    std::string_view query;            ///< as it came, without '?'
};

/// `target` is in origin-form and visible ASCII (the guard saw to it). Refused with 400: broken escapes, characters
/// that a path must spell encoded, "." and "..", and whatever could mean something else to the next reader once it is
/// decoded: '/', '\', '%', control characters and bytes beyond ASCII. Refused with 404: an empty segment before the
/// last. '+' stays '+'. Routes decide whether they take a query.
std::expected<Target, Refusal> take_apart(std::string_view target);

} // namespace yizhan
