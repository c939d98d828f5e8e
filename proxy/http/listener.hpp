// The sockets that clients connect to, all on one core, which hands what it accepts to the others.
#pragma once

#include "config/error.hpp"
#include "proxy/http/connection.hpp"
#include "proxy/http/descriptors.hpp"
#include "proxy/http/peers.hpp"
#include "proxy/task.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One acceptor for all cores, not one each: the kernel spreads connections by hash, and the few heavy clients of a lab
/// may then all meet on one core. listen() before the context runs; the rest on its thread.
class Listener {
  public:
    using Accept = std::function<void(Accepted)>;

    /// `on_accept` is called on the context's thread; `peers` outlives the listener.
    Listener(asio::io_context& context, Peers& peers, Accept on_accept);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every IPv4 address); port 0 lets the kernel choose.
    /// An IPv6 address does not take IPv4 connections in: name both. Errors: invalid, io ("address already in use").
    Result<void> listen(std::string_view address);
    /// A listening socket from elsewhere; owned from now on.
    Result<void> adopt(int fd);

    /// The addresses bound, as "host:port" with the real port, IPv6 in brackets.
    std::vector<std::string> addresses() const;

    /// Begins to accept.
    void start();
    /// Accepts what has connected already, then closes the sockets.
    void close();

  private:
    using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
    enum class Burst { drained, more, exhausted };

    struct Socket {
        Acceptor acceptor;
        Timer pause;
        LocalAddress local; ///< host empty: a wildcard, each connection knows its own
        int family = 0;
    };

    Task<void> accept_loop(Socket& socket);
    Burst accept_burst(Socket& socket);
    void shed(Socket& socket);
    void welcome(const Socket& socket, int fd, const sockaddr_storage& from);

    asio::io_context& context_;
    Peers& peers_;
    Accept on_accept_;
    SpareDescriptor spare_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::chrono::steady_clock::time_point complained_at_{};
};

} // namespace yizhan
