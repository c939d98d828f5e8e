// What passes between a connection and a route: a request that the guard has judged, and a response still without
// conditional or range handling; the connection applies If-None-Match, If-Range and Range to it (RFC 9110).
#pragma once

#include "cache/store.hpp"
#include "config/error.hpp"
#include "index/date_time.hpp"
#include "proxy/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace yizhan {

enum class Method { get, head };

/// A request that passed the guard. Views point into the connection's buffer and live until the response is sent.
struct Request {
    Method method = Method::get;
    std::string_view target;           ///< as it came, origin-form
    std::vector<std::string> segments; ///< between slashes, each decoded once; a trailing slash adds an empty one
    std::string_view query;            ///< as it came, without '?'
    unsigned above = 0;                ///< segments before these that were taken off: links climb over them too
    std::optional<UnixTime> before;    ///< index pages are wanted without what came at that moment or later
    std::vector<std::pair<std::string_view, std::string_view>> fields; ///< names as they came

    std::string client;   ///< the peer's address, for the log
    std::uint64_t id = 0; ///< unique in this process, for the log

    /// The value of the first field of this name (case-insensitive); empty where there is none.
    std::string_view field(std::string_view name) const;
};

/// Some bytes that may leave now: a range of an open file that outlives it.
struct Extent {
    std::shared_ptr<const Blob::File> file;
    int fd = -1;
    std::uint64_t offset = 0; ///< in the object
    std::uint64_t at = 0;     ///< in the file
    std::uint64_t size = 0;   ///< never 0 on success
};

/// An object whose bytes are still arriving. Lives on its connection's core; destroyed as soon as the client has left.
class ByteStream {
  public:
    virtual ~ByteStream() = default;
    /// The object's size where it is known before the end.
    virtual std::optional<std::uint64_t> size() const = 0;
    /// Waits until bytes at `offset` may leave. An empty optional: `offset` is the end of the object, and everything
    /// before it was verified. An error: the rest will never come; the response must be cut, not completed. Must end
    /// soon after it is cancelled (cancellation_type::terminal): the client has left, or the server ends.
    virtual Task<Result<std::optional<Extent>>> next(std::uint64_t offset) = 0;
};

struct Empty {};
using Shared = std::shared_ptr<const std::string>;
/// A verified blob, or bytes in memory, or a delivery under way.
using Body = std::variant<Empty, Shared, Blob, std::unique_ptr<ByteStream>>;

/// Which Range requests the body can answer.
enum class Ranges {
    none,   ///< Range is ignored: 200
    to_end, ///< only a range that reaches the object's end (an object not verified yet: RFC 9110 lets us ignore others)
    all,
};

struct Response {
    unsigned status = 200;
    std::string content_type;   ///< empty: none sent
    std::string etag;           ///< strong, with its quotes; empty: none
    bool if_range_only = false; ///< the ETag answers If-Range but not If-None-Match (a delivery not verified yet)
    Ranges ranges = Ranges::none;
    std::vector<std::pair<std::string, std::string>> fields; ///< further fields, values already validated
    std::string_view lines; ///< fields that all answers of a kind share, as render_fields() wrote them; static
    std::optional<std::int64_t> hit_ttl; ///< a hit, fresh for so many seconds: Cache-Status says so (RFC 9211)
    Body body;
    std::string_view note; ///< static word for the access log: "hit", "miss", "stale", …
    bool close = false;    ///< end the connection after this response
};

/// Answers requests. Called on the connection's core, possibly on several cores at once; an exception becomes a 500 and
/// is logged.
class Handler {
  public:
    virtual ~Handler() = default;
    /// The answer where it is at hand: nothing is waited for, no coroutine is made (a sixth of a hit's instructions).
    /// Nullopt: handle() knows.
    virtual std::optional<Response> at_once(const Request&) { return std::nullopt; }
    /// Cancelled like ByteStream::next when nobody waits for the answer any more.
    virtual Task<Response> handle(const Request& request) = 0;
};

/// A plain-text answer with one trailing newline: what was asked, whom, what came back, what to do.
Response plain(unsigned status, std::string text);

/// The status that a client should see for a failure (503 for everything that may pass, with Retry-After).
Response plain(const Error& error);

/// A 301 to a path given relative to the request, so that mount points survive.
Response moved(std::string location);

} // namespace yizhan
