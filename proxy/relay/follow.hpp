// One request with its redirects: every hop is judged here before anything is connected to it.
#pragma once

#include "proxy/relay/upstream.hpp"

#include <functional>
#include <set>
#include <string>

namespace yizhan {

/// Origins ("https://host:port") that the configuration names: the only ones whose addresses may be private.
using NamedOrigins = std::set<std::string>;

/// A request that follows redirects by itself: at most `max_redirects` hops, never from https to http, never twice to
/// the same URL, private addresses only where the configuration names the origin. The sink hears of the last hop only,
/// and may destroy this object from inside its on_done. Destroying it earlier ends the request without another call.
/// Relay thread only.
class Follow final : private Sink {
  public:
    struct Context {
        Upstream& upstream;
        const NamedOrigins& named;
        unsigned max_redirects;
        /// Called before each hop is asked: an error keeps it from being asked, and ends the request.
        std::function<Result<void>(const Url& next)> on_hop = {};
    };

    /// Starts at once.
    Follow(Context context, UpstreamRequest request, Sink& sink);
    ~Follow() override;
    Follow(const Follow&) = delete;
    Follow& operator=(const Follow&) = delete;

    /// After a pause: more bytes are welcome.
    void resume() { context_.upstream.resume(ticket_); }
    /// No more is wanted: on_done follows with `cancelled`, in a turn of its own, and nothing before it.
    void stop() { context_.upstream.stop(ticket_); }
    std::uint64_t unread() const { return context_.upstream.unread(ticket_); } ///< as Upstream::unread

  private:
    void ask();
    Result<Url> next_hop(const Head& head);

    Verdict on_head(const Head& head) override;
    Credit on_bytes(std::span<const std::byte> bytes) override;
    void on_done(Result<Stats> result) override;

    Context context_;
    UpstreamRequest request_;
    Sink& sink_;
    Ticket ticket_ = 0;
    std::set<std::string> seen_;
    std::optional<Result<Url>> redirect_; // set by a 3xx head, until its body has been passed over
};

/// Whether `status` sends a GET elsewhere (301, 302, 303, 307, 308).
bool is_redirect(unsigned status);

} // namespace yizhan
