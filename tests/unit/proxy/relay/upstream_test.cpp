#include "proxy/relay/upstream.hpp"
#include "tests/origin/origin.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

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

    /// One for which the name files.example resolves to `address`.
    Upstream upstream(const std::string& address) {
        return {io_,
                {.connect_timeout = std::chrono::milliseconds(1500),
                 .stall_timeout = std::chrono::milliseconds(4000),
                 .user_agent = "yizhan/test",
                 .ca_file = {},
                 .proxy = {},
                 .resolve = {"files.example:" + std::to_string(server_.port()) + ":" + address}}};
    }

    UpstreamRequest request(bool private_address_allowed) {
        return {.url = Url::parse("http://files.example:" + std::to_string(server_.port()) + "/x").value(),
                .private_address_allowed = private_address_allowed};
    }

    /// What a name that resolves to `address` gives.
    Collected ask(const std::string& address, bool private_address_allowed) {
        auto upstream = this->upstream(address);
        Collected out;
        upstream.start(request(private_address_allowed), out);
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

TEST_F(UpstreamTest, InTheClearNoPageWaitsForAnothersAnswer) {
    server_.misbehave("/x", origin::Behaviour().stall_head("both"));
    auto upstream = this->upstream(server_.address());
    Collected first, second;
    auto page = request(true);
    page.document = true;
    upstream.start(page, first);
    upstream.start(page, second);
    bool both_asked = false;
    {
        const std::jthread opener([&] {
            both_asked = farm_.gates().wait_arrivals("both", 2, std::chrono::seconds(2));
            farm_.gates().open("both");
        });
        while (!(first.outcome && second.outcome) && io_.run_one() > 0) {
        }
    }
    EXPECT_TRUE(both_asked);
    EXPECT_EQ(first.body + second.body, "secretsecret");
}

TEST_F(UpstreamTest, TellsWhatHasComeAndWasNotRead) {
    constexpr std::size_t size = std::size_t{64} << 20;
    constexpr std::uint64_t much = std::uint64_t{64} << 10;
    server_.serve("/x", origin::text(200, std::string(size, 'x')));
    auto upstream = this->upstream(server_.address());
    Collected sink;
    const auto ticket = upstream.start(request(true), sink);
    while (sink.body.empty() && io_.run_one() > 0) {
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (upstream.unread(ticket) <= much && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // our thread is busy elsewhere
    EXPECT_GT(upstream.unread(ticket), much);
    while (sink.body.size() < size && io_.run_one() > 0) {
    }
    EXPECT_EQ(upstream.unread(ticket), 0u);
    while (!sink.outcome && io_.run_one() > 0) {
    }
    EXPECT_EQ(sink.body.size(), size);
    EXPECT_EQ(upstream.unread(ticket), 0u) << "of a request that is over";
}

// A quick stream is read in large pieces, and the kernel wakes us for nothing less. What is less must not wait for
// more: where the sender pauses, and at the end.
TEST_F(UpstreamTest, AQuickStreamThatPausesIsReadUpToItsLastByte) {
    constexpr std::size_t size = std::size_t{8} << 20, pause = (std::size_t{3} << 20) + 10'000;
    std::string body;
    for (std::size_t i = 0; body.size() < size; ++i)
        body += std::to_string(i * 2654435761U);
    const std::string ca = testing::TempDir() + "quick-stream-ca.pem";
    std::ofstream(ca) << farm_.authority().pem();
    for (auto* server : {&server_, &farm_.add_tls("secure")}) {
        server->serve("/quick", origin::text(200, body));
        server->misbehave("/quick", origin::Behaviour().rate(0, 60'000'000).stall(pause, "quick"));
        Upstream upstream(io_, {.connect_timeout = std::chrono::milliseconds(1500),
                                .stall_timeout = std::chrono::milliseconds(4000),
                                .user_agent = "yizhan/test",
                                .ca_file = ca,
                                .proxy = {},
                                .resolve = {}});
        Collected sink;
        io_.restart();
        upstream.start({.url = Url::parse(server->url("/quick")).value(), .private_address_allowed = true}, sink);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        while (!sink.outcome && sink.body.size() < pause && std::chrono::steady_clock::now() < deadline)
            io_.run_one_for(std::chrono::milliseconds(100));
        EXPECT_EQ(sink.body.size(), pause) << server->url("");
        farm_.gates().open("quick");
        while (!sink.outcome && io_.run_one() > 0) {
        }
        ASSERT_TRUE(sink.outcome && *sink.outcome);
        EXPECT_TRUE(sink.body == body) << server->url("");
        farm_.gates().close("quick");
    }
    std::filesystem::remove(ca);
}

} // namespace
} // namespace yizhan
