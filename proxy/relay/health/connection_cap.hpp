// How many requests an endpoint may have under way: halved when it shows that they are too many, one more for each
// quiet minute, never over where it started. A value type, no thread of its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <optional>
#include <string>

namespace yizhan {

class ConnectionCap {
  public:
    /// `gentle`: for hosts that count connections per address (the catalogue knows).
    ConnectionCap(const HealthSettings::ConnectionCap& rules, bool gentle)
        : rules_(&rules), most_(gentle ? rules.start_gentle : rules.start), value_(most_) {}

    /// At least 1.
    unsigned at(Moment now) const;
    /// 429, 503, or a connection reset while others flow. What a request says that began before the last cut is about
    /// the cap of then and cuts nothing. Returns whether the cap was halved.
    bool choked(Moment began, Moment now);

    std::string words(Moment now) const; ///< "4", "1 of 4, one more in 50 s"

    /// What is allowed at `now`, for keeping; `restore` clamps it to 1…most.
    unsigned learnt(Moment now) const { return at(now); }
    void restore(unsigned value, Moment now);

  private:
    const HealthSettings::ConnectionCap* rules_;
    unsigned most_;
    unsigned value_; // at `changed_`
    std::optional<Moment> changed_;
};

} // namespace yizhan
