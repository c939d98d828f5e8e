// The part of a connection that runs while its coroutine waits: deadlines, the rate floor, and the end from outside.
#include "proxy/http/connection.hpp"

#include <algorithm>
#include <poll.h>

namespace yizhan {

std::chrono::milliseconds ConnectionLimits::tick() const {
    using namespace std::chrono_literals;
    auto shortest = std::min({header_timeout, idle_timeout, write_grace, head_patience, linger_timeout});
    return std::clamp(shortest / 4, 5ms, 250ms);
}

void Connection::tick(Clock::time_point now) {
    if (phase_ != Phase::answering) {
        if (!deadline_)
            deadline_ = now + patience_;
        if (now < *deadline_ || timed_out_)
            return;
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);
        return;
    }
    const bool blocked = outlet_.blocked();
    if (floor_.too_slow(now, blocked ? outlet_.taken() : 0, blocked))
        return let_go(Gone::slow);
    if (blocked)
        return;
    // Neither do we read nor write: only by asking is it noticed that the client has gone.
    if (client_has_left())
        return let_go(Gone::left);
    if (outlet_.head_is_waiting() && now - started_ >= context_.limits.head_patience)
        outlet_.try_send({});
}

void Connection::drain() {
    if (phase_ == Phase::answering || phase_ == Phase::lingering || !buffer_.empty())
        return;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::cut() {
    let_go(Gone::cut);
}

void Connection::let_go(Gone why) {
    if (gone_ == Gone::no)
        gone_ = why;
    timed_out_ = true;
    reset_on_close_ = true;
    error_code ignored;
    socket_.cancel(ignored);
    cancel_.emit(asio::cancellation_type::terminal);
}

bool Connection::client_has_left() {
    pollfd end{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&end, 1, 0) > 0;
}

} // namespace yizhan
