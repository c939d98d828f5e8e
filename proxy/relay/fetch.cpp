#include "proxy/relay/fetch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <memory>

namespace yizhan {
namespace {

class Collector final : public Sink {
  public:
    Collector(const Executor& executor, std::uint64_t limit, LeastRate least)
        : wake_(executor), limit_(limit), least_(least) {}

    void begin(Follow::Context context, UpstreamRequest request) {
        whom_ = redacted(request.url.str());
        head_only_ = request.head_only;
        follow_ = std::make_unique<Follow>(std::move(context), std::move(request), *this);
    }

    Task<Result<Fetched>> finished() {
        while (!outcome_) {
            wake_.expires_at(window_end_);
            co_await wake_.async_wait(as_result);
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
                break;
            look_at_rate(Clock::now());
        }
        if (too_large_)
            co_return fail(Errc::protocol, fmt::format("{}: the document is over {} bytes", whom_, limit_));
        if (!outcome_)
            co_return fail(Errc::cancelled, whom_ + ": no longer wanted");
        if (!*outcome_)
            co_return std::unexpected(outcome_->error());
        co_return Fetched{std::move(*head_), std::move(body_), **outcome_};
    }

  private:
    using Clock = std::chrono::steady_clock;

    // At a window's end.
    void look_at_rate(Clock::time_point now) {
        if (outcome_ || now < window_end_)
            return;
        const auto came = body_.size() - before_window_;
        const auto seconds = std::chrono::duration<double>(least_.window).count();
        if (!first_window_ && static_cast<double>(came) < seconds * static_cast<double>(least_.bytes_per_second)) {
            follow_.reset(); // ends the request without another call
            end(fail(Errc::timeout, fmt::format("{}: {} bytes in {:.1f} s, {} in all: too slow to be waited for", whom_,
                                                came, seconds, body_.size())));
            return;
        }
        first_window_ = false;
        before_window_ = body_.size();
        window_end_ = now + least_.window;
    }

    Verdict on_head(const Head& head) override {
        head_ = head;
        if (least_.bytes_per_second > 0) {
            window_end_ = Clock::now() + least_.window;
            wake_.cancel(); // the wait begins anew
        }
        too_large_ = !head_only_ && head.content_length().value_or(0) > limit_; // a HEAD's length is of what it spares
        return too_large_ ? Verdict::stop : Verdict::go_on;
    }

    Credit on_bytes(std::span<const std::byte> bytes) override {
        if (too_large_)
            return Credit::more;
        if (bytes.size() > limit_ - body_.size()) {
            too_large_ = true;
            follow_.reset(); // ends the request without another call
            end(fail(Errc::protocol, "too large"));
            return Credit::more;
        }
        body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return Credit::more;
    }

    void on_done(Result<Stats> result) override { end(std::move(result)); }

    void end(Result<Stats> result) {
        outcome_ = std::move(result);
        wake_.cancel();
    }

    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> wake_;
    std::uint64_t limit_;
    LeastRate least_;
    Clock::time_point window_end_ = Clock::time_point::max(); // until the head is here
    bool first_window_ = true;                                // a slow start is none yet
    std::size_t before_window_ = 0;                           // bytes that came before it
    std::string whom_;
    std::unique_ptr<Follow> follow_;
    std::optional<Head> head_;
    std::string body_;
    bool head_only_ = false;
    bool too_large_ = false;
    std::optional<Result<Stats>> outcome_;
};

} // namespace

Task<Result<Fetched>> fetch(Follow::Context context, UpstreamRequest request, std::uint64_t limit, LeastRate least) {
    const auto executor = co_await asio::this_coro::executor;
    Collector collector(executor, limit, least);
    collector.begin(std::move(context), std::move(request));
    co_return co_await collector.finished();
}

} // namespace yizhan
