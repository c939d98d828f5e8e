#include "proxy/relay/http_proxy.hpp"

#include <cstdlib>

namespace yizhan {
namespace {

bool excluded(std::string_view host, std::string_view no_proxy) {
    while (!no_proxy.empty()) {
        const auto comma = no_proxy.find_first_of(", ");
        auto entry = no_proxy.substr(0, comma);
        no_proxy.remove_prefix(comma == std::string_view::npos ? no_proxy.size() : comma + 1);
        if (entry == "*")
            return true;
        if (entry.starts_with('.'))
            entry.remove_prefix(1);
        if (entry.empty() || !host.ends_with(entry))
            continue;
        if (host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.')
            return true;
    }
    return false;
}

} // namespace

std::string http_proxy_for(const Url& url, std::string_view configured, const ReadEnvironment& environment) {
    const auto either = [&](std::string_view lower, std::string_view upper) {
        auto value = environment(lower);
        return value.empty() && !upper.empty() ? environment(upper) : value;
    };
    std::string proxy(configured);
    if (proxy.empty())
        proxy = url.scheme() == "https" ? either("https_proxy", "HTTPS_PROXY") : either("http_proxy", "");
    if (proxy.empty())
        proxy = either("all_proxy", "ALL_PROXY");
    if (proxy.empty() || excluded(url.host(), either("no_proxy", "NO_PROXY")))
        return {};
    return proxy;
}

std::string read_environment(std::string_view name) {
    // Read once at start-up, before any thread could write the environment (nobody here ever does).
    const char* value = std::getenv(std::string(name).c_str()); // NOLINT(concurrency-mt-unsafe)
    return value ? value : "";
}

} // namespace yizhan
