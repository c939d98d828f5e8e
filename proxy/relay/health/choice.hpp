// Which endpoint is asked next: power of two choices on the expected finish among those that may be asked, a little
// exploration, and panic when all rest. A pure function of what is known and of chance.
#pragma once

#include "config/health_settings.hpp"
#include "proxy/relay/health/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// Whether an endpoint may be asked, from best to worst.
enum class Gate : std::uint8_t {
    closed,
    half_open, ///< the next request tries it
    probing,   ///< a request is trying it; others wait
    open,
    expelled, ///< lied about several objects
};

struct Candidate {
    std::size_t index = 0; ///< the caller's own, handed back
    std::string name = {}; ///< for the log
    std::string family = {};
    bool root = false;
    unsigned asked = 0; ///< how often this request has asked it
    Gate gate = Gate::closed;
    bool full = false;   ///< at its connection cap
    bool tried = false;  ///< something is known of it
    Seconds expected{0}; ///< expected finish of this request
};

struct Wish {
    /// Of each family only its best takes part: an operator with three addresses is not drawn three times.
    bool families_once = false;
    std::span<const std::string> families_taken = {}; ///< nobody of these: a second witness or source must be another's
    bool root_last = false;                           ///< the root only after every other in this round
    bool may_wait = true; ///< there is time to wait for a probe's verdict; else panic comes at once
};

enum class Manner : std::uint8_t { only, drawn, explored, panic };

struct Chosen {
    std::size_t index = 0;
    Manner manner = Manner::only;
    std::string why; ///< a part of a sentence, for the log
};

/// Nobody is to be asked now. `wait`: asking again when a request ends, or a probe, may find one.
struct NoChoice {
    bool wait = false;
    std::string why;
};

/// Those that this request has asked least often come first (every one once, then a second round); within a round
/// power of two choices among those that are expected to finish within `within` of the best. Whoever is at its cap is
/// never chosen, in panic neither. Panic, when everybody rests: by expected finish alone; expelled ones only where
/// nobody else is left.
std::expected<Chosen, NoChoice> choose(std::span<const Candidate> candidates, const Wish& wish,
                                       const HealthSettings::Choice& rules, const Chance& chance);

} // namespace yizhan
