// A socket just accepted, and who is at its ends: what the listener hands to a core.
#pragma once

#include "proxy/http/authority.hpp"
#include "proxy/http/peers.hpp"

#include <unistd.h>
#include <utility>

namespace yizhan {

/// Owns the socket until a connection takes it over (and sets fd to -1).
struct Accepted {
    int fd = -1; ///< non-blocking
    int family = 0;
    Peer peer;
    LocalAddress local;
    Peers::Seat seat;

    Accepted() = default;
    Accepted(Accepted&& other) noexcept
        : fd(std::exchange(other.fd, -1)), family(other.family), peer(std::move(other.peer)),
          local(std::move(other.local)), seat(std::move(other.seat)) {}
    Accepted& operator=(Accepted&&) = delete;
    ~Accepted() {
        if (fd >= 0)
            ::close(fd);
    }
};

} // namespace yizhan
