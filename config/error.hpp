// Errors as values: what failed, in words a user can act on, and what was tried before giving up.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// What kind of failure it is; callers branch on this, users read `message`.
enum class Errc {
    invalid,         ///< the input breaks a rule; the message names the rule and the remedy
    not_found,       ///< an authority said that it does not exist
    refused,         ///< policy forbids it (denied name, private address, foreign origin)
    unavailable,     ///< nobody could answer now; trying again later may work
    crowded,         ///< whoever could answer is busy with others; it is worth waiting
    interrupted,     ///< a connection broke while it was in use
    timeout,         ///< somebody was silent for too long
    protocol,        ///< the other side broke HTTP or the format it claims
    digest_mismatch, ///< the bytes are not the trusted ones
    corrupt,         ///< our own stored state is damaged
    io,              ///< the operating system refused a file or socket operation
    no_space,        ///< the disk or a quota is full
    cancelled,       ///< nobody wants the result any more
};

struct Error {
    Errc code = Errc::invalid;
    std::string message;            ///< one plain sentence, no trailing newline
    std::vector<std::string> tried; ///< one line per attempt: whom, what came back

    /// The message, followed by the attempts, one per line.
    std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for returning an error: `return fail(Errc::invalid, "…")`.
std::unexpected<Error> fail(Errc code, std::string message, std::vector<std::string> tried = {});

/// An `Errc::io` (or `no_space` for ENOSPC and EDQUOT) error from an errno value: "<doing>: <strerror>".
std::unexpected<Error> fail_errno(std::string_view doing, int error_number);

/// The name of an error kind as logs and JSON spell it, for example "digest_mismatch".
std::string_view name(Errc code);

} // namespace yizhan
