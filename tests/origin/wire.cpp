#include "tests/origin/wire.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace yizhan::origin {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto forever = Clock::time_point::max();

int poll_timeout(Clock::time_point until) {
    if (until == forever) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

} // namespace

Wire::Wire(Descriptor socket, const Descriptor& stop)
    : socket_(std::move(socket)), stop_(stop), tls_(nullptr, SSL_free) {
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    // Small writes are part of a script: they must leave one by one.
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::Wait Wire::wait(short events, int other, Clock::time_point until) const {
    while (true) {
        std::array<pollfd, 3> polled{{{socket_.get(), static_cast<short>(events | POLLRDHUP), 0},
                                      {stop_.get(), POLLIN, 0},
                                      {other, POLLIN, 0}}}; // a negative descriptor is left out
        const int count = ::poll(polled.data(), polled.size(), poll_timeout(until));
        if (count < 0 && errno != EINTR) {
            return Wait::hangup;
        }
        if (polled[1].revents != 0) {
            return Wait::stopped;
        }
        if (polled[2].revents != 0) {
            return Wait::ready;
        }
        const int seen = polled[0].revents;
        if ((seen & events) != 0) {
            return Wait::ready;
        }
        if ((seen & (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL)) != 0) {
            return Wait::hangup;
        }
        if (count == 0 && Clock::now() >= until) {
            return Wait::timeout;
        }
    }
}

bool Wire::handshake(ssl_ctx_st& context) {
    tls_.reset(SSL_new(&context));
    SSL_set_fd(tls_.get(), socket_.get());
    while (true) {
        const int result = SSL_accept(tls_.get());
        if (result == 1) {
            return true;
        }
        const int error = SSL_get_error(tls_.get(), result);
        const bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        if (!again || wait(events, -1, forever) != Wait::ready) {
            return false;
        }
    }
}

std::size_t Wire::read_some(std::span<char> out) {
    while (true) {
        short events = POLLIN;
        if (tls_) {
            const int count = SSL_read(tls_.get(), out.data(), static_cast<int>(out.size()));
            if (count > 0) {
                return static_cast<std::size_t>(count);
            }
            const int error = SSL_get_error(tls_.get(), count);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                return 0;
            }
            events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        } else {
            const ssize_t count = ::recv(socket_.get(), out.data(), out.size(), 0);
            if (count >= 0) {
                return static_cast<std::size_t>(count);
            }
            if (errno != EAGAIN && errno != EINTR) {
                return 0;
            }
        }
        if (wait(events, -1, forever) != Wait::ready) {
            return 0;
        }
    }
}

bool Wire::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        short events = POLLOUT;
        ssize_t count = 0;
        if (tls_) {
            const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
            count = SSL_write(tls_.get(), bytes.data(), size);
            if (count <= 0) {
                const int error = SSL_get_error(tls_.get(), static_cast<int>(count));
                if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                    return false;
                }
                events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
            }
        } else {
            count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0 && errno != EAGAIN && errno != EINTR) {
                return false;
            }
        }
        if (count > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (wait(events, -1, forever) != Wait::ready) {
            return false;
        }
    }
    return !stopped();
}

Wire::Wait Wire::wait_event(int event) {
    return wait(0, event, forever);
}

Wire::Wait Wire::wait_until(Clock::time_point when) {
    return Clock::now() >= when ? Wait::timeout : wait(0, -1, when);
}

void Wire::finish() {
    if (tls_) {
        SSL_shutdown(tls_.get());
    }
    ::shutdown(socket_.get(), SHUT_WR);
    // Two seconds for a peer that never closes; it has seen our FIN long before.
    const auto until = Clock::now() + std::chrono::seconds(2);
    std::array<char, 4096> rest;
    while (wait(POLLIN, -1, until) == Wait::ready) {
        if (::recv(socket_.get(), rest.data(), rest.size(), 0) <= 0) {
            break;
        }
    }
    socket_.close();
}

void Wire::reset() {
    // close() with SO_LINGER 0 throws away what is not yet acknowledged, so look at the send queue until it is empty.
    int queued = 0;
    while (::ioctl(socket_.get(), SIOCOUTQ, &queued) == 0 && queued > 0 &&
           wait_until(Clock::now() + std::chrono::milliseconds(1)) == Wait::timeout) {
    }
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.close();
}

bool Wire::stopped() const {
    pollfd polled{stop_.get(), POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0;
}

} // namespace yizhan::origin
