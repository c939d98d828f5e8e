// How many connections there are, in all and of each client.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

struct sockaddr_storage;

namespace yizhan {

/// A socket address as the log and the limits see it.
struct Peer {
    std::string address; ///< numeric, without port; an IPv4-mapped IPv6 address as IPv4
    std::uint16_t port = 0;
    /// What counts as one client: an IPv4 address, or an IPv6 /64 (a single machine owns at least that).
    std::array<std::uint8_t, 8> client{};

    static Peer from(const sockaddr_storage& address);
};

/// Locked for each connection that comes or goes, never for a request.
class Peers {
  public:
    /// 0: no limit.
    Peers(std::size_t most, std::size_t most_per_client) : most_(most), most_per_client_(most_per_client) {}

    enum class Welcome {
        yes,
        full,        ///< too many in all: tell it so
        client_full, ///< too many of this client: tell it so
        turned_away, ///< so many that there is no room even to tell
    };

    /// A place among the connections; given back when destroyed.
    class Seat {
      public:
        Seat() = default;
        Seat(Seat&& other) noexcept;
        Seat& operator=(Seat&& other) noexcept;
        ~Seat();
        Welcome welcome() const { return welcome_; }

      private:
        friend class Peers;
        Seat(Peers* peers, const Peer& peer, Welcome welcome)
            : peers_(peers), client_(peer.client), welcome_(welcome) {}
        Peers* peers_ = nullptr;
        std::array<std::uint8_t, 8> client_{};
        Welcome welcome_ = Welcome::turned_away;
    };

    Seat admit(const Peer& peer);
    std::size_t count() const;

  private:
    // Connections over a limit that may live for the second it takes to answer 503.
    static constexpr std::size_t most_refusals = 64;

    void leave(const std::array<std::uint8_t, 8>& client, Welcome welcome);

    std::size_t most_;
    std::size_t most_per_client_;
    mutable std::mutex mutex_;
    std::size_t count_ = 0;
    std::size_t refusals_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> clients_;
};

} // namespace yizhan
