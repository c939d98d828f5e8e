// From a path to its route: the first that knows the path answers.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/routes/admin.hpp"
#include "proxy/routes/before.hpp"
#include "proxy/routes/pypi.hpp"

namespace yizhan {

class Router final : public Handler {
  public:
    Router(const Settings& settings, Store& store, Relay& relay)
        : min_age_(settings.pypi.min_age), pypi_(settings, store, relay), admin_(settings, store, relay) {}

    std::optional<Response> at_once(const Request& request) override;
    Task<Response> handle(const Request& request) override;

    /// From now on /readyz says that the service is going away.
    void drain() { admin_.drain(); }

  private:
    Task<Response> handle_here(const Request& request);

    std::chrono::seconds min_age_;
    PypiRoute pypi_;
    AdminRoute admin_;
};

} // namespace yizhan
