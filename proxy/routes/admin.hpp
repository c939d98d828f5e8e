// Health and state: /livez, /readyz, /status (a page or JSON), /metrics, /api/v1/mirrors, and the start page /.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/relay/relay.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace yizhan {

class AdminRoute {
  public:
    AdminRoute(const Settings& settings, Store& store, Relay& relay)
        : settings_(settings), store_(store), relay_(relay) {}

    /// nullopt: not one of this route's paths.
    Task<std::optional<Response>> handle(const Request& request);
    void drain() { draining_.store(true, std::memory_order_relaxed); }

  private:
    Task<Response> status(const Request& request);
    Task<Response> mirrors();
    Response disputes() const;
    Task<Response> metrics();
    Response readyz() const;
    std::int64_t uptime() const;

    const Settings& settings_;
    Store& store_;
    Relay& relay_;
    std::atomic<bool> draining_{false};
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

} // namespace yizhan
