#include "proxy/http/listener.hpp"

#include "proxy/http/authority.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace yizhan {
namespace {

using namespace std::chrono_literals;

// Without descriptors or memory nothing is gained by trying at once.
constexpr auto exhausted_pause = 100ms;
constexpr auto complaint_interval = 10s;
// Accepted in one go before the core's connections get their turn.
constexpr unsigned most_per_burst = 64;
// Told off in one go while descriptors are short.
constexpr unsigned most_shed = 16;
// Clipped by net.core.somaxconn; a herd of CI runners connects at once.
constexpr int backlog = 4096;

struct HostPort {
    std::string host; ///< empty: every IPv4 address
    std::string port;
};

std::optional<HostPort> split(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto port = address.substr(colon + 1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size())
        return std::nullopt;
    auto host = address.substr(0, colon);
    if (!host.empty() && !parse_authority(host))
        return std::nullopt;
    if (host.starts_with('['))
        host = host.substr(1, host.size() - 2);
    return HostPort{std::string(host), std::string(port)};
}

struct AddressesDeleter {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

Result<Addresses> resolve(const HostPort& where, std::string_view written) {
    addrinfo hints{};
    hints.ai_family = where.host.empty() ? AF_INET : AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error =
        ::getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(), where.port.c_str(), &hints, &list);
    if (error != 0)
        return fail(Errc::invalid, fmt::format("cannot listen on {}: {}", written, ::gai_strerror(error)));
    return Addresses(list);
}

void set(int fd, int level, int option) {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

/// A listening socket; -1 with errno set.
int open_listener(const addrinfo& where) {
    const int fd = ::socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (where.ai_family == AF_INET6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (::bind(fd, where.ai_addr, where.ai_addrlen) == 0 && ::listen(fd, backlog) == 0)
        return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

std::string explain(int error) {
    const auto text = std::generic_category().message(error);
    if (error == EADDRINUSE)
        return text + "; another yizhan or another program listens there: stop it, or choose another address with "
                      "--listen";
    if (error == EACCES)
        return text + "; ports below 1024 need a privilege: choose a higher one with --listen";
    if (error == EADDRNOTAVAIL)
        return text + "; this machine does not have this address";
    return text;
}

sockaddr_storage local_address(int fd) {
    sockaddr_storage out{};
    socklen_t size = sizeof out;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&out), &size);
    return out;
}

LocalAddress local_of(const sockaddr_storage& address) {
    auto peer = Peer::from(address);
    return {.host = std::move(peer.address), .port = peer.port};
}

/// What the client has sent: left unread, the close would reset the connection under the answer. A client that sends
/// faster than we read must not keep us here, so no more than a request's head.
void take_in(int fd) {
    std::array<char, 4096> request; // NOLINT(cppcoreguidelines-pro-type-member-init)
    constexpr unsigned most_reads = 4;
    for (unsigned i = 0; i < most_reads && ::recv(fd, request.data(), request.size(), 0) > 0; ++i) {
    }
}

bool is_wildcard(const std::string& host) {
    return host == "0.0.0.0" || host == "::";
}

} // namespace

Listener::Listener(asio::io_context& context, Peers& peers, Accept on_accept)
    : context_(context), peers_(peers), on_accept_(std::move(on_accept)) {}

Listener::~Listener() = default;

Result<void> Listener::listen(std::string_view address) {
    const auto where = split(address);
    if (!where)
        return fail(Errc::invalid,
                    fmt::format("cannot listen on \"{}\": expected host:port, for example 127.0.0.1:8080 "
                                "or [::1]:8080",
                                address));
    auto found = resolve(*where, address);
    if (!found)
        return std::unexpected(std::move(found.error()));
    for (const auto* one = found->get(); one; one = one->ai_next) {
        const int fd = open_listener(*one);
        if (fd < 0)
            return fail(Errc::io, fmt::format("cannot listen on {}: {}", address, explain(errno)));
        if (auto adopted = adopt(fd); !adopted)
            return adopted;
    }
    return {};
}

Result<void> Listener::adopt(int fd) {
    const auto bound = local_address(fd);
    auto socket = std::make_unique<Socket>(Socket{
        .acceptor = Acceptor(context_), .pause = Timer(context_), .local = local_of(bound), .family = bound.ss_family});
    const auto protocol = bound.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    set(fd, IPPROTO_TCP, TCP_NODELAY); // accepted sockets inherit it; heads and small bodies leave in one write
    error_code error;
    socket->acceptor.assign(protocol, fd, error);
    if (error)
        return fail(Errc::io, "cannot use a listening socket: " + error.message());
    socket->acceptor.native_non_blocking(true, error);
    sockets_.push_back(std::move(socket));
    return {};
}

std::vector<std::string> Listener::addresses() const {
    std::vector<std::string> out;
    for (const auto& socket : sockets_)
        out.push_back(socket->family == AF_INET6 ? fmt::format("[{}]:{}", socket->local.host, socket->local.port)
                                                 : fmt::format("{}:{}", socket->local.host, socket->local.port));
    return out;
}

void Listener::start() {
    for (auto& socket : sockets_)
        asio::co_spawn(context_.get_executor(), accept_loop(*socket), asio::detached);
}

void Listener::close() {
    for (auto& socket : sockets_) {
        if (!socket->acceptor.is_open())
            continue;
        accept_burst(*socket); // closing would reset those that have connected already
        error_code ignored;
        socket->acceptor.close(ignored);
        socket->pause.cancel();
    }
}

Task<void> Listener::accept_loop(Socket& socket) {
    while (socket.acceptor.is_open()) {
        const auto [error] = co_await socket.acceptor.async_wait(Acceptor::wait_read, as_result);
        if (error || !socket.acceptor.is_open())
            co_return;
        if (accept_burst(socket) != Burst::exhausted)
            continue;
        socket.pause.expires_after(exhausted_pause);
        co_await socket.pause.async_wait(as_result);
    }
}

Listener::Burst Listener::accept_burst(Socket& socket) {
    for (unsigned i = 0; i < most_per_burst; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        const int fd = ::accept4(socket.acceptor.native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(socket, fd, from);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return Burst::drained;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            shed(socket);
            return Burst::exhausted;
        }
        // What else accept(2) lists is the fate of one connection (aborted, network down), not of the listener.
    }
    return Burst::more;
}

/// No descriptor is left: with the one kept in reserve the waiting clients are told so, one after another.
void Listener::shed(Socket& socket) {
    const auto now = std::chrono::steady_clock::now();
    if (now - complained_at_ >= complaint_interval) {
        complained_at_ = now;
        spdlog::warn("no descriptor is left for another connection ({}); connections are answered with 503. Raise the "
                     "limit of open files (ulimit -n, LimitNOFILE=) or lower http.max_connections",
                     std::generic_category().message(errno));
    }
    constexpr std::string_view sorry = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
                                       "Content-Length: 34\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
                                       "Too many connections; retry later\n";
    spare_.release();
    for (unsigned i = 0; i < most_shed; ++i) {
        const int fd = ::accept4(socket.acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        ::send(fd, sorry.data(), sorry.size(), MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        take_in(fd);
        ::close(fd);
    }
    spare_.hold();
}

void Listener::welcome(const Socket& socket, int fd, const sockaddr_storage& from) {
    Accepted accepted;
    accepted.fd = fd;
    accepted.family = socket.family;
    accepted.peer = Peer::from(from);
    accepted.seat = peers_.admit(accepted.peer);
    if (accepted.seat.welcome() == Peers::Welcome::turned_away)
        return;
    accepted.local = is_wildcard(socket.local.host) ? local_of(local_address(fd)) : socket.local;
    on_accept_(std::move(accepted));
}

} // namespace yizhan
