// Whether an endpoint may be asked for one kind of thing: closed, open until a moment, then half open, where a single
// real request decides. A value type, no thread of its own.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// Why an endpoint rests.
enum class RestCause : std::uint8_t {
    faults,       ///< connections, silence, 5xx, several in a row
    blocked,      ///< 403 with a block page, or 403 for everything
    busy,         ///< 429, or 503 with a Retry-After
    foreign_page, ///< HTML in place of a file
};
inline constexpr std::size_t rest_cause_count = 4;

/// Whether a rest is disregarded: everybody rests, and somebody has to be asked.
enum class Panic : bool { no, yes };

class Breaker {
  public:
    enum class State { closed, open, half_open };

    /// How a request got through; what it brings counts accordingly.
    class Pass {
      public:
        bool is_probe() const { return kind_ == Kind::probe; }

      private:
        friend class Breaker;
        enum class Kind { normal, probe, panic };
        explicit Pass(Kind kind, unsigned serial = 0) : kind_(kind), serial_(serial) {}
        Kind kind_;
        unsigned serial_; // of the probe
    };

    explicit Breaker(const HealthSettings::Breaker& rules) : rules_(&rules) {}

    State state(Moment now) const;
    bool probing() const { return probing_; } ///< half open, and its one request is out

    /// Lets a request through: any while closed, one while half open, none while open. In panic always.
    std::optional<Pass> admit(Moment now, Panic panic = Panic::no);

    /// It worked. Closes a half-open breaker, and an open one where the request was a panic's; what was sent before the
    /// opening closes nothing.
    void passed(const Pass& pass, Moment now);
    /// It failed in a way of which a few in a row open, and one is enough for a probe. While open it counts for
    /// nothing.
    void faulted(const Pass& pass, std::string_view words, Moment now, const Chance& chance);
    /// Opens at once. `told`: the Retry-After, capped; for `busy` only.
    void rest(RestCause cause, const Pass& pass, std::optional<std::chrono::seconds> told, std::string_view words,
              Moment now, const Chance& chance);
    /// It ended without telling anything: a probe's place is free again.
    void abandoned(const Pass& pass);

    Moment until() const { return until_; }    ///< the end of the last rest
    RestCause cause() const { return cause_; } ///< of the last rest
    unsigned faults_in_row() const { return faults_in_row_; }
    /// "closed", or why it is open and for how long yet.
    std::string words(Moment now) const;

    /// What outlives the process; durations instead of moments.
    struct Learnt {
        RestCause cause = RestCause::faults;
        Seconds left{0};             ///< of the rest; 0 with `opened`: half open
        bool opened = false;         ///< open or half open
        unsigned fault_openings = 0; ///< without a clean period between them
        unsigned block_openings = 0;
        bool operator==(const Learnt&) const = default;
    };
    Learnt learnt(Moment now) const;
    /// A rest longer than its cause allows is cut to that.
    void restore(const Learnt& learnt, Moment now);

  private:
    bool is_current(const Pass& pass) const;
    void open(RestCause cause, std::optional<std::chrono::seconds> told, std::string_view words, Moment now,
              const Chance& chance);
    Seconds length(RestCause cause, std::optional<std::chrono::seconds> told, const Chance& chance) const;
    Seconds longest(RestCause cause) const;
    unsigned* openings(RestCause cause);

    const HealthSettings::Breaker* rules_;
    bool opened_ = false; // until something passes; open or half open by the time
    bool probing_ = false;
    unsigned probe_serial_ = 0;
    RestCause cause_ = RestCause::faults;
    Moment until_{};
    std::optional<Moment> closed_since_; // the last closing
    unsigned faults_in_row_ = 0;
    unsigned fault_openings_ = 0;
    unsigned block_openings_ = 0;
    std::string words_; // of the last failure
};

} // namespace yizhan
