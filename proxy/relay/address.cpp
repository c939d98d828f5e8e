#include "proxy/relay/address.hpp"

#include "proxy/http/field_syntax.hpp"
#include "proxy/task.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <initializer_list>
#include <span>

namespace yizhan {
namespace {

struct Net4 {
    std::uint32_t address;
    unsigned bits;
};

// IANA's special-purpose registry, as far as something could listen there. The documentation ranges (192.0.2/24,
// 198.51.100/24, 203.0.113/24) are left out on purpose: nothing of anybody's is behind them to be protected, and
// closed networks use them for the gateways that stand in for the public hosts.
constexpr Net4 refused4[] = {
    {0x00000000, 8},  // this network
    {0x0a000000, 8},  // private
    {0x64400000, 10}, // shared, carrier-grade NAT
    {0x7f000000, 8},  // loopback
    {0xa9fe0000, 16}, // link-local, where cloud metadata services live
    {0xac100000, 12}, // private
    {0xc0000000, 24}, // IETF protocol assignments
    {0xc0a80000, 16}, // private
    {0xc6120000, 15}, // benchmarking
    {0xe0000000, 4},  // multicast
    {0xf0000000, 4},  // reserved, broadcast
};

bool is_public(asio::ip::address_v4 address) {
    const auto value = address.to_uint();
    return std::ranges::none_of(
        refused4, [&](Net4 net) { return (value >> (32 - net.bits)) == (net.address >> (32 - net.bits)); });
}

asio::ip::address_v4 embedded4(const asio::ip::address_v6::bytes_type& bytes, std::size_t at) {
    return asio::ip::address_v4({bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
}

bool starts_with(const asio::ip::address_v6::bytes_type& bytes, std::initializer_list<unsigned char> prefix) {
    return std::ranges::equal(prefix, std::span(bytes).first(prefix.size()));
}

bool is_public(const asio::ip::address_v6& address) {
    const auto bytes = address.to_bytes();
    if (address.is_v4_mapped() || starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
        return is_public(embedded4(bytes, 12)); // ::ffff:a.b.c.d, ::a.b.c.d, and :: and ::1 as 0.0.0.0/8
    if (starts_with(bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
        return is_public(embedded4(bytes, 12)); // NAT64, RFC 6052; the local one, 64:ff9b:1::/48, is none of 2000::/3
    if (starts_with(bytes, {0x20, 0x02}))
        return is_public(embedded4(bytes, 2)); // 6to4
    // 2001::/23 is the IETF's: Teredo (an IPv4 address behind an exclusive or), benchmarking, identifiers that are no
    // addresses. None of it serves files.
    if (starts_with(bytes, {0x20, 0x01}) && bytes[2] < 2)
        return false;
    return (bytes[0] & 0xe0) == 0x20; // 2000::/3 is all that is global unicast today
}

// RFC 6761 6.3: "localhost" and what lies below it is this machine, whoever resolves it.
bool is_localhost(std::string_view host) {
    constexpr std::string_view name = "localhost";
    if (host.size() < name.size() || !same_name(host.substr(host.size() - name.size()), name))
        return false;
    return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

// "2130706433", "0x7f.1", "0177.0.0.1": no top-level domain is a number, but inet_aton takes all of these.
bool ends_in_number(std::string_view host) {
    const auto label = host.substr(host.rfind('.') + 1);
    const bool hexadecimal = label.starts_with("0x") || label.starts_with("0X");
    return hexadecimal || (!label.empty() && std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; }));
}

} // namespace

bool is_public_address(std::string_view numeric) {
    if (numeric.starts_with('[') && numeric.ends_with(']'))
        numeric = numeric.substr(1, numeric.size() - 2);
    error_code ec;
    const auto address = asio::ip::make_address(numeric.substr(0, numeric.find('%')), ec);
    if (ec)
        return false;
    return address.is_v4() ? is_public(address.to_v4()) : is_public(address.to_v6());
}

bool leads_inward(std::string_view host) {
    if (host.ends_with('.')) // the root of the name space
        host.remove_suffix(1);
    const bool numeric = host.empty() || host.starts_with('[') || host.contains(':') || ends_in_number(host);
    return numeric ? !is_public_address(host) : is_localhost(host);
}

} // namespace yizhan
