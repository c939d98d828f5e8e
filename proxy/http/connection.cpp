#include "proxy/http/connection.hpp"

#include "proxy/http/field_syntax.hpp"
#include "proxy/http/own_answers.hpp"
#include "proxy/http/stream_sender.hpp"
#include "proxy/http/target.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace yizhan {
namespace {

// Pipelined requests that are answered before the core's other connections get their turn.
constexpr unsigned most_in_a_row = 32;
// A client over a limit gets this long to send the request that 503 answers.
constexpr std::chrono::milliseconds overload_patience{1000};

} // namespace

void Connection::start(Core& core, const ConnectionContext& context, Accepted accepted) {
    auto connection = std::make_unique<Connection>(core, context, std::move(accepted));
    auto& self = *connection;
    auto done = [owned = std::move(connection)](const std::exception_ptr& error) {
        try {
            if (error)
                std::rethrow_exception(error);
        } catch (const std::exception& bug) {
            if (owned->gone_ == Gone::no)
                spdlog::error("a connection of {} ended in an exception: {}", owned->request_.client, bug.what());
        }
    };
    asio::co_spawn(core.context().get_executor(), self.run(),
                   asio::bind_cancellation_slot(self.cancel_.slot(), std::move(done)));
}

Connection::Connection(Core& core, const ConnectionContext& context, Accepted accepted)
    : core_(core), context_(context), rules_(context.limits.guard), seat_(std::move(accepted.seat)),
      socket_(core.context()), outlet_(socket_), buffer_(context.limits.guard.max_header + 4),
      floor_(context.limits.min_write_rate, context.limits.write_grace) {
    rules_.local = std::move(accepted.local);
    request_.client = std::move(accepted.peer.address);
    const auto protocol = accepted.family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    error_code error;
    socket_.assign(protocol, accepted.fd, error);
    if (!error) {
        accepted.fd = -1;
        socket_.native_non_blocking(true, error);
    }
    core_.add(*this);
}

Connection::~Connection() {
    error_code ignored;
    if (reset_on_close_)
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
    core_.remove(*this);
}

Task<void> Connection::run() {
    while (auto head = co_await next_head()) {
        const bool goes_on = co_await answer(*head);
        buffer_.consume(head->size);
        if (!goes_on)
            break;
        if (buffer_.empty()) {
            in_a_row_ = 0;
        } else if (++in_a_row_ == most_in_a_row) {
            in_a_row_ = 0;
            begin_wait();
            co_await asio::post(asio::use_awaitable_t<Executor>{});
        }
    }
    if (lingers_ && !reset_on_close_ && gone_ == Gone::no)
        co_await linger();
}

/// A deadline for what comes next: for a whole head from its first byte, never for a single byte, or a client that
/// drips its head could hold a connection for ever. The next tick sets it: reading the clock for every request costs
/// more than deadlines that are late by a tick.
void Connection::begin_wait() {
    const bool between = served_before_ && buffer_.empty();
    phase_ = between ? Phase::idle : Phase::reading;
    patience_ = between ? context_.limits.idle_timeout : context_.limits.header_timeout;
    if (seat_.welcome() != Peers::Welcome::yes)
        patience_ = std::min(patience_, overload_patience);
    deadline_.reset();
}

Task<std::optional<RequestHead>> Connection::next_head() {
    begin_wait();
    std::size_t scanned = 0;
    while (true) {
        auto judgement = judge(buffer_.view(), rules_, scanned);
        if (auto* head = std::get_if<RequestHead>(&judgement))
            co_return std::move(*head);
        if (auto* refusal = std::get_if<Refusal>(&judgement)) {
            co_await refuse(std::move(*refusal));
            co_return std::nullopt;
        }
        scanned = std::get<NeedMore>(judgement).scanned;
        if (timed_out_ && !buffer_.empty())
            co_await refuse({.status = 408, .sentence = "The request did not arrive in time."});
        if (timed_out_ || (core_.draining() && buffer_.empty()))
            co_return std::nullopt;
        if (phase_ == Phase::idle && !buffer_.empty())
            begin_wait();
        const auto room = buffer_.prepare();
        const auto [error, size] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), as_result);
        if (error && !timed_out_)
            co_return std::nullopt;
        buffer_.commit(size);
    }
}

Task<void> Connection::refuse(Refusal refusal) {
    begin_exchange();
    request_.fields.clear();
    const auto line = first_line(buffer_.view());
    request_.method = line.starts_with("HEAD ") ? Method::head : Method::get;
    auto response = refused(refusal);
    const auto delivery = begin(response, true);
    co_await deliver(response, delivery, true);
    log(line);
}

void Connection::begin_exchange() {
    phase_ = Phase::answering;
    started_ = Clock::now();
    request_.id = core_.next_id();
    status_ = 0;
    note_ = {};
    persists_ = false;
    outlet_.begin({});
}

Task<bool> Connection::answer(RequestHead& head) {
    begin_exchange();
    persists_ = head.keep_alive;
    std::string bug;
    bool goes_on = false;
    try {
        auto ready = take(head);
        if (!ready)
            ready = context_.handler.at_once(request_);
        auto response = ready ? std::move(*ready) : co_await context_.handler.handle(request_);
        if (gone_ == Gone::no) {
            const auto delivery = begin(response, head.http_1_1);
            goes_on =
                send_at_once(delivery, response) ? persists_ : co_await deliver(response, delivery, head.http_1_1);
        }
    } catch (const std::exception& error) {
        bug = error.what();
    }
    if (!bug.empty() && gone_ == Gone::no)
        co_await apologize(head, bug);
    log(head.line);
    served_before_ = true;
    co_return goes_on&& gone_ == Gone::no;
}

/// Fills request_; a response where the handler is not to be asked.
std::optional<Response> Connection::take(RequestHead& head) {
    request_.method = head.method;
    request_.target = head.target;
    request_.fields = std::move(head.fields);
    if (seat_.welcome() != Peers::Welcome::yes)
        return overloaded(seat_.welcome());
    auto target = take_apart(head.target);
    if (!target)
        return refused(target.error());
    request_.segments = std::move(target->segments);
    request_.query = target->query;
    return std::nullopt;
}

/// Settles how the response leaves; its head waits in the outlet from here on.
Delivery Connection::begin(Response& response, bool http_1_1) {
    auto delivery = plan_delivery(request_, http_1_1, persists_ && !core_.draining(), response);
    if (!render_head(response, delivery.head, head_bytes_)) {
        spdlog::error("request {}: the response had a field that must not be sent", request_.id);
        response = broken(request_.id);
        delivery = plan_delivery(request_, http_1_1, false, response);
        render_head(response, delivery.head, head_bytes_);
    }
    status_ = delivery.head.status;
    note_ = response.note;
    persists_ = delivery.head.persistence != Persistence::close;
    lingers_ = !persists_;
    reset_on_close_ = false;
    outlet_.begin(head_bytes_);
    return delivery;
}

/// One write for head and body, and no coroutine: true when that was all, as it is for most pages and small files.
bool Connection::send_at_once(const Delivery& delivery, const Response& response) {
    if (!delivery.with_body || delivery.head.length == 0)
        return false;
    if (const auto* blob = std::get_if<Blob>(&response.body))
        return core_.files().send_at_once(outlet_, blob->fd(), delivery.first, delivery.head.length);
    const auto* bytes = std::get_if<Shared>(&response.body);
    if (!bytes)
        return false;
    const auto sent = outlet_.try_send(std::string_view(**bytes).substr(delivery.first, delivery.head.length));
    return !sent.error && sent.bytes == delivery.head.length && !outlet_.head_is_waiting();
}

/// Sends what send_at_once has left. True when the connection may go on.
Task<bool> Connection::deliver(Response& response, const Delivery& delivery, bool http_1_1) {
    auto sent = co_await send(response, delivery);
    if (!sent && sent.error().code != Errc::cancelled && !outlet_.has_begun_to_leave()) {
        spdlog::warn("request {}: {}", request_.id, sent.error().text());
        outlet_.take_back(); // it is not too late for a proper answer
        auto apology = plain(sent.error());
        const auto second = begin(apology, http_1_1);
        sent = co_await send(apology, second);
    }
    if (sent)
        co_return persists_;
    if (gone_ == Gone::no && sent.error().code == Errc::cancelled)
        gone_ = Gone::left;
    if (gone_ == Gone::no) {
        spdlog::warn("request {}: the response is cut after {} bytes: {}", request_.id, outlet_.body_sent(),
                     sent.error().text());
        note_ = "cut";
        lingers_ = true; // with a length or chunks an early end is seen, and what came before it can be resumed
    }
    co_return false;
}

Task<Result<void>> Connection::send(const Response& response, const Delivery& delivery) {
    std::string_view rest;
    if (delivery.with_body) {
        const auto done = outlet_.body_sent();
        if (const auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&response.body))
            co_return co_await send_stream(**stream, delivery);
        if (const auto* blob = std::get_if<Blob>(&response.body); blob && delivery.head.length > 0)
            co_return co_await core_.files().send(outlet_, blob->fd(), delivery.first + done,
                                                  delivery.head.length - done);
        if (const auto* bytes = std::get_if<Shared>(&response.body); bytes && *bytes)
            rest = std::string_view(**bytes).substr(delivery.first, delivery.head.length).substr(done);
    }
    if (const auto error = co_await outlet_.send(rest))
        co_return client_left(error);
    co_return Result<void>{};
}

Task<Result<void>> Connection::send_stream(ByteStream& stream, const Delivery& delivery) {
    StreamPlan plan{.first = delivery.first, .end = std::nullopt, .framing = delivery.head.framing};
    if (delivery.size)
        plan.end = delivery.first + *delivery.size;
    StreamSender sender(outlet_, {core_.files(), core_.buffers(), core_.disk()}, stream, plan);
    reset_on_close_ = plan.framing == Framing::close;
    auto sent = co_await sender.run();
    reset_on_close_ = reset_on_close_ && !sent;
    co_return sent;
}

/// For a bug of ours.
Task<void> Connection::apologize(const RequestHead& head, const std::string& bug) {
    spdlog::error("request {} ({}) ended in an exception: {}", request_.id, printable(head.line, 200), bug);
    persists_ = false;
    if (outlet_.has_begun_to_leave()) {
        reset_on_close_ = true;
        co_return;
    }
    auto response = broken(request_.id);
    const auto delivery = begin(response, head.http_1_1);
    co_await deliver(response, delivery, head.http_1_1);
}

/// Closing a socket with unread bytes in it resets the connection, and a reset takes away what the client has not read
/// yet: so say that nothing more comes, and read on for a bounded while (RFC 9112 section 9.6).
Task<void> Connection::linger() {
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    phase_ = Phase::lingering;
    timed_out_ = false;
    patience_ = context_.limits.linger_timeout;
    deadline_.reset();
    std::uint64_t drained = 0;
    while (!error && !timed_out_ && drained < context_.limits.linger_bytes) {
        buffer_.consume(buffer_.view().size());
        const auto room = buffer_.prepare();
        const auto [failed, size] = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), as_result);
        error = failed;
        drained += size;
    }
}

void Connection::log(std::string_view line) {
    constexpr unsigned client_closed = 499; // nginx's word for a client that did not wait for an answer
    auto note = note_;
    switch (gone_) {
    case Gone::no:
        break;
    case Gone::left:
        note = "left";
        break;
    case Gone::slow:
        note = "slow";
        break;
    case Gone::cut:
        note = "cut";
        break;
    }
    core_.log({.client = request_.client,
               .line = line,
               .status = status_ == 0 || (gone_ != Gone::no && !outlet_.has_begun_to_leave()) ? client_closed : status_,
               .bytes = outlet_.body_sent(),
               .duration = Clock::now() - started_,
               .note = note,
               .id = request_.id});
}

} // namespace yizhan
