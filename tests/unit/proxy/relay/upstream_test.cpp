#include "proxy/relay/upstream.hpp"
#include "tests/origin/origin.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace yizhan {
namespace {

/// Keeps what came, and lets the test's context end when it is over.
struct Collected final : Sink {
    Verdict on_head(const Head& what) override {
        head = what;
        return Verdict::go_on;
    }
    Credit on_bytes(std::span<const std::byte> bytes) override {
        body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return Credit::more;
    }
    void on_done(Result<Stats> result) override { outcome = std::move(result); }

    std::optional<Head> head;
    std::string body;
    std::optional<Result<Stats>> outcome;
};

class UpstreamTest : public testing::Test {
  protected:
    UpstreamTest() { server_.serve("/x", origin::text(200, "secret")); }

    /// What a name that resolves to `address` gives.
    Collected ask(const std::string& address, bool private_address_allowed) {
        const auto port = std::to_string(server_.port());
        Upstream upstream(io_, {.connect_timeout = std::chrono::milliseconds(1500),
                                .stall_timeout = std::chrono::milliseconds(4000),
                                .user_agent = "yizhan/test",
                                .ca_file = {},
                                .proxy = {},
                                .resolve = {"files.example:" + port + ":" + address}});
        Collected out;
        upstream.start({.url = Url::parse("http://files.example:" + port + "/x").value(),
                        .head_only = false,
                        .accept = {},
                        .compressed = false,
                        .range = {},
                        .fields = {},
                        .private_address_allowed = private_address_allowed},
                       out);
        io_.restart();
        while (!out.outcome && io_.run_one() > 0) {
        }
        return out;
    }

    origin::Farm farm_;
    origin::Server& server_ = farm_.add("inside");
    asio::io_context io_{1};
};

// The address is judged when the socket is opened, on what is connected to: however a name was resolved before, and
// however often it changes its mind.
TEST_F(UpstreamTest, ANameThatResolvesInwardIsNotConnectedTo) {
    for (const std::string& address :
         {server_.address(), std::string("127.0.0.1"), std::string("[::1]"), std::string("[::ffff:127.0.0.1]"),
          std::string("0.0.0.0"), "127.0.0.9,[::1]," + server_.address()}) {
        const auto got = ask(address, false);
        ASSERT_TRUE(got.outcome) << address;
        ASSERT_FALSE(*got.outcome) << address;
        EXPECT_EQ(got.outcome->error().code, Errc::refused) << got.outcome->error().text();
        EXPECT_EQ(got.body, "");
    }
    EXPECT_EQ(server_.record().connections(), 0u);
}

TEST_F(UpstreamTest, OneThatTheSettingsNameIs) {
    const auto got = ask(server_.address(), true);
    ASSERT_TRUE(got.outcome && *got.outcome) << got.outcome->error().text();
    EXPECT_EQ(got.body, "secret");
    EXPECT_EQ(got.head->address, server_.address());
}

} // namespace
} // namespace yizhan
