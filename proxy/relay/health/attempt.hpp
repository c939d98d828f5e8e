// One request to an endpoint, from the moment it was decided on to its end: what it met is charged to whoever answered.
#pragma once

#include "proxy/relay/health/endpoint.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace yizhan {

/// What a request is for.
struct Ask {
    std::string kind; ///< the relay's own word; breakers are kept by it ("pypi pages", "pypi files")
    SizeClass size = SizeClass::medium;
};

/// What a failure turned out to mean.
struct Meaning {
    Blame blame = Blame::object;
    bool lacks_object = false; ///< not to be asked for this object again for a while; remembered already
    bool opened = false;       ///< its breaker opened over this
    bool cut_cap = false;      ///< its connection cap was halved over this
    std::string words;         ///< a line for the log: whom, what, and what follows
};

/// Move-only. Destroyed without an end it gives back its place and says nothing about the endpoint. Begun by
/// Endpoints::begin. Relay thread only; may outlive the registry.
class Attempt {
  public:
    /// What attempts share with their registry.
    struct Shared {
        HealthSettings rules;
        Chance chance;
        NegativeCache negative{rules.negative};
    };

    /// What it may take no notice of, wherever a redirect leads.
    struct Licence {
        Panic panic = Panic::no;
        Crowd crowd = Crowd::no;
    };

    Attempt(std::shared_ptr<Shared> shared, std::shared_ptr<Endpoint> endpoint, Ask ask, Breaker::Pass pass,
            Licence licence, Moment now);
    Attempt(Attempt&&) noexcept;
    Attempt& operator=(Attempt&&) noexcept;
    ~Attempt();

    /// The body's first byte is here. Later calls do nothing.
    void first_byte(Moment now);
    /// More bytes in more time of receiving, pauses of ours left out: since the last report, once a second or so.
    void received(std::uint64_t bytes, Seconds elapsed, Moment now);
    /// The answer is complete; the bytes and the time that were not reported yet. Whether it was the truth shows later:
    /// Endpoints::lied.
    void finished(std::uint64_t bytes, Seconds elapsed, Moment now);
    /// It failed. Charged to whoever answered last.
    Meaning failed(const Failure& failure, Moment now);
    /// Given up by us: lost a race, nobody reads any more. Says only how long the first byte has kept us waiting.
    void cancelled(Moment now);

    /// Another endpoint answers in place of the one so far; Endpoints::redirected is how to get here.
    void moved(std::shared_ptr<Endpoint> to, Breaker::Pass pass, Moment now);
    /// It points to one that may not be asked now.
    void points_to(const std::shared_ptr<Endpoint>& to, Moment now);

    EndpointId asked() const { return asked_->id(); }
    EndpointId charged() const { return charged_->id(); } ///< after redirects
    const EndpointName& charged_name() const { return charged_->name(); }
    bool is_probe() const { return pass_.is_probe(); }
    Panic panic() const { return licence_.panic; }
    Crowd crowd() const { return licence_.crowd; }
    bool over() const { return !asked_; }
    const Ask& ask() const { return ask_; }

  private:
    /// Towards the connection cap: pages are over in a moment, and must not keep files waiting.
    bool counts() const { return ask_.size != SizeClass::page; }
    void pass_probe(Moment now);
    void break_and_cut(const Effects& effects, const Failure& failure, Moment now, Meaning& meaning);
    void release();
    template <class Call>
    void each_score(Call call);

    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Endpoint> asked_;   // null once over
    std::shared_ptr<Endpoint> charged_; // stays
    Ask ask_;
    Breaker::Pass pass_; // at charged_
    Licence licence_;
    Moment began_, hop_began_;
    bool flowing_ = false;
    std::uint64_t bytes_ = 0;
};

} // namespace yizhan
