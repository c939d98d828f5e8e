#include "proxy/http/peers.hpp"

#include <arpa/inet.h>
#include <bit>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace yizhan {
namespace {

std::string numeric(int family, const void* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, bytes, text.data(), text.size()) ? std::string(text.data()) : std::string();
}

} // namespace

Peer Peer::from(const sockaddr_storage& address) {
    Peer out;
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        out.address = numeric(AF_INET, &v4.sin_addr);
        out.port = ntohs(v4.sin_port);
        // No IPv6 /64 in use begins with four zero bytes, so the two kinds of key cannot meet.
        std::memcpy(out.client.data() + 4, &v4.sin_addr, 4);
    } else if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        out.port = ntohs(v6.sin6_port);
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        out.address = mapped ? numeric(AF_INET, &v6.sin6_addr.s6_addr[12]) : numeric(AF_INET6, &v6.sin6_addr);
        if (mapped)
            std::memcpy(out.client.data() + 4, &v6.sin6_addr.s6_addr[12], 4);
        else
            std::memcpy(out.client.data(), &v6.sin6_addr, out.client.size());
    }
    return out;
}

Peers::Seat::Seat(Seat&& other) noexcept
    : peers_(std::exchange(other.peers_, nullptr)), client_(other.client_), welcome_(other.welcome_) {}

Peers::Seat& Peers::Seat::operator=(Seat&& other) noexcept {
    std::swap(peers_, other.peers_);
    std::swap(client_, other.client_);
    std::swap(welcome_, other.welcome_);
    return *this;
}

Peers::Seat::~Seat() {
    if (peers_)
        peers_->leave(client_, welcome_);
}

Peers::Seat Peers::admit(const Peer& peer) {
    const std::scoped_lock lock(mutex_);
    const auto key = std::bit_cast<std::uint64_t>(peer.client);
    const auto found = clients_.find(key);
    const auto mine = found == clients_.end() ? 0 : found->second;
    auto welcome = Welcome::yes;
    if (most_per_client_ > 0 && mine >= most_per_client_)
        welcome = Welcome::client_full;
    else if (most_ > 0 && count_ >= most_)
        welcome = Welcome::full;
    if (welcome == Welcome::yes) {
        ++count_;
        ++clients_[key];
        return {this, peer, welcome};
    }
    if (refusals_ >= most_refusals)
        return {nullptr, peer, Welcome::turned_away};
    ++refusals_;
    return {this, peer, welcome};
}

std::size_t Peers::count() const {
    const std::scoped_lock lock(mutex_);
    return count_;
}

void Peers::leave(const std::array<std::uint8_t, 8>& client, Welcome welcome) {
    const std::scoped_lock lock(mutex_);
    if (welcome != Welcome::yes) {
        --refusals_;
        return;
    }
    --count_;
    const auto found = clients_.find(std::bit_cast<std::uint64_t>(client));
    if (--found->second == 0)
        clients_.erase(found);
}

} // namespace yizhan
