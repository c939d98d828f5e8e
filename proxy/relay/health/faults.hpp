// What can go wrong with an answer, whose fault it is, and what follows for score, breaker and cap. A table.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// What was seen.
enum class Symptom : std::uint8_t {
    lacks,        ///< 404, 410, 451
    wrong_size,   ///< says that the object has another length than the known one
    forbidden,    ///< 401 or 403 with no page: about the object, or about us
    block_page,   ///< 403 with an HTML page
    too_many,     ///< 429
    busy,         ///< 503
    foreign_page, ///< HTML where a file was promised: a challenge, or a portal
    unreachable,  ///< no name, no route, no connection, no TLS that can be trusted
    reset,        ///< the connection broke, or the body ended too soon
    silence,      ///< no byte for too long
    slow,         ///< under the rate floor, while others would be faster
    server_error, ///< 5xx but 503
    protocol,     ///< broken HTTP, a range that was not asked for, a foreign encoding, an empty body
    wrong_bytes,  ///< the digest, or the overlap at a splice, does not match
    no_ranges,    ///< answers with the whole object where a part was asked for, as it may (RFC 9110 14.2)
    not_now,      ///< points to one that rests or has no room: to be asked again in a while
};
inline constexpr std::size_t symptom_count = 16;

/// Whom it is held against, as Fault in judge.hpp.
enum class Blame : std::uint8_t {
    object, ///< nobody: this mirror does not have it
    mirror,
    policy,    ///< it does not want us
    integrity, ///< it lied
};
inline constexpr std::size_t blame_count = 4;

struct Effects {
    enum class Breaker : std::uint8_t { none, passes, fault, blocked, busy, foreign_page };
    enum class Cap : std::uint8_t { none, halve, halve_if_others_flow };

    Blame blame = Blame::object;
    bool costs_score = false; ///< counts like a late first byte
    Breaker breaker = Breaker::none;
    Cap cap = Cap::none;
    bool lacks_object = false; ///< not to be asked for this object for a while
    bool lied = false;         ///< and counted towards being expelled
};

const Effects& effects_of(Symptom symptom);
std::string_view name(Symptom symptom);
std::string_view name(Blame blame);

/// The symptom that an HTTP status stands for; nullopt where the status alone is none (1xx to 3xx). `html`: the body is
/// an HTML page.
std::optional<Symptom> symptom_of_status(unsigned status, bool html);

/// One failure as it is handed in.
struct Failure {
    Symptom symptom = Symptom::protocol;
    std::string object = {}; ///< its path: what was asked for
    std::optional<std::chrono::seconds> retry_after = {};
    std::string words = {}; ///< what came back, for logs and pages
};

} // namespace yizhan
