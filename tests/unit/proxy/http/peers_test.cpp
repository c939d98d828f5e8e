#include "proxy/http/peers.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

namespace yizhan {
namespace {

Peer peer(const char* address) {
    sockaddr_storage storage{};
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(1234);
        std::memcpy(&storage, &v4, sizeof v4);
    } else {
        EXPECT_EQ(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(1234);
        std::memcpy(&storage, &v6, sizeof v6);
    }
    return Peer::from(storage);
}

TEST(Peer, is_written_numerically) {
    EXPECT_EQ(peer("192.0.2.1").address, "192.0.2.1");
    EXPECT_EQ(peer("192.0.2.1").port, 1234);
    EXPECT_EQ(peer("2001:db8::1").address, "2001:db8::1");
    EXPECT_EQ(peer("::ffff:192.0.2.1").address, "192.0.2.1");
}

TEST(Peer, is_one_client_per_address_or_ipv6_network) {
    EXPECT_EQ(peer("192.0.2.1").client, peer("::ffff:192.0.2.1").client);
    EXPECT_NE(peer("192.0.2.1").client, peer("192.0.2.2").client);
    EXPECT_EQ(peer("2001:db8::1").client, peer("2001:db8::ffff:1").client);
    EXPECT_NE(peer("2001:db8::1").client, peer("2001:db8:0:1::1").client);
}

TEST(Peers, limits_a_client_and_the_whole) {
    Peers peers(3, 2);
    auto one = peers.admit(peer("192.0.2.1"));
    auto two = peers.admit(peer("192.0.2.1"));
    EXPECT_EQ(one.welcome(), Peers::Welcome::yes);
    EXPECT_EQ(peers.admit(peer("192.0.2.1")).welcome(), Peers::Welcome::client_full);
    auto three = peers.admit(peer("192.0.2.2"));
    EXPECT_EQ(three.welcome(), Peers::Welcome::yes);
    EXPECT_EQ(peers.admit(peer("192.0.2.3")).welcome(), Peers::Welcome::full);
    EXPECT_EQ(peers.count(), 3U);
}

TEST(Peers, has_room_again_when_a_seat_is_given_back) {
    Peers peers(1, 1);
    {
        const auto seat = peers.admit(peer("192.0.2.1"));
        EXPECT_EQ(peers.admit(peer("192.0.2.1")).welcome(), Peers::Welcome::client_full);
    }
    EXPECT_EQ(peers.count(), 0U);
    auto seat = peers.admit(peer("192.0.2.1"));
    auto moved = std::move(seat);
    EXPECT_EQ(moved.welcome(), Peers::Welcome::yes);
    EXPECT_EQ(peers.count(), 1U);
}

TEST(Peers, turns_away_when_even_the_refusals_are_too_many) {
    Peers peers(1, 0);
    std::vector<Peers::Seat> seats;
    for (int i = 0; i < 200; ++i)
        seats.push_back(peers.admit(peer("192.0.2.1")));
    EXPECT_EQ(seats[1].welcome(), Peers::Welcome::full);
    EXPECT_EQ(seats.back().welcome(), Peers::Welcome::turned_away);
    seats.clear();
    EXPECT_EQ(peers.count(), 0U);
    EXPECT_EQ(peers.admit(peer("192.0.2.1")).welcome(), Peers::Welcome::yes);
}

TEST(Peers, without_limits_welcomes_everybody) {
    Peers peers(0, 0);
    std::vector<Peers::Seat> seats;
    for (int i = 0; i < 5000; ++i)
        ASSERT_EQ(seats.emplace_back(peers.admit(peer("192.0.2.1"))).welcome(), Peers::Welcome::yes);
}

} // namespace
} // namespace yizhan
