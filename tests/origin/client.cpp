#include "tests/origin/client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace yizhan::origin {

namespace {

constexpr std::uint64_t most_kept = 64 << 20;

bool poll_one(int fd, short events, std::chrono::milliseconds patience) {
    pollfd polled{fd, events, 0};
    int count = 0;
    do {
        count = ::poll(&polled, 1, static_cast<int>(patience.count()));
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

std::chrono::milliseconds between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(b - a);
}

} // namespace

Client::Client(std::uint16_t port, const std::string& address, std::chrono::milliseconds patience)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), patience_(patience) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    if (!socket_ || ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        throw_errno("connect");
    }
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!poll_one(socket_.get(), POLLOUT, patience_)) {
            return false;
        }
        const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    return true;
}

void Client::start_answer() {
    reply_ = {};
    head_read_ = over_ = in_chunk_ = head_request_ = false;
    asked_ = last_ = Clock::now();
}

Reply Client::next() {
    start_answer();
    return finish();
}

bool Client::request(std::string_view target, const Fields& fields, std::string_view method) {
    std::string head = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    if (field(fields, "Host").empty()) {
        head += "Host: localhost\r\n";
    }
    for (const auto& [name, value] : fields) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    start_answer();
    head_request_ = method == "HEAD";
    return send(head + "\r\n");
}

void Client::expect(Body body, std::uint64_t offset) {
    expected_ = std::move(body);
    expected_offset_ = offset;
}

bool Client::fill() {
    const bool ready = poll_one(socket_.get(), POLLIN, patience_);
    const auto now = Clock::now();
    reply_.longest_gap = std::max(reply_.longest_gap, between(last_, now));
    last_ = now;
    if (!ready) {
        reply_.timed_out = true;
        return false;
    }
    std::array<char, 1 << 16> block;
    const ssize_t count = ::recv(socket_.get(), block.data(), block.size(), 0);
    if (count <= 0) {
        reply_.was_reset = count < 0 && errno == ECONNRESET;
        return false;
    }
    buffer_.append(block.data(), static_cast<std::size_t>(count));
    return true;
}

void Client::ended(bool complete) {
    over_ = true;
    reply_.complete = complete;
    expected_.reset();
}

bool Client::parse_head() {
    const auto end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
        return false;
    }
    std::string_view head = std::string_view(buffer_).substr(0, end + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    reply_.status = 0;
    reply_.fields.clear();
    if (line.starts_with("HTTP/1.") && line.size() >= 12) {
        std::from_chars(line.data() + 9, line.data() + 12, reply_.status);
    }
    head.remove_prefix(line.size() + 2);
    while (!head.empty()) {
        const std::string_view text = head.substr(0, head.find("\r\n"));
        head.remove_prefix(text.size() + 2);
        const auto colon = text.find(':');
        const auto value = colon == std::string_view::npos ? colon : text.find_first_not_of(" \t", colon + 1);
        reply_.fields.emplace_back(text.substr(0, colon),
                                   value == std::string_view::npos ? std::string_view{} : text.substr(value));
    }
    buffer_.erase(0, end + 4);
    return true;
}

bool Client::read_head() {
    if (head_read_ || over_) {
        return head_read_;
    }
    while (!head_read_) {
        while (!parse_head()) {
            if (!fill()) {
                ended(false);
                return false;
            }
        }
        head_read_ = reply_.status >= 200 || reply_.status == 0;
    }
    const std::string_view length = reply_.field("Content-Length");
    if (head_request_ || reply_.status == 204 || reply_.status == 304) {
        framing_ = Framing::none;
    } else if (iequals(reply_.field("Transfer-Encoding"), "chunked")) {
        framing_ = Framing::chunked;
    } else if (!length.empty()) {
        framing_ = Framing::length;
        std::from_chars(length.data(), length.data() + length.size(), left_);
    } else {
        framing_ = Framing::close;
    }
    if (framing_ == Framing::none || (framing_ == Framing::length && left_ == 0)) {
        ended(true);
    }
    return true;
}

void Client::take(std::string_view bytes) {
    if (reply_.received == 0 && !bytes.empty()) {
        reply_.first_byte = between(asked_, last_);
    }
    if (expected_) {
        reply_.as_expected = reply_.as_expected && expected_->equals_at(expected_offset_ + reply_.received, bytes);
    } else if (reply_.body.size() < most_kept) {
        reply_.body += bytes;
    }
    reply_.received += bytes.size();
}

bool Client::step_chunk() {
    if (in_chunk_) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
        take(std::string_view(buffer_).substr(0, count));
        buffer_.erase(0, count);
        left_ -= count;
        in_chunk_ = left_ > 0;
        return true;
    }
    const auto end = buffer_.find("\r\n");
    if (end == std::string::npos) {
        return true;
    }
    if (end == 0) { // the line end after a chunk's bytes
        buffer_.erase(0, 2);
        return true;
    }
    std::uint64_t size = 0;
    std::from_chars(buffer_.data(), buffer_.data() + end, size, 16);
    if (size == 0) {
        if (buffer_.size() >= end + 4) { // trailers are not expected from anybody here
            buffer_.erase(0, end + 4);
            ended(true);
        }
        return !over_;
    }
    buffer_.erase(0, end + 2);
    left_ = size;
    in_chunk_ = true;
    return true;
}

bool Client::step() {
    if (over_) {
        return false;
    }
    const std::size_t before = buffer_.size();
    if (framing_ == Framing::chunked && before > 0) {
        if (!step_chunk()) {
            return false;
        }
        if (buffer_.size() != before) {
            return true;
        }
    } else if (before > 0) {
        const std::uint64_t count = framing_ == Framing::length ? std::min<std::uint64_t>(left_, before) : before;
        take(std::string_view(buffer_).substr(0, static_cast<std::size_t>(count)));
        buffer_.erase(0, static_cast<std::size_t>(count));
        if (framing_ == Framing::length) {
            left_ -= count;
            if (left_ == 0) {
                ended(true);
            }
        }
        return true;
    }
    if (!fill()) {
        ended(framing_ == Framing::close && !reply_.was_reset && !reply_.timed_out);
        return false;
    }
    return true;
}

bool Client::read_body(std::uint64_t count) {
    if (!head_read_ && !read_head()) {
        return false;
    }
    while (reply_.received < count && step()) {
    }
    return reply_.received >= count;
}

Reply Client::finish() {
    if (head_read_ || read_head()) {
        while (step()) {
        }
    }
    return reply_;
}

Reply Client::get(std::string_view target, const Fields& fields, std::string_view method) {
    request(target, fields, method);
    return finish();
}

bool Client::closed(std::chrono::milliseconds patience) {
    if (!buffer_.empty() || !poll_one(socket_.get(), POLLIN, patience)) {
        return false;
    }
    char byte = 0;
    return ::recv(socket_.get(), &byte, 1, MSG_PEEK) <= 0;
}

void Client::leave(bool abruptly) {
    if (abruptly) {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    socket_.close();
}

Reply fetch(std::uint16_t port, std::string_view target, const Fields& fields, std::string_view method) {
    return Client(port).get(target, fields, method);
}

} // namespace yizhan::origin
