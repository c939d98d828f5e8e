// What a connection answers without asking a handler. Pure.
#pragma once

#include "proxy/http/guard.hpp"
#include "proxy/http/message.hpp"
#include "proxy/http/peers.hpp"

#include <cstdint>
#include <string_view>

namespace yizhan {

/// The guard's or the target's refusal in words. Ends the connection, but for a 404.
Response refused(const Refusal& refusal);

/// 503 with Retry-After for a connection over a limit, which ends.
Response overloaded(Peers::Welcome welcome);

/// 500 for a bug of ours: the client learns the request's id, the log what happened. Ends the connection.
Response broken(std::uint64_t request_id);

/// The first line of bytes that may not be a request at all, for the log.
std::string_view first_line(std::string_view bytes);

} // namespace yizhan
