// Which part of a representation a request asks for, and whether it has it already (RFC 9110 sections 13 and 14). Pure.
#pragma once

#include "proxy/http/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan {

/// What is known of the representation that a 200 would carry.
struct Representation {
    std::string_view etag;      ///< strong, with its quotes; empty: none
    bool if_range_only = false; ///< see Response
    Ranges ranges = Ranges::none;
    std::optional<std::uint64_t> size; ///< unknown: no range can be answered
};

/// What to answer instead of, or as, that 200.
struct Selection {
    unsigned status = 200;   ///< 200, 206, 304, 412 or 416
    std::uint64_t first = 0; ///< 206: offset of the window
    std::uint64_t size = 0;  ///< 206: bytes of the window, never 0
};

/// Evaluates If-Match, If-None-Match, If-Range and Range in RFC 9110's order (13.2.2). Dates never match, because
/// yizhan sends none. A Range that is malformed, has several parts, or that `ranges` does not cover is ignored (200);
/// HEAD ignores Range (14.2).
Selection select(const Request& request, const Representation& representation);

} // namespace yizhan
