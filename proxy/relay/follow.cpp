#include "proxy/relay/follow.hpp"

#include <fmt/format.h>

#include <utility>

namespace yizhan {
namespace {

// A redirect's body up to this size is read and dropped, which keeps the connection; over it a new one is cheaper.
constexpr std::uint64_t max_passed_over = 16 * 1024;

} // namespace

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Follow::Follow(Context context, UpstreamRequest request, Sink& sink)
    : context_(std::move(context)), request_(std::move(request)), sink_(sink) {
    ask();
}

Follow::~Follow() {
    context_.upstream.cancel(ticket_);
}

void Follow::ask() {
    redirect_.reset();
    seen_.insert(request_.url.str());
    request_.private_address_allowed = context_.named.contains(request_.url.origin());
    ticket_ = context_.upstream.start(request_, *this);
}

Result<Url> Follow::next_hop(const Head& head) {
    const auto from = redacted(request_.url.str());
    if (seen_.size() > context_.max_redirects)
        return fail(Errc::protocol, fmt::format("{}: redirects more than {} times", from, context_.max_redirects));
    const auto location = head.field("location");
    if (location.empty())
        return fail(Errc::protocol, fmt::format("{}: redirects ({}) without a Location", from, head.status));
    auto next = request_.url.resolve(location);
    if (!next)
        return fail(Errc::protocol, from + ": redirects to what is no usable URL: " + next.error().message);
    if (request_.url.scheme() == "https" && next->scheme() == "http")
        return fail(Errc::refused, fmt::format("{}: redirects from https to http ({}), which would give up its "
                                               "protection; not followed",
                                               from, redacted(next->str())));
    if (seen_.contains(next->str()))
        return fail(Errc::protocol, fmt::format("{}: redirects in a circle through {}", from, redacted(next->str())));
    return next;
}

Verdict Follow::on_head(const Head& head) {
    if (!is_redirect(head.status))
        return sink_.on_head(head);
    redirect_ = next_hop(head);
    return head.content_length().value_or(max_passed_over + 1) <= max_passed_over ? Verdict::go_on : Verdict::stop;
}

Credit Follow::on_bytes(std::span<const std::byte> bytes) {
    return redirect_ ? Credit::more : sink_.on_bytes(bytes);
}

void Follow::on_done(Result<Stats> result) {
    if (!redirect_)
        return sink_.on_done(std::move(result));
    if (*redirect_ && context_.on_hop)
        if (auto allowed = context_.on_hop(**redirect_); !allowed)
            *redirect_ = std::unexpected(allowed.error());
    if (!*redirect_)
        return sink_.on_done(std::unexpected(redirect_->error()));
    request_.url = **redirect_;
    ask();
}

} // namespace yizhan
