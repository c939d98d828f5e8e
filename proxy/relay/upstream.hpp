// One request to one upstream, one stream of bytes back. No retries, no policy, no redirects: who is asked, and what a
// failure means, is decided above. libcurl's multi interface driven by the relay thread's io_context; every call and
// every callback happens on that thread.
#pragma once

#include "config/error.hpp"
#include "config/url.hpp"
#include "proxy/relay/health/endpoint.hpp"
#include "proxy/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

/// An upstream's answer before its body. Names in lower case; of repeated fields the first counts.
struct Head {
    unsigned status = 0;
    Url url;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string address; ///< the peer's numeric address

    std::string_view field(std::string_view name) const;
    std::optional<std::uint64_t> content_length() const;
};

struct Stats {
    std::uint64_t body_bytes = 0;
    std::chrono::microseconds first_byte{0};
    std::chrono::microseconds total{0};
};

enum class Verdict { go_on, stop };
enum class Credit { more, pause };

/// Receives one answer. Never destroyed by the upstream; lives until on_done or cancel().
class Sink {
  public:
    virtual ~Sink() = default;
    /// The final head (not 1xx). `stop` ends the request: on_done follows with `cancelled`.
    virtual Verdict on_head(const Head& head) = 0;
    /// Body bytes in order, at most 16 KiB at a time. `pause`: these bytes are taken, the next wait for resume().
    virtual Credit on_bytes(std::span<const std::byte> bytes) = 0;
    /// Exactly once, last, and never from inside another call: a transport error, or how it went. A status is no error.
    /// Errors: unavailable (no connection), interrupted (it broke), timeout (silence), protocol, refused (an address
    /// that may not be connected to), cancelled.
    virtual void on_done(Result<Stats> result) = 0;
};

struct UpstreamRequest {
    Url url;
    bool head_only = false;
    std::string accept{}; ///< empty: */*
    /// A page or a list, whole and never paused: gzip is asked for and decoded, and HTTP/2 is spoken where the mirror
    /// does, so that a resolver's hundreds share one connection. Files come as they are, each over its own.
    bool document = false;
    std::string range{};                                       ///< "first-last" or "first-"; empty: none
    std::vector<std::pair<std::string, std::string>> fields{}; ///< If-None-Match and the like; never a client's own
    bool private_address_allowed = false;                      ///< the configuration names this host itself
    AddressFamily address = AddressFamily::any;
};

using Ticket = std::uint64_t;

class Upstream {
  public:
    struct Options {
        std::chrono::milliseconds connect_timeout{1500};
        std::chrono::milliseconds stall_timeout{
            4000}; ///< silence after the connection stands, before or within the body
        std::string user_agent;
        std::string ca_file; ///< empty: SSL_CERT_FILE, then the system's
        std::string proxy;   ///< HTTP proxy; empty: http_proxy, https_proxy, all_proxy and no_proxy are read
        /// For tests: "name:port:address" in place of what a resolver would say, so that none is asked.
        std::vector<std::string> resolve{};
    };

    Upstream(asio::io_context& relay, Options options);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    Ticket start(UpstreamRequest request, Sink& sink);
    void resume(Ticket ticket);
    /// Ends the request: its sink hears on_done with `cancelled`, in a turn of its own, and nothing before it.
    void stop(Ticket ticket);
    /// Ends the request; its sink is not called any more, and may be destroyed.
    void cancel(Ticket ticket);
    /// Bytes of its answer (encrypted ones, where it comes by TLS) that have arrived and wait for us to read them. Not
    /// told while it is paused.
    std::uint64_t unread(Ticket ticket) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace yizhan
