// Moments as pages and URLs write them: RFC 3339, and plain dates. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan {

/// Whole seconds since 1970-01-01T00:00:00Z; a fraction of one is cut off.
using UnixTime = std::int64_t;

/// Reads "2024-06-30", which is its first second in UTC, and "2024-06-30T12:00:00Z" with any offset and fraction
/// (RFC 3339; PEP 700's upload-time). nullopt for other shapes, and for what is in no calendar.
std::optional<UnixTime> parse_date_time(std::string_view text);

} // namespace yizhan
