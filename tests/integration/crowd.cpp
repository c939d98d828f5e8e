#include "tests/integration/crowd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace yizhan::integration {

namespace {

constexpr std::size_t most_kept = 4096;

sockaddr_in loopback(const std::string& address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &out.sin_addr);
    return out;
}

origin::Descriptor connect_from(const std::string& from, std::uint16_t port, int receive_buffer) {
    origin::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const auto source = loopback(from, 0);
    const auto target = loopback("127.0.0.1", port);
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0 ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
        origin::throw_errno("connect");
    }
    return socket;
}

} // namespace

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Crowd::Crowd(std::uint16_t port, std::size_t count, const std::string& from, int receive_buffer) {
    members_.reserve(count);
    while (members_.size() < count) {
        members_.push_back({connect_from(from, port, receive_buffer), {}, false});
    }
}

void Crowd::send(std::string_view bytes) {
    for (Member& member : members_) {
        if (!member.ended) {
            ::send(member.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
}

void Crowd::receive(std::size_t most) {
    std::array<char, most_kept> block;
    for (Member& member : members_) {
        if (member.ended) {
            continue;
        }
        const ssize_t count = ::recv(member.socket.get(), block.data(), std::min(most, block.size()), MSG_DONTWAIT);
        member.ended = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
        if (count > 0) {
            member.received.append(block.data(), std::min<std::size_t>(static_cast<std::size_t>(count),
                                                                       most_kept - member.received.size()));
        }
    }
}

template <class Done>
bool Crowd::wait(const Done& done, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        receive(most_kept);
        std::vector<pollfd> waiting;
        for (const Member& member : members_) {
            if (!member.ended && !done(member)) {
                waiting.push_back({member.socket.get(), POLLIN, 0});
            }
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (waiting.empty() || left.count() <= 0) {
            return waiting.empty();
        }
        ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    }
}

bool Crowd::wait_ended(std::chrono::milliseconds patience) {
    return wait([](const Member&) { return false; }, patience);
}

bool Crowd::wait_received(std::size_t bytes, std::chrono::milliseconds patience) {
    return wait([bytes](const Member& member) { return member.received.size() >= bytes; }, patience);
}

std::size_t Crowd::ended() const {
    return static_cast<std::size_t>(std::ranges::count_if(members_, &Member::ended));
}

std::size_t Crowd::heard(std::string_view beginning) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members_, [beginning](const Member& member) { return member.received.starts_with(beginning); }));
}

} // namespace yizhan::integration
