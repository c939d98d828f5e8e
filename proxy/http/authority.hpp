// Who a request says it is for: the host and port of a Host field or of an absolute-form target (RFC 3986 3.2). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

struct Authority {
    std::string_view host;             ///< as written; an IPv6 address keeps its brackets
    std::optional<std::uint16_t> port; ///< absent or written empty: none
};

/// Nullopt for user information, an empty host, a port outside 1 to 65535, a malformed IPv6 literal, or a character
/// that no host name has. Underscores are accepted: machines in labs have them.
std::optional<Authority> parse_authority(std::string_view text);

/// Where a connection arrived, by which "is this for us?" is answered.
struct LocalAddress {
    std::string host; ///< numeric, without brackets; empty: unknown, nothing is ours
    std::uint16_t port = 0;
};

/// True when the authority is this address and port (80 where none is written), or "localhost" on a loopback address.
bool names(const Authority& authority, const LocalAddress& local);

} // namespace yizhan
