// The registry of endpoints: whom to ask, what was learnt of whom, who rests. Relay thread only.
// After a crash what was learnt since the last keeping is forgotten; nothing depends on it but speed.
#pragma once

#include "config/error.hpp"
#include "proxy/relay/health/attempt.hpp"
#include "proxy/relay/health/endpoint.hpp"
#include "proxy/relay/health/hedge.hpp"
#include "proxy/relay/health/stall.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

class Endpoints {
  public:
    /// `chance` decides about jitter and choices.
    Endpoints(const HealthSettings& rules, Chance chance);

    /// Registers an endpoint, or finds it by origin and address family; its name of family is renewed.
    EndpointId add(EndpointName name);
    std::optional<EndpointId> find(std::string_view origin, AddressFamily address) const;
    /// By its key, as EndpointName::key() writes it.
    std::optional<EndpointId> find(std::string_view key) const;
    const EndpointName& name(EndpointId id) const { return at(id).name(); }
    std::size_t size() const { return endpoints_.size(); }

    /// The endpoint as choose() takes it, for a request of `bytes` (where known). `index`, `root` and `asked` are the
    /// caller's. Where the endpoint always sends us on to another one, that one's rest and cap count too.
    Candidate candidate(EndpointId id, const Ask& ask, std::optional<std::uint64_t> bytes, Moment now,
                        Crowd crowd = Crowd::no) const;
    std::expected<Chosen, NoChoice> choose(std::span<const Candidate> candidates, const Wish& wish) const;

    /// How many requests more it may have under way.
    unsigned spare(EndpointId id, Moment now) const;
    /// What it brings on one connection, bytes per second; 0 where that was never measured.
    double measured_rate(EndpointId id, SizeClass size, Moment now) const { return at(id).measured_rate(size, now); }

    /// What it answered when it was last asked for the object, while that counts.
    std::optional<std::string_view> lacks(EndpointId id, std::string_view object, Moment now) const;
    /// Whether it sent wrong bytes for the object, as long as that is remembered (two days).
    bool lied_about(EndpointId id, std::string_view object, Moment now) const { return at(id).lied_about(object, now); }
    /// For the 24 hours of a pattern that a mirror excludes, and the like.
    void mark_lacking(EndpointId id, std::string_view object, std::string_view words, Moment now,
                      std::optional<std::chrono::milliseconds> rest = {});

    /// Begins a request: takes its place under the cap, and the probe where it is one. An error says why not: it rests,
    /// it is being probed, it has as many requests as it may. In panic a rest does not matter, the cap still does.
    std::expected<Attempt, std::string> begin(EndpointId id, Ask ask, Moment now, Panic panic = Panic::no,
                                              Crowd crowd = Crowd::no);
    /// The answer so far is a redirect to `origin`: from here that one is charged. An error says why it may not be
    /// asked: `lacks` where it is expelled, `not_now` where it rests or has no room.
    std::expected<void, Failure> redirected(Attempt& attempt, std::string_view origin, Moment now);

    /// Whether a request that failed somewhere, after `failovers` changes of endpoint, may go on at `id`.
    bool may_repeat(EndpointId id, bool asked_before, unsigned failovers, Moment now);

    /// How long its first byte is waited for before another endpoint is asked too.
    Seconds hedge_after(EndpointId id, SizeClass size) const;
    /// Takes a hedge out of the budget, for a request with so many endpoints at work.
    bool may_hedge(unsigned in_flight, Moment now) { return hedges_.take(in_flight, now); }

    /// Who else of `candidates` (those who may have the object) could go on where `current` is slow.
    Rivals rivals(std::span<const EndpointId> candidates, EndpointId current, const Ask& ask, Moment now) const;

    /// The bytes that it sent for `object` were wrong, as turned out when everything was there.
    void lied(EndpointId id, std::string_view object, std::string_view words, Moment now);
    /// What was called its lie was none. It still does not have the object as it is wanted.
    void withdraw_lie(EndpointId id, std::string_view object) { at(id).withdraw_lie(object); }
    /// It was suspected of that, and has turned out to be innocent.
    void acquit(EndpointId id, std::string_view object) { shared_->negative.remove(id, object); }
    /// An operator lets it in again: what it lied about is forgotten, not what it lacks.
    void pardon(EndpointId id) { at(id).pardon(); }

    std::vector<EndpointStatus> status(Moment now) const;

    /// What was learnt, as rows: the endpoint's key, and a short versioned text. `wall`: seconds since 1970.
    std::vector<std::pair<std::string, std::string>> learnt(Moment now, std::int64_t wall) const;
    /// Takes a row in. Ages that a clock set back makes negative mean stale: the row is passed over. Errors: not_found
    /// (no such endpoint is registered: the row may be dropped), corrupt.
    Result<void> restore(std::string_view key, std::string_view row, Moment now, std::int64_t wall);

    const HealthSettings& rules() const { return shared_->rules; }

  private:
    Endpoint& at(EndpointId id) { return *endpoints_[static_cast<std::size_t>(id)]; }
    const Endpoint& at(EndpointId id) const { return *endpoints_[static_cast<std::size_t>(id)]; }
    std::shared_ptr<Endpoint> met(std::string_view origin, AddressFamily address);

    std::shared_ptr<Attempt::Shared> shared_;
    std::vector<std::shared_ptr<Endpoint>> endpoints_; // by id; never removed
    std::map<std::string, EndpointId, std::less<>> by_key_;
    HedgeBudget hedges_;
};

} // namespace yizhan
