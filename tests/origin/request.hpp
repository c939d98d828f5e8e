// Reading requests off a wire: as lenient as a test needs, and recording exactly what came.
#pragma once

#include "tests/origin/record.hpp"
#include "tests/origin/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan::origin {

/// Decodes %XX; a broken escape stays as it is.
std::string percent_decoded(std::string_view text);

/// Encodes all but unreserved characters and '/'.
std::string percent_encoded(std::string_view text);

struct ByteRange {
    std::optional<std::uint64_t> first, last; ///< "-n": only `last` is set, and it counts from the end
};

/// One range of RFC 9110 section 14.1.2; anything else (several, other units, nonsense) is nullopt and so ignored.
std::optional<ByteRange> parse_range(std::string_view text);

/// The next request; `pending` holds what was read beyond it. nullopt at the end of the connection, and where what
/// came is no HTTP or larger than 1 MiB.
std::optional<Exchange> read_request(Wire& wire, std::string& pending);

} // namespace yizhan::origin
