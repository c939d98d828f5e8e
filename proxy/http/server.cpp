#include "proxy/http/server.hpp"

#include "proxy/http/descriptors.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

namespace yizhan {
namespace {

// After the cut, coroutines get this long to unwind before their core is stopped under them.
constexpr std::chrono::milliseconds unwind_time{500};

unsigned cores_wanted(const Settings& settings) {
    return settings.threads > 0 ? settings.threads : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

ConnectionLimits limits_of(const Settings& settings) {
    ConnectionLimits out;
    out.guard.max_header = settings.http.max_header;
    out.guard.max_target = std::min(out.guard.max_target, out.guard.max_header);
    out.header_timeout = settings.http.header_timeout;
    out.idle_timeout = settings.http.idle_timeout;
    out.min_write_rate = settings.http.min_write_rate;
    return out;
}

Server::Server(const Settings& settings, Handler& handler, Options options)
    : Server(settings, limits_of(settings), handler, std::move(options)) {}

Server::Server(const Settings& settings, const ConnectionLimits& limits, Handler& handler, Options options)
    : settings_(settings), connection_context_{.handler = handler, .limits = limits},
      peers_(settings.http.max_connections, settings.http.max_connections_per_client) {
    const auto count = cores_wanted(settings);
    for (unsigned i = 0; i < count; ++i) {
        const Core::Options core{.index = i,
                                 .count = count,
                                 .tick = limits.tick(),
                                 .file_mode = options.file_mode,
                                 .access_logger = options.access_logger,
                                 .log_format = settings.log.format,
                                 .on_drained = [this] { core_drained(); }};
        cores_.push_back(std::make_unique<Core>(core, options.disk));
    }
    drain_timer_ = std::make_unique<Timer>(context(0));
    listener_ =
        std::make_unique<Listener>(context(0), peers_, [this](Accepted accepted) { hand_on(std::move(accepted)); });
}

Server::~Server() {
    listener_.reset();
    drain_timer_.reset();
}

Result<std::vector<std::string>> Server::listen() {
    std::signal(SIGPIPE, SIG_IGN); // sendfile has no MSG_NOSIGNAL
    const auto descriptors = raise_descriptor_limit();
    // Store, upstreams and logs need some of their own.
    constexpr std::uint64_t for_the_rest = 512;
    if (settings_.http.max_connections + for_the_rest > descriptors)
        spdlog::warn("the limit of open files is {}, too few for http.max_connections = {}: raise it (ulimit -n, "
                     "LimitNOFILE=)",
                     descriptors, settings_.http.max_connections);
    const auto inherited = inherited_listeners();
    for (const int fd : inherited)
        if (auto adopted = listener_->adopt(fd); !adopted)
            return std::unexpected(std::move(adopted.error()));
    if (inherited.empty())
        for (const auto& address : settings_.listen)
            if (auto bound = listener_->listen(address); !bound)
                return std::unexpected(std::move(bound.error()));
    return listener_->addresses();
}

void Server::run() {
    listener_->start();
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < cores_.size(); ++i)
        threads.emplace_back([core = cores_[i].get()] { core->run(); });
    cores_[0]->run();
}

void Server::hand_on(Accepted accepted) {
    auto& core = *cores_[next_core_++ % cores_.size()];
    asio::post(core.context(), [this, &core, taken = std::move(accepted)]() mutable {
        Connection::start(core, connection_context_, std::move(taken));
    });
}

void Server::drain() {
    asio::post(context(0), [this] { begin_drain(); });
}

void Server::begin_drain() {
    if (std::exchange(draining_, true))
        return;
    listener_->close();
    drain_timer_->expires_after(settings_.http.drain_timeout);
    drain_timer_->async_wait([this](error_code error) {
        if (error)
            return;
        for (auto& core : cores_)
            asio::post(core->context(), [core = core.get()] { core->cut(); });
        drain_timer_->expires_after(unwind_time);
        drain_timer_->async_wait([this](error_code failed) {
            if (!failed)
                stop();
        });
    });
    // Behind the connections just handed on.
    for (auto& core : cores_)
        asio::post(core->context(), [core = core.get()] { core->drain(); });
}

void Server::core_drained() {
    if (++drained_cores_ == cores_.size())
        stop();
}

void Server::stop() {
    for (auto& core : cores_)
        core->context().stop();
}

} // namespace yizhan
