// A real server on a loopback port with a scripted handler, and a client that sees every byte and every end.
#pragma once

#include "cache/blob_file.hpp"
#include "proxy/http/server.hpp"
#include "proxy/notifier.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace yizhan::test {

// Nothing waits for so long but a test that is about to fail.
inline constexpr std::chrono::seconds patience{30};

/// Log lines, to be waited for.
class CapturedLog final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    /// False when no line with this text comes.
    bool wait_for(std::string_view text) {
        std::unique_lock lock(lines_mutex_);
        return changed_.wait_for(lock, patience, [&] { return lines_.contains(text); });
    }
    std::string lines() {
        const std::scoped_lock lock(lines_mutex_);
        return lines_;
    }

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const std::scoped_lock lock(lines_mutex_);
        lines_.append(message.payload.data(), message.payload.size()).append("\n");
        changed_.notify_all();
    }
    void flush_() override {}

    std::mutex lines_mutex_;
    std::condition_variable changed_;
    std::string lines_;
};

struct Reply {
    unsigned status = 0;
    std::string head; ///< with the empty line
    std::string body;
    bool complete = false; ///< as a careful client judges it
    bool reset = false;    ///< the connection was reset, not closed

    std::string field(std::string_view name) const {
        const auto at = head.find("\r\n" + std::string(name) + ": ");
        if (at == std::string::npos)
            return {};
        const auto from = at + name.size() + 4;
        return head.substr(from, head.find("\r\n", from) - from);
    }
};

/// A blocking client on one connection. Failures to connect end the test.
class Client {
  public:
    explicit Client(std::uint16_t port) : Client() { connect(port); }
    Client() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), bytes_(std::move(other.bytes_)) {}
    ~Client() { close(); }

    void connect(std::uint16_t port) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0) << errno;
    }
    /// Keeps the kernel from taking much off the server for us; before connect().
    void keep_little(int bytes = 4096) { ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

    /// False when the server no longer takes it.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    bool get(std::string_view target, std::string_view fields = "", std::string_view method = "GET",
             std::string_view version = "HTTP/1.1") {
        std::string out;
        out.append(method).append(" ").append(target).append(" ").append(version).append("\r\nHost: a.example\r\n");
        return send(out.append(fields).append("\r\n"));
    }

    /// One response; `head` when it answers a HEAD.
    Reply reply(bool head = false) {
        Reply out;
        std::size_t end = 0;
        while ((end = bytes_.find("\r\n\r\n")) == std::string::npos)
            if (!more(out))
                return out;
        out.head = take(end + 4);
        out.status = static_cast<unsigned>(std::atoi(out.head.c_str() + 9));
        if (head || out.status == 304) {
            out.complete = true;
        } else if (out.field("Transfer-Encoding") == "chunked") {
            chunks(out);
        } else if (const auto length = out.field("Content-Length"); !length.empty()) {
            const auto wanted = std::stoull(length);
            while (bytes_.size() < wanted && more(out)) {
            }
            out.body = take(std::min<std::size_t>(wanted, bytes_.size()));
            out.complete = out.body.size() == wanted;
        } else {
            while (more(out)) {
            }
            out.body = take(bytes_.size());
            out.complete = !out.reset;
        }
        return out;
    }
    Reply ask(std::string_view target, std::string_view fields = "", std::string_view method = "GET",
              std::string_view version = "HTTP/1.1") {
        get(target, fields, method, version);
        return reply(method == "HEAD");
    }

    /// Waits for at least this many further bytes without taking a response apart.
    std::string read(std::size_t size) {
        Reply ignored;
        while (bytes_.size() < size && more(ignored)) {
        }
        return take(std::min(size, bytes_.size()));
    }
    /// Everything until the end of the connection.
    std::string read_to_end() {
        Reply ignored;
        while (more(ignored)) {
        }
        return take(bytes_.size());
    }
    /// True when nothing is left but the end of the connection, in whatever form.
    bool is_at_end() { return read_to_end().empty(); }
    /// True when there is something to read, or the end, within this time.
    bool readable(int milliseconds) {
        pollfd one{.fd = fd_, .events = POLLIN, .revents = 0};
        return ::poll(&one, 1, milliseconds) > 0;
    }

    /// The connection was reset, not closed.
    bool was_reset() const { return reset_; }

    void shut_write() { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }
    void reset() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }

  private:
    bool more(Reply& reply) {
        std::string room(64UL * 1024, '\0');
        const auto got = ::recv(fd_, room.data(), room.size(), 0);
        if (got < 0) {
            EXPECT_NE(errno, EAGAIN) << "nothing came for " << patience.count() << " s";
            reply.reset = reset_ = errno == ECONNRESET;
        }
        if (got <= 0)
            return false;
        bytes_.append(room, 0, static_cast<std::size_t>(got));
        return true;
    }
    std::string take(std::size_t size) {
        auto out = bytes_.substr(0, size);
        bytes_.erase(0, size);
        return out;
    }
    void chunks(Reply& out) {
        while (true) {
            std::size_t end = 0;
            while ((end = bytes_.find("\r\n")) == std::string::npos)
                if (!more(out))
                    return;
            const auto size = std::stoull(take(end + 2), nullptr, 16);
            while (bytes_.size() < size + 2)
                if (!more(out)) {
                    out.body += take(bytes_.size());
                    return;
                }
            out.body += take(size);
            EXPECT_EQ(take(2), "\r\n");
            if (size == 0) {
                out.complete = true;
                return;
            }
        }
    }

    int fd_ = -1;
    bool reset_ = false;
    std::string bytes_;
};

using Answer = std::function<Task<Response>(const Request&)>;

class ScriptedHandler final : public Handler {
  public:
    explicit ScriptedHandler(Answer answer) : answer_(std::move(answer)) {}
    std::optional<Response> at_once(const Request& request) override {
        return at_once_ ? at_once_(request) : std::nullopt;
    }
    Task<Response> handle(const Request& request) override { return answer_(request); }

    std::function<std::optional<Response>(const Request&)> at_once_;

  private:
    Answer answer_;
};

struct Tuning {
    Settings settings;
    ConnectionLimits limits;
    FileMode file_mode = FileMode::sendfile;
    std::function<std::optional<Response>(const Request&)> at_once = {};
};

/// Two cores, so that what crosses threads is seen; deadlines long unless a test shortens them.
class TestServer {
  public:
    explicit TestServer(Answer answer, const std::function<void(Tuning&)>& tune = {}) : handler_(std::move(answer)) {
        Tuning tuning;
        tuning.settings.listen = {"127.0.0.1:0"};
        tuning.settings.threads = 2;
        // Longer than a client waits: what ends by a deadline that a test has not shortened is a failure.
        tuning.settings.http.drain_timeout = 2 * patience;
        tuning.limits.idle_timeout = tuning.limits.header_timeout = tuning.limits.write_grace = 2 * patience;
        // Long, but with a short tick: waiting is only ever for events.
        tuning.limits.linger_timeout = std::chrono::milliseconds(100);
        if (tune)
            tune(tuning);
        handler_.at_once_ = std::move(tuning.at_once);
        log_ = std::make_shared<CapturedLog>();
        auto logger = std::make_shared<spdlog::logger>("access", log_);
        logger->set_pattern("%v");
        server_.emplace(tuning.settings, tuning.limits, handler_,
                        Server::Options{.disk = disk_, .access_logger = logger, .file_mode = tuning.file_mode});
        const auto bound = server_->listen();
        if (!bound)
            throw std::runtime_error(bound.error().text());
        port_ = static_cast<std::uint16_t>(std::stoi(bound->front().substr(bound->front().rfind(':') + 1)));
        thread_ = std::thread([this] { server_->run(); });
    }
    ~TestServer() {
        server_->stop();
        if (thread_.joinable())
            thread_.join();
        disk_.join();
        server_.reset();
    }

    Client connect() const { return Client(port_); }
    std::uint16_t port() const { return port_; }
    Server& server() { return *server_; }
    CapturedLog& log() { return *log_; }
    /// Waits until run() has returned.
    void join() { thread_.join(); }

  private:
    asio::thread_pool disk_{2};
    ScriptedHandler handler_;
    std::shared_ptr<CapturedLog> log_;
    std::optional<Server> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// Bytes that tell where they are.
inline std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<char>((i * 2654435761U) >> 13U);
    return out;
}

/// An unlinked file with these bytes.
inline std::shared_ptr<Blob::File> file_of(std::string_view bytes) {
    std::string name = testing::TempDir() + "yizhan-http-XXXXXX";
    auto file = std::make_shared<Blob::File>();
    file->descriptor = Descriptor(::mkstemp(name.data()));
    ::unlink(name.c_str());
    file->size = bytes.size();
    while (!bytes.empty()) {
        const auto written = ::write(file->descriptor.get(), bytes.data(), bytes.size());
        if (written <= 0)
            throw std::runtime_error("cannot write a test file");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return file;
}

inline Blob blob_of(std::string_view bytes) {
    return Blob(file_of(bytes));
}

inline Response response_of(Body body, Ranges ranges = Ranges::none) {
    Response out;
    out.content_type = "application/octet-stream";
    out.etag = "\"tag\"";
    out.ranges = ranges;
    out.body = std::move(body);
    out.note = "hit";
    return out;
}

inline Shared shared(std::string_view text) {
    return std::make_shared<const std::string>(text);
}

/// What an object's stream releases, decided by the test from its own thread.
class Script {
  public:
    explicit Script(std::string bytes, std::optional<std::uint64_t> announced)
        : bytes_(std::move(bytes)), file_(file_of(bytes_)), announced_(announced) {}

    void release(std::uint64_t end) {
        change([&] { released_ = end; });
    }
    void finish() {
        change([&] { finished_ = true; });
    }
    void fail_with(Error error) {
        change([&] { error_ = std::move(error); });
    }
    /// False when the stream is not destroyed.
    bool wait_until_destroyed() { return destroyed_.get_future().wait_for(patience) == std::future_status::ready; }
    bool wait_until_asked() { return asked_.get_future().wait_for(patience) == std::future_status::ready; }

    std::unique_ptr<ByteStream> stream() { return std::make_unique<Stream>(*this); }

  private:
    class Stream final : public ByteStream {
      public:
        explicit Stream(Script& script) : script_(script) {}
        ~Stream() override { script_.destroyed_.set_value(); }
        std::optional<std::uint64_t> size() const override { return script_.announced_; }
        Task<Result<std::optional<Extent>>> next(std::uint64_t offset) override {
            if (!std::exchange(asked_, true))
                script_.asked_.set_value();
            co_await script_.notifier_.wait([this, offset] { return script_.ready(offset); });
            const std::scoped_lock lock(script_.mutex_);
            if (script_.released_ > offset)
                co_return Extent{.file = script_.file_,
                                 .fd = script_.file_->descriptor.get(),
                                 .offset = offset,
                                 .at = offset,
                                 .size = script_.released_ - offset};
            if (script_.error_)
                co_return std::unexpected(*script_.error_);
            if (script_.finished_)
                co_return std::nullopt;
            co_return fail(Errc::cancelled, "cancelled");
        }

      private:
        Script& script_;
        bool asked_ = false;
    };

    bool ready(std::uint64_t offset) {
        const std::scoped_lock lock(mutex_);
        return released_ > offset || finished_ || error_;
    }
    template <class Change>
    void change(Change what) {
        {
            const std::scoped_lock lock(mutex_);
            what();
        }
        notifier_.notify_all();
    }

    std::string bytes_;
    std::shared_ptr<Blob::File> file_;
    std::optional<std::uint64_t> announced_;
    std::mutex mutex_;
    std::uint64_t released_ = 0;
    bool finished_ = false;
    std::optional<Error> error_;
    Notifier notifier_;
    std::promise<void> destroyed_, asked_;
};

} // namespace yizhan::test
