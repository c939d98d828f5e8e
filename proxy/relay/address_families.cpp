#include "proxy/relay/address_families.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yizhan {
namespace {

// A datagram socket's connect() only looks the route up. The addresses are those kept for documentation (RFC 5737,
// RFC 3849): nobody is there, and the default route leads to them as to everybody.
bool leads_out(const sockaddr* address, socklen_t size) {
    const int fd = ::socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    const bool found = ::connect(fd, address, size) == 0;
    ::close(fd);
    return found;
}

bool is_numeric(std::string host) {
    if (host.starts_with('['))
        return true;
    in_addr ignored{};
    return inet_pton(AF_INET, host.c_str(), &ignored) == 1;
}

} // namespace

Routes Routes::of_this_machine() {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(9);
    inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(9);
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    return {.v4 = leads_out(reinterpret_cast<const sockaddr*>(&v4), sizeof v4),
            .v6 = leads_out(reinterpret_cast<const sockaddr*>(&v6), sizeof v6)};
}

std::vector<AddressFamily> address_families(const Url& url, const Routes& routes, bool proxied) {
    const bool local = url.host() == "localhost";
    if (proxied || local || !routes.v4 || !routes.v6 || is_numeric(std::string(url.host())))
        return {AddressFamily::any};
    return {AddressFamily::v4, AddressFamily::v6};
}

} // namespace yizhan
