#include "tests/origin/server.hpp"

#include "tests/origin/request.hpp"
#include "tests/origin/responder.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace yizhan::origin {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address make_address(const std::string& text, std::uint16_t port) {
    Address out;
    if (text.find(':') != std::string::npos) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1 || !IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
            throw std::invalid_argument("not a loopback address: " + text);
        }
        std::memcpy(&out.storage, &v6, out.size = sizeof v6);
        return out;
    }
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) != 1 || !text.starts_with("127.")) {
        throw std::invalid_argument("not a loopback address: " + text);
    }
    std::memcpy(&out.storage, &v4, out.size = sizeof v4);
    return out;
}

bool fits(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with('*')) {
        return path.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return pattern.starts_with('/') ? path == pattern : path.ends_with(pattern);
}

/// The value whose key fits best: the path itself, else the longest pattern.
template <class Map>
auto best(Map& map, const std::string& path) {
    auto found = map.find(path);
    if (found != map.end()) {
        return found;
    }
    std::size_t longest = 0;
    for (auto entry = map.begin(); entry != map.end(); ++entry) {
        if (entry->first.ends_with('*') && fits(entry->first, path) && entry->first.size() > longest) {
            longest = entry->first.size();
            found = entry;
        }
    }
    return found;
}

} // namespace

Server::Server(Gates& gates, ServerOptions options)
    : gates_(gates), options_(std::move(options)), port_(options_.port), pace_(options_.rate) {
    // OpenSSL writes without MSG_NOSIGNAL: a client that leaves must not end the whole test.
    std::signal(SIGPIPE, SIG_IGN);
    if (options_.tls != nullptr) {
        tls_ = options_.tls->context(options_.address, options_.certificate);
    }
    start_accepting();
}

Server::~Server() {
    stop_accepting();
    drop_connections();
}

std::string Server::origin() const {
    const bool v6 = options_.address.find(':') != std::string::npos;
    return std::string(tls_ ? "https" : "http") + "://" + (v6 ? "[" + options_.address + "]" : options_.address) + ":" +
           std::to_string(port_);
}

Descriptor Server::bind_socket(bool listening) {
    Address address = make_address(options_.address, port_);
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        throw_errno("socket");
    }
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), address.get(), address.size) != 0) {
        throw_errno("bind");
    }
    if (listening && ::listen(socket.get(), 1024) != 0) {
        throw_errno("listen");
    }
    Address bound;
    bound.size = sizeof bound.storage;
    ::getsockname(socket.get(), bound.get(), &bound.size);
    // The port stands at the same place in both families' structures.
    port_ = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
    return socket;
}

void Server::start_accepting() {
    plugs_.clear();
    listener_.close();
    listener_ = bind_socket(true);
    clear_event(stop_accept_);
    clear_event(stop_connections_);
    acceptor_ = std::jthread([this] { accept_connections(); });
}

void Server::stop_accepting() {
    raise_event(stop_accept_);
    if (acceptor_.joinable()) {
        acceptor_.join();
    }
}

void Server::drop_connections() {
    raise_event(stop_connections_);
    connections_.clear(); // joins
}

void Server::refuse() {
    const std::lock_guard lock(control_);
    stop_accepting();
    listener_.close();
    listener_ = bind_socket(false); // a bound socket that does not listen: the kernel answers SYN with RST
    drop_connections();
}

void Server::black_hole() {
    const std::lock_guard lock(control_);
    stop_accepting();
    drop_connections();
    listener_.close();
    listener_ = bind_socket(false);
    ::listen(listener_.get(), 0);
    // Once the accept queue is full the kernel drops every further SYN. It holds backlog + 1 connections; the third
    // and fourth connect are there in case a kernel rounds up, and stay unanswered otherwise.
    Address address = make_address(options_.address, port_);
    for (int i = 0; i < 4; ++i) {
        Descriptor plug(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::connect(plug.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
            throw_errno("connect");
        }
        plugs_.push_back(std::move(plug));
    }
}

void Server::listen() {
    const std::lock_guard lock(control_);
    stop_accepting();
    start_accepting();
}

void Server::reap() {
    std::erase_if(connections_, [](const Connection& connection) { return connection.done.load(); });
}

void Server::accept_connections() {
    while (true) {
        std::array<pollfd, 2> polled{{{listener_.get(), POLLIN, 0}, {stop_accept_.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
            return;
        }
        if (polled[1].revents != 0) {
            return;
        }
        Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket) {
            continue;
        }
        reap();
        record_.connection_opened();
        Connection& connection = connections_.emplace_back();
        connection.thread =
            std::jthread([this, &connection, fd = std::move(socket), number = next_connection_++]() mutable {
                {
                    Wire wire(std::move(fd), stop_connections_);
                    run_connection(wire, number);
                }
                record_.connection_closed();
                connection.done = true;
            });
    }
}

void Server::run_connection(Wire& wire, std::uint64_t number) {
    if (mute_) {
        wire.wait_until(Pace::Clock::time_point::max());
        return;
    }
    if (tls_ && !wire.handshake(*tls_)) {
        return;
    }
    Pace pace(options_.connection_rate);
    std::string pending;
    while (auto request = read_request(wire, pending)) {
        request->connection = number;
        if (!answer(wire, *request, pace)) {
            return;
        }
    }
}

bool Server::answer(Wire& wire, const Exchange& request, Pace& pace) {
    const std::uint64_t number = record_.begin(request);
    const auto [resource, behaviour] = choose(request);
    if (options_.delay.count() > 0) {
        wire.wait_until(Pace::Clock::now() + options_.delay);
    }
    const Responder::Room room{wire, gates_, pace_, pace, record_, number};
    return Responder(room, request, resource, behaviour).run() == Responder::Next::keep_alive;
}

std::pair<Resource, Behaviour> Server::choose(const Exchange& request) {
    Resource resource = find(request);
    Behaviour behaviour;
    const std::lock_guard lock(mutex_);
    for (Rule& rule : rules_) {
        const When& when = rule.when;
        if (!fits(rule.path, request.path) || (!when.method.empty() && when.method != request.method) ||
            (!when.field.empty() && field(request.fields, when.field).find(when.containing) == std::string::npos)) {
            continue;
        }
        ++rule.seen;
        if (rule.seen >= when.first && rule.seen - when.first < when.count) {
            behaviour = rule.behaviour;
        }
    }
    return {std::move(resource), std::move(behaviour)};
}

Resource Server::find(const Exchange& request) {
    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = best(resources_, request.path); found != resources_.end()) {
            return found->second;
        }
        if (const auto found = best(handlers_, request.path); found != handlers_.end()) {
            handler = found->second;
        }
    }
    return handler ? handler(request) : not_found();
}

void Server::serve(std::string path, Resource resource) {
    const std::lock_guard lock(mutex_);
    resources_.insert_or_assign(std::move(path), std::move(resource));
}

void Server::remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    resources_.erase(path);
}

void Server::handle(const std::string& prefix, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_.insert_or_assign(prefix + "*", std::move(handler));
}

void Server::misbehave(std::string path, Behaviour behaviour, When when) {
    const std::lock_guard lock(mutex_);
    rules_.push_back({std::move(path), std::move(behaviour), std::move(when), 0});
}

void Server::behave(const std::string& path) {
    const std::lock_guard lock(mutex_);
    rules_.remove_if([&](const Rule& rule) { return rule.path == path; });
}

void Server::behave() {
    const std::lock_guard lock(mutex_);
    rules_.clear();
}

} // namespace yizhan::origin
