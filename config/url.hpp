// One URL parser for checking and for use: libcurl's own, so that what was judged is what is fetched (RFC 3986).
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// An absolute http or https URL, normalised: scheme and host in lower case, no default port, dot segments removed
/// (written as %2e too), an IPv4 address in any spelling (2130706433, 0x7f.1) as four decimal numbers, no fragment.
/// A value type; cheap to copy compared with a request.
class Url {
  public:
    /// Refuses other schemes, anything but exactly two slashes after the scheme, an empty or percent-encoded host, an
    /// IPv6 zone, port 0, user information (credentials belong in the settings), control characters, spaces,
    /// backslashes and non-ASCII bytes: what two parsers could read in two ways.
    static Result<Url> parse(std::string_view text);

    /// A reference (absolute, root-relative, relative) against this URL, RFC 3986 section 5. A fragment is dropped;
    /// a reference that names a scheme or a host must pass parse()'s rules.
    Result<Url> resolve(std::string_view reference) const;

    const std::string& str() const { return text_; }
    const std::string& scheme() const { return scheme_; }
    const std::string& host() const { return host_; } ///< lower case; an IPv6 address keeps its brackets
    std::uint16_t port() const { return port_; }      ///< the default port where none was written
    std::string_view path() const { return path_; }   ///< starts with '/', still percent-encoded
    std::string_view query() const { return query_; } ///< without '?'

    /// "https://host:port", the port left out where it is the scheme's default.
    std::string origin() const;

    /// True when `other` has the same origin and its path starts with this URL's path (taken as a folder).
    bool contains(const Url& other) const;

    bool operator==(const Url& other) const { return text_ == other.text_; }

  private:
    Url() = default;
    std::string text_, scheme_, host_, path_, query_;
    std::uint16_t port_ = 0;
};

/// Text safe for logs and errors: user information and what stands in the query (but names of parameters) become
/// "***", control and non-ASCII bytes become %XX, and beyond 1000 bytes it is cut. Takes anything, also what is no URL.
std::string redacted(std::string_view url);

/// Decodes %XX once; nullopt on a broken escape. '+' stays '+'.
std::optional<std::string> percent_decoded(std::string_view text);

/// Encodes every byte of one path segment that RFC 3986 does not call unreserved; '+' becomes %2B, because object
/// stores behind mirrors read a bare '+' as a space.
std::string percent_encoded_segment(std::string_view text);

} // namespace yizhan
