// Which HTTP proxy, if any, stands between us and an upstream: the setting, else the variables every client reads.
#pragma once

#include "config/url.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace yizhan {

/// Reads one environment variable; empty where it is not set.
using ReadEnvironment = std::function<std::string(std::string_view)>;

/// The proxy's URL for `url`, or empty for a direct connection. `configured` wins; else https_proxy or http_proxy by
/// scheme, then all_proxy (lower case first; HTTP_PROXY in capitals is not read, as CGI programs can be made to set
/// it), unless no_proxy names the host: exact, a parent domain, or "*".
std::string http_proxy_for(const Url& url, std::string_view configured, const ReadEnvironment& environment);

/// The process's own environment.
std::string read_environment(std::string_view name);

} // namespace yizhan
