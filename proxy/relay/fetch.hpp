// A small document (an index page, a piece of metadata) fetched whole into memory, redirects followed.
#pragma once

#include "proxy/relay/follow.hpp"
#include "proxy/task.hpp"

#include <cstdint>
#include <string>

namespace yizhan {

struct Fetched {
    Head head;
    std::string body; ///< decoded where a `document` was asked for
    Stats stats;
};

/// One request, any status; no second try. Errors: as Upstream's, or `protocol` where the body is larger than `limit`
/// (a bomb behind gzip counts decoded) or shorter than its Content-Length. Relay thread only.
Task<Result<Fetched>> fetch(Follow::Context context, UpstreamRequest request, std::uint64_t limit);

} // namespace yizhan
