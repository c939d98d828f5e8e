// Is this answer the object? Judged from its head and its first bytes, before anything of it reaches a client (RFC 9110
// sections 14 and 15). Pure functions.
#pragma once

#include "config/error.hpp"
#include "proxy/relay/health/faults.hpp"
#include "proxy/relay/upstream.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

namespace yizhan {

/// Why an answer is not taken, or ended too soon.
struct Rejection {
    Symptom symptom = Symptom::protocol;
    std::string words;                                    ///< what came back, for the list of what was tried
    std::optional<std::chrono::seconds> retry_after = {}; ///< as the answer said
};

/// Whether these are the words of a status that says that there is no such object (404, 410, 451).
bool says_absent(std::string_view words);

/// What a request that ended without an answer, or in the middle of one, has shown.
Rejection rejection_of(const Error& error);

struct Expectation {
    std::uint64_t offset = 0;              ///< the first byte that is wanted
    std::optional<std::uint64_t> end = {}; ///< and one past the last; none: the object's end
    std::optional<std::uint64_t> size;     ///< of the whole object
    std::string_view filename;
};

struct Acceptance {
    std::uint64_t skip = 0;             ///< bytes to drop: the answer starts at 0 although an offset was asked for
    std::optional<std::uint64_t> total; ///< of the whole object, where the answer tells
};

/// A 200, or a 206 that starts exactly at the offset and runs to the end that was asked for, of an object of the right
/// size.
std::expected<Acceptance, Rejection> judge_head(const Head& head, const Expectation& expected);

/// The first bytes of an object against what its name promises: catches HTML behind 200 that lies about its type.
std::optional<Rejection> judge_first_bytes(std::span<const std::byte> bytes, std::string_view filename);

/// Whether an object of this name should be a ZIP archive.
bool promises_zip(std::string_view filename);

} // namespace yizhan
