// A small document (an index page, a piece of metadata) fetched whole into memory, redirects followed.
#pragma once

#include "proxy/relay/follow.hpp"
#include "proxy/task.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace yizhan {

struct Fetched {
    Head head;
    std::string body; ///< decoded where a `document` was asked for
    Stats stats;
};

/// What a body must bring, decoded: a mirror that drips is never silent, and would be waited for without end.
struct LeastRate {
    std::chrono::milliseconds window{5000}; ///< judged by whole windows from the head on, the first one excepted
    std::uint64_t bytes_per_second = 0;     ///< 0: any will do
};

/// One request, any status; no second try. Errors: as Upstream's, `timeout` also where the body is slower than `least`,
/// or `protocol` where it is larger than `limit` (a bomb behind gzip counts decoded) or shorter than its
/// Content-Length. Relay thread only.
Task<Result<Fetched>> fetch(Follow::Context context, UpstreamRequest request, std::uint64_t limit, LeastRate least);

} // namespace yizhan
