// One accepted connection as raw bytes, plain or TLS. Every wait also ends when the server stops.
#pragma once

#include "tests/origin/descriptor.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace yizhan::origin {

/// Owned and used by one connection's thread.
class Wire {
  public:
    enum class Wait {
        ready,   ///< what was waited for is there
        hangup,  ///< the peer is gone
        stopped, ///< the server stops
        timeout,
    };

    /// `stop` is readable when the server stops; it outlives the wire.
    Wire(Descriptor socket, const Descriptor& stop);

    /// False when the peer's TLS does not fit or it leaves.
    bool handshake(ssl_ctx_st& context);

    /// The next bytes; 0 at the end, on any failure, and when the server stops.
    std::size_t read_some(std::span<char> out);

    /// False when the peer is gone or the server stops.
    bool write_all(std::string_view bytes);

    /// Waits until `event` is readable.
    Wait wait_event(int event);

    /// Waits until then; never `ready`.
    Wait wait_until(std::chrono::steady_clock::time_point when);

    /// Sends FIN (close_notify under TLS) once everything is out, and reads what the peer still sends: a close with
    /// unread bytes would be an RST, which can destroy what the peer has not read yet.
    void finish();

    /// Sends RST after the peer's kernel has acknowledged every byte, so that it sees exactly these bytes.
    void reset();

    bool stopped() const;

  private:
    Wait wait(short events, int other, std::chrono::steady_clock::time_point until) const;

    Descriptor socket_;
    const Descriptor& stop_;
    std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
};

} // namespace yizhan::origin
