// How often an endpoint may be asked again for what it failed at: a share of its requests, so that a mirror in trouble
// is not pulled down by our repetitions. A value type, no thread of its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

namespace yizhan {

class RetryBudget {
  public:
    explicit RetryBudget(const HealthSettings::RetryBudget& rules) : rules_(&rules), floor_(rules.floor_per_second) {}

    /// A request to the endpoint, first or repeated: it earns a share of a repetition.
    void asked();
    /// Takes one repetition out of the budget; false where it is empty.
    bool take(Moment now);

  private:
    const HealthSettings::RetryBudget* rules_;
    double floor_;      // refilled by time; no more than one second's worth
    double earned_ = 0; // refilled by requests
    Moment stamp_{};    // of floor_
};

/// Whether going on at an endpoint that this request has not asked yet costs nothing: its first few failovers.
inline bool is_free_failover(const HealthSettings::RetryBudget& rules, bool asked_before, unsigned failovers) {
    return !asked_before && failovers < rules.free_failovers;
}

} // namespace yizhan
