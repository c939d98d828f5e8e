// The client's end of a connection while a response leaves through it.
#pragma once

#include "config/error.hpp"
#include "proxy/task.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace yizhan {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

/// Sends a head together with the first bytes of its body, counts, and knows whether it waits for the client. Lives on
/// its connection's core; the socket is non-blocking and outlives it. Never raises SIGPIPE.
class Outlet {
  public:
    explicit Outlet(Socket& socket) : socket_(socket) {}

    /// A response begins. Nothing is sent yet; `head` must live until all of it has gone.
    void begin(std::string_view head);
    /// The response begun is replaced by another; only while has_begun_to_leave() is false.
    void take_back() { head_ = {}; }
    /// At least one byte of this response has gone: there is no other answer any more.
    bool has_begun_to_leave() const { return sent_ != begun_at_; }
    bool head_is_waiting() const { return !head_.empty(); }

    struct Sent {
        std::size_t bytes = 0; ///< of `bytes`; the head is not counted
        error_code error;      ///< not would_block: that is 0 bytes and no error
    };
    /// Sends what can go at once, the head first. `more`: further bytes follow immediately.
    Sent try_send(std::string_view bytes, bool more = false);

    /// Sends all of `bytes`, the head first, waiting for the client as often as it must.
    Task<error_code> send(std::string_view bytes, bool more = false);

    /// As try_send, by sendfile; call once the head has gone. 0 when the client takes no more now. Errors: cancelled
    /// when the client left, io when the file is too short or cannot be read.
    Result<std::uint64_t> try_sendfile(int fd, std::uint64_t offset, std::uint64_t size);

    /// Waits until the client takes more.
    Task<error_code> writable();

    /// Waiting for the client just now.
    bool blocked() const { return blocked_; }
    /// Bytes given to the kernel on this connection.
    std::uint64_t sent() const { return sent_; }
    /// Bytes of this response's body given to the kernel.
    std::uint64_t body_sent() const;
    /// Bytes that the client's TCP has acknowledged on this connection.
    std::uint64_t taken();

  private:
    Socket& socket_;
    std::string_view head_; // what of it has not gone
    std::size_t head_size_ = 0;
    std::uint64_t begun_at_ = 0;
    std::uint64_t sent_ = 0;
    bool blocked_ = false;
};

/// The error of every sender when the socket failed it.
std::unexpected<Error> client_left(const error_code& why);

} // namespace yizhan
