// One client's connection: reads a head, has it judged, asks the handler, sends the answer, and begins again.
#pragma once

#include "proxy/http/accepted.hpp"
#include "proxy/http/core.hpp"
#include "proxy/http/delivery.hpp"
#include "proxy/http/guard.hpp"
#include "proxy/http/message.hpp"
#include "proxy/http/outlet.hpp"
#include "proxy/http/rate_floor.hpp"
#include "proxy/http/receive_buffer.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace yizhan {

struct ConnectionLimits {
    GuardRules guard;
    std::chrono::milliseconds header_timeout{10'000}; ///< from the first byte of a head (the first: from the accept)
    std::chrono::milliseconds idle_timeout{60'000};   ///< between a response and the next head
    std::uint64_t min_write_rate = 0;                 ///< bytes per second; 0: none
    std::chrono::milliseconds write_grace{30'000};    ///< how long a client may take nothing at all
    /// A head whose body lets itself be waited for leaves alone after this: pip gives up after 15 s without a byte.
    std::chrono::milliseconds head_patience{10'000};
    std::chrono::milliseconds linger_timeout{2'000}; ///< for a client to read our last answer and close
    std::uint64_t linger_bytes = 1024UL * 1024;      ///< of what it still sends meanwhile

    /// How often a core must look so that no deadline is late by more than a quarter.
    std::chrono::milliseconds tick() const;
};

/// What all connections of a server share. Outlives them.
struct ConnectionContext {
    Handler& handler;
    ConnectionLimits limits;
};

/// Lives and dies on its core. Requests are answered strictly in order and nothing is read while one is being answered,
/// so a client that does not read is not read from. A handler's exception is answered with 500 and ends this connection
/// only. The handler, or the stream it returned, is cancelled (cancellation_type::terminal) once the client has left; a
/// client that closes its sending side while it waits is taken to have left, as nginx takes it.
class Connection final : public Resident {
  public:
    /// Takes the socket over and serves it. Call on the core's thread.
    static void start(Core& core, const ConnectionContext& context, Accepted accepted);

    Connection(Core& core, const ConnectionContext& context, Accepted accepted);
    ~Connection() override;

    void tick(std::chrono::steady_clock::time_point now) override;
    void drain() override;
    void cut() override;

  private:
    using Clock = std::chrono::steady_clock;
    enum class Phase { reading, idle, answering, lingering };
    /// Why nobody waits for the answer any more.
    enum class Gone { no, left, slow, cut };

    Task<void> run();
    Task<std::optional<RequestHead>> next_head();
    Task<void> refuse(Refusal refusal);
    Task<bool> answer(RequestHead& head);
    std::optional<Response> take(RequestHead& head);
    Delivery begin(Response& response, bool http_1_1);
    bool send_at_once(const Delivery& delivery, const Response& response);
    Task<bool> deliver(Response& response, const Delivery& delivery, bool http_1_1);
    Task<Result<void>> send(const Response& response, const Delivery& delivery);
    Task<Result<void>> send_stream(ByteStream& stream, const Delivery& delivery);
    Task<void> apologize(const RequestHead& head, const std::string& bug);
    Task<void> linger();

    void begin_exchange();
    void begin_wait();
    void let_go(Gone why);
    bool client_has_left();
    void log(std::string_view line);

    Core& core_;
    const ConnectionContext& context_;
    GuardRules rules_;
    Peers::Seat seat_;
    Socket socket_;
    Outlet outlet_;
    ReceiveBuffer buffer_;
    RateFloor floor_;
    asio::cancellation_signal cancel_;
    Request request_;
    std::string head_bytes_;

    Phase phase_ = Phase::reading;
    Gone gone_ = Gone::no;
    bool served_before_ = false;
    bool timed_out_ = false;
    bool lingers_ = false;        // our close must not take the last answer away from the client
    bool reset_on_close_ = false; // the end of the connection must not look like the end of a body
    bool persists_ = false;       // as the last head said
    unsigned in_a_row_ = 0;       // requests answered without waiting for the client
    unsigned status_ = 0;         // of the answer being sent, for the log
    std::string_view note_;
    std::chrono::milliseconds patience_{};
    std::optional<Clock::time_point> deadline_; // none: the next tick sets it
    Clock::time_point started_{};
};

} // namespace yizhan
