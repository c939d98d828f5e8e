#include "proxy/http/server.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <gmock/gmock.h>

#include <netinet/tcp.h>

namespace yizhan::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Task<Response> fine(const Request&) {
    co_return response_of(shared("fine"));
}

TEST(Server, serves_on_all_its_cores) {
    std::mutex mutex;
    std::vector<std::thread::id> seen;
    const TestServer server([&](const Request&) -> Task<Response> {
        const std::scoped_lock lock(mutex);
        seen.push_back(std::this_thread::get_id());
        co_return response_of(shared("x"));
    });
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(server.connect().ask("/").status, 200U);
    std::ranges::sort(seen);
    const auto duplicates = std::ranges::unique(seen);
    EXPECT_EQ(std::distance(seen.begin(), duplicates.begin()), 2);
}

TEST(Server, gives_every_request_its_own_id) {
    std::mutex mutex;
    std::vector<std::uint64_t> ids;
    const TestServer server([&](const Request& request) -> Task<Response> {
        const std::scoped_lock lock(mutex);
        ids.push_back(request.id);
        co_return response_of(shared("x"));
    });
    for (int i = 0; i < 10; ++i) {
        auto client = server.connect();
        client.ask("/");
        client.ask("/");
    }
    std::ranges::sort(ids);
    EXPECT_EQ(ids.size(), 20U);
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

TEST(Server, that_drains_ends_idle_connections_and_takes_no_new_ones) {
    TestServer server(fine);
    auto idle = server.connect();
    EXPECT_EQ(idle.ask("/x").status, 200U);
    auto fresh = server.connect();
    server.server().drain();
    EXPECT_TRUE(idle.is_at_end());
    EXPECT_TRUE(fresh.is_at_end());
    server.join();
    EXPECT_EQ(server.server().connections(), 0U);
}

TEST(Server, that_drains_lets_responses_finish) {
    const auto bytes = pattern(100'000);
    Script script(bytes, bytes.size());
    TestServer server([&](const Request&) -> Task<Response> { co_return response_of(script.stream()); });
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    auto idle = server.connect();
    server.server().drain();
    EXPECT_TRUE(idle.is_at_end()) << "after this the server does drain";
    script.release(bytes.size());
    const auto reply = client.reply();
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, bytes);
    EXPECT_TRUE(client.is_at_end());
    server.join();
}

TEST(Server, that_drains_says_so_in_responses_that_begin_now) {
    Notifier notifier;
    std::atomic<bool> go = false;
    std::promise<void> begun;
    TestServer server([&](const Request&) -> Task<Response> {
        begun.set_value();
        co_await notifier.wait([&] { return go.load(); });
        co_return response_of(shared("late"));
    });
    auto client = server.connect();
    client.get("/x");
    begun.get_future().wait();
    auto idle = server.connect();
    server.server().drain();
    EXPECT_TRUE(idle.is_at_end());
    go = true;
    notifier.notify_all();
    const auto reply = client.reply();
    EXPECT_EQ(reply.body, "late");
    EXPECT_EQ(reply.field("Connection"), "close");
    server.join();
}

TEST(Server, that_drains_cuts_what_does_not_finish_in_time) {
    Script script(pattern(1000), 1000);
    TestServer server([&](const Request&) -> Task<Response> { co_return response_of(script.stream()); },
                      [](Tuning& tuning) { tuning.settings.http.drain_timeout = 50ms; });
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    script.release(500);
    client.read(500);
    server.server().drain();
    server.join();
    EXPECT_FALSE(client.reply().complete);
    EXPECT_TRUE(script.wait_until_destroyed());
}

TEST(Server, may_be_drained_before_it_runs_and_more_than_once) {
    asio::thread_pool disk(1);
    ScriptedHandler handler(fine);
    Settings settings;
    settings.listen = {"127.0.0.1:0"};
    settings.threads = 2;
    Server server(settings, handler, {.disk = disk, .access_logger = nullptr});
    ASSERT_TRUE(server.listen());
    server.drain();
    server.drain();
    server.run();
}

TEST(Server, survives_many_clients_that_come_and_go) {
    const TestServer server(fine);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&server, t] {
            for (int i = 0; i < 50; ++i) {
                auto client = server.connect();
                client.get("/x");
                if ((i + t) % 3 == 0)
                    client.reset();
                else if ((i + t) % 3 == 1)
                    EXPECT_EQ(client.reply().body, "fine");
            }
        });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(server.connect().ask("/y").body, "fine");
}

} // namespace
} // namespace yizhan::test
