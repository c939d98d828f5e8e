// What was learnt of an endpoint as a short text for the catalog, and back. Pure functions, any thread.
//
//   yizhan-endpoint 1 <seconds since 1970>
//   first <class> <peak µs> <usual µs> <age ms>      of the first byte
//   rate <class> <bytes per second> <age ms>
//   rest <cause> <1: open or half open, 0: closed> <ms left> <openings for faults> <for blocks> <kind>
//   cap <connections>
//   lie <hash of the object's path, hex> <age s>
#pragma once

#include "config/error.hpp"
#include "proxy/relay/health/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// `wall`: seconds since 1970.
std::string encode_learnt(const LearntEndpoint& learnt, std::int64_t wall);

/// With the time since its writing added to ages and taken off rests. nullopt: stale, since it is older than a week or
/// from the future (a clock was set back). Errors: Errc::corrupt for what encode_learnt never writes, another version,
/// more than 4 KiB.
Result<std::optional<LearntEndpoint>> decode_learnt(std::string_view text, std::int64_t wall);

} // namespace yizhan
