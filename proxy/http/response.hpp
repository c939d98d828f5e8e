// A response's head as bytes (RFC 9112 section 4). Nothing that a client or an upstream wrote leaves unchecked.
#pragma once

#include "proxy/http/message.hpp"

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace yizhan {

/// How the end of the body is told (RFC 9112 section 6.3).
enum class Framing {
    none,    ///< no body and no length: 304
    length,  ///< Content-Length
    chunked, ///< HTTP/1.1, length unknown
    close,   ///< HTTP/1.0, length unknown: the end of the connection is the end of the body
};

enum class Persistence {
    implied,    ///< HTTP/1.1 goes on without a word
    keep_alive, ///< HTTP/1.0 wants to hear it
    close,
};

/// What the connection decided about a response.
struct HeadPlan {
    unsigned status = 200;
    Framing framing = Framing::length;
    std::uint64_t length = 0;
    std::optional<std::uint64_t> total =
        std::nullopt; ///< 206: the whole object's size; `first` and `length` are the window
    std::uint64_t first = 0;
    Persistence persistence = Persistence::implied;
};

/// Writes status line, fields and the empty line into `out`, replacing what is there. False, with `out` empty, when a
/// field's name or value is not fit for the wire (control or non-ASCII characters) or is one that only the connection
/// may write (Connection, Content-Length, Transfer-Encoding, Date).
bool render_head(const Response& response, const HeadPlan& plan, std::string& out);

/// The lines of these fields, for Response::lines. std::invalid_argument for one that render_head() would refuse.
std::string render_fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

/// The reason phrase of a status; "" for one that yizhan never sends.
std::string_view reason(unsigned status);

/// RFC 9110 5.6.7: IMF-fixdate, for example "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t when);

} // namespace yizhan
