// /status for people: how the mirrors do and what is on its way.
#pragma once

#include "cache/store.hpp"
#include "proxy/relay/relay.hpp"

#include <string>

namespace yizhan {

struct StatusFacts {
    const RelayStatus& relay;
    const StoreStats& store;
    std::string degraded; ///< empty: all is well
    bool offline = false;
    std::int64_t uptime_seconds = 0;
};

/// A whole HTML page, in Chinese and English, without scripts; it asks to be loaded again every five seconds.
std::string status_page(const StatusFacts& facts);

/// "1.5 GiB", "12 MiB", "900 KiB".
std::string human_bytes(double bytes);

} // namespace yizhan
