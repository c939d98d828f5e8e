// What the relay is doing, for people and machines: endpoints with score, breaker and blame, transfers with progress.
// Pure functions.
#pragma once

#include "proxy/relay/relay.hpp"

#include <boost/json/array.hpp>

#include <span>
#include <string>

namespace yizhan {

/// One object per endpoint: endpoint, family, state (as name(Gate) spells it), words (why), in_flight, cap, blamed by
/// kind, speeds by size class, kinds with a breaker each.
boost::json::array endpoints_json(std::span<const EndpointStatus> endpoints);

/// One object per transfer: path, state, source, asking, received, size, bytes_per_second, readers.
boost::json::array transfers_json(std::span<const TransferStatus> transfers);

/// The same as Prometheus reads it (text format 0.0.4). Labels are endpoints and classes, never packages.
std::string relay_metrics(const RelayStatus& status);

/// A label's value with what the format forbids escaped.
std::string metric_label(std::string_view value);

} // namespace yizhan
