// One endpoint and everything that is known about it: an origin, over IPv4, IPv6 or either. Made and kept by Endpoints.
// Lives on one thread, the relay's.
#pragma once

#include "proxy/relay/health/breaker.hpp"
#include "proxy/relay/health/choice.hpp"
#include "proxy/relay/health/connection_cap.hpp"
#include "proxy/relay/health/faults.hpp"
#include "proxy/relay/health/hedge.hpp"
#include "proxy/relay/health/negative_cache.hpp"
#include "proxy/relay/health/retry_budget.hpp"
#include "proxy/relay/health/score.hpp"
#include "proxy/relay/health/size_class.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

enum class AddressFamily : std::uint8_t { any, v4, v6 };

/// Whether a request may go beyond the connection cap, up to twice: its client is about to give up.
enum class Crowd : bool { no, yes };

struct EndpointName {
    std::string origin; ///< "https://host:port", as Url::origin() writes it
    AddressFamily address = AddressFamily::any;
    std::string family = {}; ///< whose copy it is; what counts as one witness
    bool gentle = false;     ///< a host that counts connections (universities'; the catalogue knows)

    /// Unique among endpoints, and the key under which the learnt state is kept: "https://host:port", " v4" or " v6"
    /// behind it where only that family is used.
    std::string key() const;
};

/// What outlives the process.
struct LearntEndpoint {
    struct Kind {
        std::string name;
        Breaker::Learnt breaker;
        bool operator==(const Kind&) const = default;
    };
    struct Lie {
        std::uint64_t object = 0; ///< a hash of its path
        Seconds age{0};
        bool operator==(const Lie&) const = default;
    };
    std::array<Score::Learnt, size_class_count> scores{};
    std::vector<Kind> kinds;
    unsigned cap = 0; ///< connections; 0: nothing is known
    std::vector<Lie> lies;
    bool operator==(const LearntEndpoint&) const = default;
};

/// One endpoint for pages, metrics and the status command.
struct EndpointStatus {
    struct Speed {
        SizeClass size = SizeClass::page;
        bool tried = false;
        Estimate estimate;
        unsigned in_flight = 0;
    };
    struct Kind {
        std::string name;
        Gate gate = Gate::closed;
        std::string words;
    };
    EndpointName name;
    Gate gate = Gate::closed; ///< the worst of its kinds
    std::string words;        ///< that one's: why it rests and for how long
    std::array<Speed, size_class_count> speeds{};
    std::vector<Kind> kinds;
    std::array<std::uint64_t, blame_count> blamed{}; ///< failures by Blame, since the start of the process
    unsigned in_flight = 0;
    unsigned cap = 0;
    std::string cap_words;
    std::string leads_to; ///< the origin that answers in its place, where the last answers all came from there
};

class Endpoint {
  public:
    Endpoint(EndpointId id, EndpointName name, const HealthSettings& rules);

    EndpointId id() const { return id_; }
    const EndpointName& name() const { return name_; }
    void rename_family(std::string family) { name_.family = std::move(family); }

    /// For requests of this kind ("pypi pages", "conda files": the relay's own words), leaving redirects aside.
    Gate gate(std::string_view kind, Moment now) const;
    std::string words(std::string_view kind, Moment now) const;
    bool full(Moment now, Crowd crowd = Crowd::no) const {
        return in_flight_ >= cap_.at(now) * (crowd == Crowd::yes ? 2 : 1);
    }
    Breaker& breaker(std::string_view kind) { return kind_of(kind).breaker; }

    bool tried() const; ///< for requests of any size: what is known of pages tells something of files
    /// What nothing is known about is taken from the nearest size class of which something is.
    Estimate estimate(SizeClass size, Moment now) const;
    Seconds expected(SizeClass size, std::uint64_t bytes, Moment now) const;
    /// Bytes per second; 0 where no throughput was ever measured.
    double measured_rate(SizeClass size, Moment now) const;
    Score& score(SizeClass size) { return scores_[static_cast<std::size_t>(size)]; }
    FirstBytes& first_bytes(SizeClass size) { return first_bytes_[static_cast<std::size_t>(size)]; }
    const FirstBytes& first_bytes(SizeClass size) const { return first_bytes_[static_cast<std::size_t>(size)]; }
    RetryBudget& retries() { return retries_; }
    ConnectionCap& cap() { return cap_; }
    const ConnectionCap& cap() const { return cap_; }

    void connected() { ++in_flight_; }
    void disconnected() { in_flight_ -= in_flight_ > 0; }
    void flows() { ++flowing_; } ///< the first byte of one of its answers is here
    void ebbed() { flowing_ -= flowing_ > 0; }
    unsigned flowing() const { return flowing_; }
    unsigned in_flight() const { return in_flight_; }

    /// A request of this kind worked: what it forbids is about objects then.
    void neighbour_passed(std::string_view kind, Moment now);
    /// What a failure means here: a 403 is about one object while neighbours pass, and a block after a few.
    Effects weigh(const Failure& failure, std::string_view kind, const Breaker::Pass& pass, Moment now);
    void blame(Blame whom) { ++blamed_[static_cast<std::size_t>(whom)]; }

    /// It sent wrong bytes for `object`. Two objects within a day, and it is expelled for a day.
    void lied(std::string_view object, Moment now);
    void withdraw_lie(std::string_view object);
    bool expelled(Moment now) const;
    bool lied_about(std::string_view object, Moment now) const;
    void pardon() { lies_.clear(); } ///< an operator knows better

    /// An answer that it was asked for came from `other`; itself: it answered in person.
    void landed(const std::shared_ptr<Endpoint>& other, Moment now);
    /// Who answers in its place, where that has become a habit; null otherwise.
    std::shared_ptr<Endpoint> leads_to(Moment now) const;

    EndpointStatus status(Moment now) const;
    LearntEndpoint learnt(Moment now) const;
    void restore(const LearntEndpoint& learnt, Moment now);

  private:
    struct KindState {
        Breaker breaker;
        std::optional<Moment> passed; // the last time
        unsigned forbidden_in_row = 0;
    };
    struct Lie {
        std::uint64_t object;
        Moment when;
    };
    struct Signpost {
        std::weak_ptr<Endpoint> to;
        unsigned in_row = 0;
        Moment seen{};
    };
    KindState& kind_of(std::string_view kind);
    Moment expelled_until() const;

    EndpointId id_;
    EndpointName name_;
    const HealthSettings* rules_;
    std::array<Score, size_class_count> scores_;
    std::array<FirstBytes, size_class_count> first_bytes_;
    std::map<std::string, KindState, std::less<>> kinds_;
    ConnectionCap cap_;
    RetryBudget retries_;
    unsigned in_flight_ = 0;
    unsigned flowing_ = 0;
    std::array<std::uint64_t, blame_count> blamed_{};
    std::vector<Lie> lies_; // one per object, by age; those that still count
    Signpost signpost_;
};

std::string_view name(AddressFamily address);
std::string_view name(Gate gate);

} // namespace yizhan
