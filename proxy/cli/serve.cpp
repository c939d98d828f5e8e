#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"
#include "proxy/cli/service_log.hpp"
#include "proxy/http/access_log.hpp"
#include "proxy/http/server.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/router.hpp"

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

namespace yizhan {
namespace {

// The log goes to stderr: stdout carries only the lines that say where the service listens.
void open_log(const Settings::Log& settings) {
    auto logger = std::make_shared<spdlog::logger>("yizhan", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(service_log_formatter(settings.format));
    logger->set_level(spdlog::level::from_str(settings.level));
    spdlog::set_default_logger(std::move(logger));
}

// The first signal drains, a second one does not wait for anybody.
void stop_on_signals(asio::signal_set& signals, Server& server, Router& router, bool again = false) {
    signals.async_wait([&, again](error_code ec, int signal) {
        if (ec)
            return;
        spdlog::info("signal {}: {}", signal, again ? "stopping at once" : "finishing what runs");
        router.drain();
        if (again)
            return server.stop();
        server.drain();
        stop_on_signals(signals, server, router, true);
    });
}

void say_what_is_asked(const Settings& settings) {
    if (settings.offline) {
        spdlog::info("offline: serving from {} alone, no upstream is asked", settings.data.string());
        return;
    }
    const auto& upstreams = settings.pypi.upstream;
    const auto& root = root_of(settings.pypi);
    if (upstreams.size() == 1)
        spdlog::info("pypi: {} is the only upstream, and so its own root: its word alone says what is right",
                     redacted(root.url));
    else
        spdlog::info("pypi: {} is the root, {} mirrors supply bytes", redacted(root.url), upstreams.size() - 1);
    const auto wheels = pytorch_index(settings).rules;
    if (root_of(wheels).flat)
        spdlog::warn("pytorch: {} is a flat listing, which gives no digests: pages for machines go without its builds; "
                     "name an upstream with layout = \"tree\" as the root",
                     redacted(root_of(wheels).url));
    spdlog::info("pytorch: {} is the root, {} mirrors supply bytes", redacted(root_of(wheels).url),
                 wheels.upstream.size() - 1);
}

int complain(const Error& error) {
    fmt::print(stderr, "yizhan: {}\n", error.text());
    return 1;
}

} // namespace

int serve(const Overrides& overrides) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    if (const auto machines = machines_of(settings->machines, embedded_tables()); !machines) {
        fmt::print(stderr, "{}\n", machines.error().text());
        return 2;
    }
    open_log(settings->log);
    auto store = Store::open(settings->data, {.min_free = settings->cache.min_free, .on_step = {}});
    if (!store)
        return complain(store.error());
    Relay relay(*settings, **store);
    Router router(*settings, **store, relay);
    Server server(*settings, router, {.disk = relay.disk(), .access_logger = make_access_logger()});
    const auto bound = server.listen();
    if (!bound)
        return complain(bound.error());
    if (const auto left = leave_address(settings->data, "http://" + bound->front()); !left)
        return complain(left.error());
    say_what_is_asked(*settings);
    asio::signal_set signals(server.context(0), SIGTERM, SIGINT);
    stop_on_signals(signals, server, router);
    for (const auto& address : *bound)
        fmt::print("listening on http://{}\n", address);
    std::fflush(stdout);
    server.run();
    relay.stop(); // before the server goes, whose cores it posts to
    spdlog::info("stopped");
    return 0;
}

} // namespace yizhan
