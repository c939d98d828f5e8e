// The first to look at a request's bytes, and the only one: a strict parse of one request head (RFC 9110, RFC 9112).
//
// The guard is at once judge and parser. Boost.Beast's parser is not used behind it: after a strict parse a second one
// adds cost and, wherever the two differ, the very hole (request smuggling) that the guard is there to close.
// Pure: no clock, no socket; the same bytes get the same judgement however they were split on their way.
#pragma once

#include "proxy/http/authority.hpp"
#include "proxy/http/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace yizhan {

struct GuardRules {
    std::size_t max_header = 16UL * 1024; ///< bytes of request line, fields and the empty line together
    std::size_t max_target = 8UL * 1024;  ///< RFC 9112 section 3 recommends at least 8000
    std::size_t max_fields = 100;         ///< browsers send about 20; 900 fit into 8 KiB
    LocalAddress local;                   ///< an absolute-form target is accepted for this address only
};

/// The head is not complete; everything up to `scanned` needs no second look.
struct NeedMore {
    std::size_t scanned = 0;
};

/// What to answer. The connection must be closed after it: where this message ends is not known for sure.
struct Refusal {
    unsigned status = 400;
    std::string sentence; ///< for the client: what is wrong and what to do
};

/// A request that may be answered. Views point into the judged bytes.
struct RequestHead {
    Method method = Method::get;
    std::string_view line;   ///< the request line without its line end, for the log
    std::string_view target; ///< origin-form: starts with '/', visible ASCII only
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    bool http_1_1 = true;   ///< false: HTTP/1.0
    bool keep_alive = true; ///< what version and Connection field say
    std::size_t size = 0;   ///< bytes of the head, with an empty line before it; the next request starts here
};

using Judgement = std::variant<NeedMore, Refusal, RequestHead>;

/// Judges the head at the start of `bytes`, which may hold more than one. `scanned` is what an earlier NeedMore for
/// the same, shorter bytes said. Only GET and HEAD without a body pass; one empty line before the head is skipped.
/// Field values may hold obs-text (cookies of other services on this host do); everything that is acted upon may not.
Judgement judge(std::string_view bytes, const GuardRules& rules, std::size_t scanned = 0);

} // namespace yizhan
