// How one response leaves: what a route answered, narrowed to what this request asks for (RFC 9110, RFC 9112). Pure.
#pragma once

#include "proxy/http/message.hpp"
#include "proxy/http/response.hpp"

#include <cstdint>
#include <optional>

namespace yizhan {

struct Delivery {
    HeadPlan head;
    bool with_body = false;            ///< false for HEAD and 304: the head alone leaves
    std::uint64_t first = 0;           ///< offset in the body
    std::optional<std::uint64_t> size; ///< bytes from there; unknown: to the end, whenever that is
};

/// Applies the request's conditions and range to a 200, and settles framing and persistence. A response that turns out
/// to be a 412 or 416 is replaced by one that says so in words; its validator and its fields stay.
Delivery plan_delivery(const Request& request, bool http_1_1, bool keep_alive, Response& response);

/// The size of a body where it is known.
std::optional<std::uint64_t> size_of(const Body& body);

} // namespace yizhan
