// Which addresses may be connected to without the configuration naming their host: the one place that decides it. Pure.
#pragma once

#include <string_view>

namespace yizhan {

/// Whether a numeric address is anybody's on the Internet: not loopback, private, link-local (metadata services),
/// shared (100.64/10), multicast, unspecified or reserved, nor one of these inside IPv6 (mapped, compatible, 6to4,
/// NAT64). False for what is no numeric address.
bool is_public_address(std::string_view numeric);

/// Whether a URL's host leads inward as it is written, before anybody resolves it: a numeric address that is not
/// public, what only a lenient resolver takes for a number ("0x7f.1"), "localhost" and names below it. False for other
/// names: what they resolve to is judged by is_public_address when a socket is opened, on that very address, so that a
/// name which resolves differently the second time (rebinding) gains nothing.
bool leads_inward(std::string_view host);

} // namespace yizhan
