#include "proxy/http/listener.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <gmock/gmock.h>

namespace yizhan::test {
namespace {

using testing::HasSubstr;

struct Listening {
    asio::io_context context;
    Peers peers{0, 0};
    Listener listener{context, peers, [](const Accepted&) {}};
};

TEST(Listener, tells_the_port_that_the_kernel_chose) {
    Listening one;
    ASSERT_TRUE(one.listener.listen("127.0.0.1:0"));
    ASSERT_TRUE(one.listener.listen("127.0.0.2:0"));
    const auto addresses = one.listener.addresses();
    ASSERT_EQ(addresses.size(), 2U);
    EXPECT_THAT(addresses[0], testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]+"));
    EXPECT_THAT(addresses[1], testing::MatchesRegex("127\\.0\\.0\\.2:[1-9][0-9]+"));
}

TEST(Listener, takes_ipv6_names_and_every_address) {
    Listening one;
    if (const int probe = ::socket(AF_INET6, SOCK_STREAM, 0); probe >= 0) {
        ::close(probe);
        ASSERT_TRUE(one.listener.listen("[::1]:0"));
        EXPECT_THAT(one.listener.addresses().back(), testing::StartsWith("[::1]:"));
    }
    ASSERT_TRUE(one.listener.listen("localhost:0"));
    ASSERT_TRUE(one.listener.listen(":0"));
    EXPECT_THAT(one.listener.addresses().back(), testing::StartsWith("0.0.0.0:"));
}

TEST(Listener, says_what_is_wrong_with_an_address) {
    Listening one;
    for (const auto* address : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", "a b:1",
                                "::1:80", "[::1:80", "http://127.0.0.1:80"}) {
        const auto listening = one.listener.listen(address);
        ASSERT_FALSE(listening) << address;
        EXPECT_EQ(listening.error().code, Errc::invalid) << address;
        EXPECT_THAT(listening.error().message, HasSubstr("cannot listen on"));
    }
}

TEST(Listener, explains_an_address_in_use) {
    Listening one, two;
    ASSERT_TRUE(one.listener.listen("127.0.0.1:0"));
    const auto again = two.listener.listen(one.listener.addresses()[0]);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::io);
    EXPECT_THAT(again.error().message, HasSubstr("--listen"));
}

} // namespace
} // namespace yizhan::test
