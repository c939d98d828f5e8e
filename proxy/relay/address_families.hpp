// IPv4 and IPv6 apart: mirrors block by subnet, and often only one of the two (facts: mirrors, quirk 9).
#pragma once

#include "config/url.hpp"
#include "proxy/relay/health/endpoint.hpp"

#include <vector>

namespace yizhan {

/// Whether packets to the world would leave over IPv4, over IPv6. Asks the routing table; sends nothing.
struct Routes {
    bool v4 = false, v6 = false;
    static Routes of_this_machine();
};

/// The families over which a host is asked, each an endpoint of its own: both where both lead out and the host is a
/// name of which neither this machine nor an HTTP proxy knows better.
std::vector<AddressFamily> address_families(const Url& url, const Routes& routes, bool proxied);

} // namespace yizhan
