#include "proxy/http/connection.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

namespace yizhan::test {
namespace {

using namespace std::chrono_literals;

/// Answers with what was asked.
Task<Response> echo(const Request& request) {
    co_return response_of(shared("you asked for " + std::string(request.target)), Ranges::all);
}

TEST(ConnectionLimits, are_looked_at_often_enough_and_not_more) {
    ConnectionLimits limits;
    EXPECT_EQ(limits.tick(), 250ms);
    limits.idle_timeout = 400ms;
    EXPECT_EQ(limits.tick(), 100ms);
    limits.header_timeout = 0ms;
    EXPECT_EQ(limits.tick(), 5ms);
}

// The deadline is for the whole head: a byte now and then does not put it off.
TEST(ConnectionWatch, is_cut_when_a_head_only_drips_in) {
    const TestServer server(echo, [](Tuning& tuning) { tuning.limits.header_timeout = 100ms; });
    auto client = server.connect();
    client.send("GET / HTTP/1.1\r\nX-Slow: ");
    int bytes = 0;
    while (!client.readable(5) && bytes < 6000 && client.send("x"))
        ++bytes;
    ASSERT_LT(bytes, 6000);
    EXPECT_EQ(client.reply().status, 408U);
    EXPECT_TRUE(client.is_at_end());
}

TEST(ConnectionWatch, is_closed_without_a_word_when_nothing_is_asked) {
    const TestServer server(echo, [](Tuning& tuning) {
        tuning.limits.header_timeout = 50ms;
        tuning.limits.idle_timeout = 50ms;
    });
    auto silent = server.connect();
    EXPECT_TRUE(silent.is_at_end());
    auto idle = server.connect();
    EXPECT_EQ(idle.ask("/x").status, 200U);
    EXPECT_TRUE(idle.is_at_end());
}

TEST(ConnectionWatch, cuts_a_client_that_does_not_read) {
    const auto bytes = pattern(32UL * 1024 * 1024);
    const auto blob = blob_of(bytes);
    TestServer server([&](const Request&) -> Task<Response> { co_return response_of(blob); },
                      [](Tuning& tuning) {
                          tuning.limits.min_write_rate = 1024;
                          tuning.limits.write_grace = 100ms;
                      });
    Client client;
    client.keep_little();
    client.connect(server.port());
    client.get("/big");
    EXPECT_TRUE(server.log().wait_for("slow"));
    Reply reply = client.reply();
    EXPECT_FALSE(reply.complete);
}

TEST(ConnectionWatch, cancels_the_handler_of_a_client_that_left) {
    Notifier never;
    std::promise<void> begun, cancelled;
    TestServer server([&](const Request&) -> Task<Response> {
        struct OnExit {
            std::promise<void>& promise;
            ~OnExit() { promise.set_value(); }
        } const guard{cancelled};
        begun.set_value();
        co_await never.wait([] { return false; });
        co_return response_of(shared("too late"));
    });
    auto client = server.connect();
    client.get("/x");
    begun.get_future().wait();
    client.close();
    EXPECT_EQ(cancelled.get_future().wait_for(patience), std::future_status::ready);
    EXPECT_TRUE(server.log().wait_for("499 0"));
}

} // namespace
} // namespace yizhan::test
