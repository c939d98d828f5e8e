#include "proxy/http/authority.hpp"

#include "proxy/http/field_syntax.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

namespace yizhan {
namespace {

using Ipv6 = std::array<unsigned char, 16>;

std::optional<Ipv6> ipv6(std::string_view text) {
    Ipv6 address{};
    if (::inet_pton(AF_INET6, std::string(text).c_str(), address.data()) != 1)
        return std::nullopt;
    return address;
}

constexpr auto host_chars = [] {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("-._~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_host_char(char c) {
    return host_chars[static_cast<unsigned char>(c)];
}

std::size_t host_size(std::string_view text) {
    if (!text.starts_with('['))
        return std::min(text.find(':'), text.size());
    const auto bracket = text.find(']');
    return bracket == std::string_view::npos ? 0 : bracket + 1;
}

bool is_host(std::string_view host) {
    if (host.starts_with('['))
        return ipv6(host.substr(1, host.size() - 2)).has_value();
    return !host.empty() && std::ranges::all_of(host, is_host_char);
}

} // namespace

std::optional<Authority> parse_authority(std::string_view text) {
    // 253 is the longest DNS name; with brackets, colon and port nothing valid is longer than this.
    constexpr std::size_t longest = 260;
    Authority out{.host = text.substr(0, host_size(text)), .port = std::nullopt};
    if (text.size() > longest || !is_host(out.host))
        return std::nullopt;
    auto rest = text.substr(out.host.size());
    if (rest.empty() || rest == ":")
        return out;
    if (!rest.starts_with(':'))
        return std::nullopt;
    rest.remove_prefix(1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (error != std::errc{} || end != rest.data() + rest.size() || port == 0)
        return std::nullopt;
    out.port = port;
    return out;
}

bool names(const Authority& authority, const LocalAddress& local) {
    if (local.host.empty() || authority.port.value_or(80) != local.port)
        return false;
    const auto host = authority.host;
    if (host.starts_with('[')) {
        const auto here = ipv6(local.host);
        return here && ipv6(host.substr(1, host.size() - 2)) == here;
    }
    const bool loopback = local.host.starts_with("127.") || local.host == "::1";
    return host == local.host || (loopback && same_name(host, "localhost"));
}

} // namespace yizhan
