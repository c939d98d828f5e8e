// Many clients, one upstream request.
#include "tests/integration/stage.hpp"

#include <atomic>
#include <latch>
#include <thread>

namespace yizhan::integration {
namespace {

using Herd = Stage;

TEST_F(Herd, ThirtyTwoClientsShareOneGetOfAColdFile) {
    constexpr int clients = 32;
    Server& root = mirror("root");
    set("relay.stall_timeout = '14s'"); // the gate is no stall, however slow this machine is
    const Distribution& file = wheel("herd", scaled(300 * MiB));
    publish();
    root.misbehave(file.filename, Behaviour().stall(Offset::percent(50), "half"));
    start();
    ASSERT_EQ(get("/simple/herd/").status, 200u);

    std::latch has_bytes(clients);
    std::atomic<int> right = 0;
    std::atomic<bool> gate_open = false;
    std::atomic<int> too_late = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&, first = i == 0] {
            Client client(service().port());
            client.expect(file.body);
            client.request(path_of(file));
            const bool got = client.read_body(1);
            too_late += !got || gate_open ? 1 : 0;
            has_bytes.count_down();
            if (first) {
                client.leave(true);
                return;
            }
            const Reply reply = client.finish();
            right += reply.complete && reply.as_expected && reply.received == file.body.size() ? 1 : 0;
        });
        if (i == 0) {
            ASSERT_TRUE(root.record().wait_requests(file.filename, 1)); // it is the one that started it
        }
    }
    has_bytes.wait();
    EXPECT_TRUE(gates().wait_arrivals("half"));
    gate_open = true;
    gates().open("half");
    threads.clear();
    EXPECT_EQ(too_late, 0) << "every client has bytes before the gate opens";
    EXPECT_EQ(right, clients - 1) << "the first one leaving disturbs nobody";
    EXPECT_TRUE(root.record().wait_idle());
    const std::vector<Exchange> gets = root.record().of(file.filename, "GET");
    ASSERT_EQ(gets.size(), 1u);
    EXPECT_EQ(gets[0].sent, file.body.size());
    ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(Herd, ManyClientsShareOneRequestForAColdPage) {
    constexpr int clients = 64;
    Server& root = mirror("root");
    set("relay.stall_timeout = '14s'");
    wheel("six");
    publish();
    root.misbehave("/simple/six/", Behaviour().stall_head("page"));
    start();
    std::atomic<int> right = 0;
    std::latch sent(clients);
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
            Client client(service().port());
            client.request("/simple/six/");
            sent.count_down();
            right += client.finish().status == 200 ? 1 : 0;
        });
    }
    sent.wait();
    EXPECT_TRUE(gates().wait_arrivals("page"));
    gates().open("page");
    threads.clear();
    EXPECT_EQ(right, clients);
    EXPECT_EQ(root.record().count("/simple/six/"), 1u);
}

TEST_F(Herd, AClientThatReadsNothingDoesNotHoldUpTheOthers) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", scaled(64 * MiB));
    publish();
    start();
    ASSERT_EQ(get("/simple/file/").status, 200u);
    Client lazy(service().port());
    lazy.expect(file.body);
    lazy.request(path_of(file));
    ASSERT_TRUE(lazy.read_body(1));
    const Reply other = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(other.complete && other.as_expected);
    EXPECT_EQ(root.record().count(file.filename, "GET"), 1u);
    const Reply late = lazy.finish();
    EXPECT_TRUE(late.complete && late.as_expected);
}

} // namespace
} // namespace yizhan::integration
