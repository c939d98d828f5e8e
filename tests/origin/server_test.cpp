#include "tests/origin/client.hpp"
#include "tests/origin/farm.hpp"
#include "tests/origin/server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

namespace yizhan::origin {
namespace {

using std::chrono::milliseconds;

class OriginServer : public ::testing::Test {
  protected:
    Farm farm_;
    Server& server_ = farm_.add("a", {.address = "127.0.0.1"});
    Body body_ = Body::random(1, 100'000);

    void SetUp() override { server_.serve("/f", file(body_)); }

    Reply get(const Fields& fields = {}, std::string_view path = "/f", std::string_view method = "GET") {
        return fetch(server_.port(), path, fields, method);
    }
};

TEST_F(OriginServer, ServesWhatItHasAndNothingElse) {
    const Reply reply = get();
    EXPECT_EQ(reply.status, 200u);
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, body_.str());
    EXPECT_EQ(reply.field("content-length"), "100000");
    EXPECT_EQ(get({}, "/g").status, 404u);
}

TEST_F(OriginServer, KeepsAConnectionForFurtherRequests) {
    Client client(server_.port());
    EXPECT_EQ(client.get("/f").body, body_.str());
    const Reply head = client.get("/f", {}, "HEAD");
    EXPECT_EQ(head.field("content-length"), "100000");
    EXPECT_EQ(head.received, 0u);
    EXPECT_EQ(client.get("/f").body, body_.str());
    EXPECT_EQ(server_.record().connections(), 1u);
    EXPECT_EQ(server_.record().count("/f"), 3u);
}

TEST_F(OriginServer, HonoursSingleRanges) {
    struct Case {
        const char* range;
        unsigned status;
        const char* content_range;
        std::uint64_t first, count;
    };
    const std::vector<Case> cases{
        {"bytes=0-0", 206, "bytes 0-0/100000", 0, 1},
        {"bytes=50000-", 206, "bytes 50000-99999/100000", 50000, 50000},
        {"bytes=99990-200000", 206, "bytes 99990-99999/100000", 99990, 10},
        {"bytes=-5", 206, "bytes 99995-99999/100000", 99995, 5},
        {"bytes=-200000", 206, "bytes 0-99999/100000", 0, 100000},
        {"bytes=100000-", 416, "bytes */100000", 0, 0},
        {"bytes=5-4", 200, "", 0, 100000},
        {"bytes=0-1,3-4", 200, "", 0, 100000},
        {"lines=0-1", 200, "", 0, 100000},
    };
    for (const Case& c : cases) {
        const Reply reply = get({{"Range", c.range}});
        EXPECT_EQ(reply.status, c.status) << c.range;
        EXPECT_EQ(reply.field("content-range"), c.content_range) << c.range;
        EXPECT_EQ(reply.body, body_.str().substr(c.first, c.count)) << c.range;
    }
}

TEST_F(OriginServer, ReadsConditions) {
    const std::string etag(get().field("etag"));
    EXPECT_EQ(get({{"If-None-Match", etag}}).status, 304u);
    EXPECT_EQ(get({{"If-None-Match", "\"other\", " + etag}}).status, 304u);
    EXPECT_EQ(get({{"If-None-Match", "\"other\""}}).status, 200u);
    EXPECT_EQ(get({{"Range", "bytes=5-"}, {"If-Range", etag}}).status, 206u);
    EXPECT_EQ(get({{"Range", "bytes=5-"}, {"If-Range", "\"other\""}}).status, 200u);
    server_.misbehave("/f", Behaviour().ignore_conditions());
    EXPECT_EQ(get({{"If-None-Match", etag}}).status, 200u);
    EXPECT_EQ(get({{"Range", "bytes=5-"}, {"If-Range", "\"other\""}}).status, 206u);
}

TEST_F(OriginServer, CutsAtTheByteByFinOrReset) {
    for (const std::int64_t at : {0, 1, 50'000, 99'999}) {
        for (const bool by_reset : {false, true}) {
            server_.behave();
            server_.misbehave("/f", by_reset ? Behaviour().reset(at) : Behaviour().cut(at));
            const Reply reply = get();
            EXPECT_EQ(reply.received, static_cast<std::uint64_t>(at));
            EXPECT_EQ(reply.body, body_.str().substr(0, static_cast<std::size_t>(at)));
            EXPECT_FALSE(reply.complete);
            EXPECT_EQ(reply.was_reset, by_reset) << at;
        }
    }
    EXPECT_EQ(server_.record().all().back().outcome, Outcome::cut);
}

TEST_F(OriginServer, ResetsOnlyAfterASlowReaderHasWhatCameBefore) {
    constexpr std::uint64_t size = 3 << 20;
    server_.serve("/big", file(Body::random(2, size + 1)));
    server_.misbehave("/big", Behaviour().reset(size));
    Client client(server_.port());
    client.request("/big");
    // Not a byte is read before as many as possible stand in the kernel's queues.
    static_cast<void>(server_.record().wait_sent("/big", size, milliseconds(200)));
    const Reply reply = client.finish();
    EXPECT_EQ(reply.received, size);
    EXPECT_TRUE(reply.was_reset);
}

TEST_F(OriginServer, CutsInsideOfTheHead) {
    server_.misbehave("/f", Behaviour().reset_head(0));
    EXPECT_TRUE(get().was_reset);
    server_.misbehave("/f", Behaviour().cut_head(9));
    Client client(server_.port());
    EXPECT_EQ(client.get("/f").status, 0u);
    EXPECT_FALSE(client.reply().was_reset);
}

TEST_F(OriginServer, StandsStillAtAGateUntilItOpens) {
    server_.misbehave("/f", Behaviour().stall(Offset::percent(50), "half"));
    Client client(server_.port());
    client.request("/f");
    ASSERT_TRUE(client.read_body(50'000));
    ASSERT_TRUE(farm_.gates().wait_arrivals("half"));
    EXPECT_EQ(server_.record().of("/f").front().sent, 50'000u);
    EXPECT_EQ(client.reply().received, 50'000u);
    farm_.gates().open("half");
    EXPECT_EQ(client.finish().body, body_.str());
    EXPECT_EQ(get().body, body_.str()); // an open gate stays open
    EXPECT_EQ(farm_.gates().arrivals("half"), 2u);
}

TEST_F(OriginServer, NoticesAClientThatLeavesWhileItWaits) {
    server_.misbehave("/f", Behaviour().stall_head("never"));
    Client client(server_.port());
    client.request("/f");
    ASSERT_TRUE(farm_.gates().wait_arrivals("never"));
    client.leave();
    EXPECT_TRUE(server_.record().wait_idle());
    EXPECT_EQ(server_.record().all().back().outcome, Outcome::peer_left);
}

TEST_F(OriginServer, FlipsAreAtOffsetsOfTheObjectWhateverTheRange) {
    server_.misbehave("/f", Behaviour().flip(60'000));
    const std::string damaged = body_.flipped(60'000).str();
    EXPECT_EQ(get().body, damaged);
    EXPECT_EQ(get({{"Range", "bytes=59999-60001"}}).body, damaged.substr(59'999, 3));
    EXPECT_EQ(get({{"Range", "bytes=60001-"}}).body, body_.str().substr(60'001));
}

TEST_F(OriginServer, LiesInTheSameSize) {
    server_.misbehave("/f", Behaviour().lie(99));
    EXPECT_EQ(get().body, Body::random(99, body_.size()).str());
}

TEST_F(OriginServer, DeclaresLengthsThatAreNotTrue) {
    server_.misbehave("/f", Behaviour().declare_length(100'010));
    const Reply longer = get();
    EXPECT_EQ(longer.received, 100'000u);
    EXPECT_FALSE(longer.complete);
    server_.misbehave("/f", Behaviour().declare_length(99'990));
    const Reply shorter = get();
    EXPECT_EQ(shorter.received, 99'990u);
    EXPECT_TRUE(shorter.complete);
}

TEST_F(OriginServer, FramesByChunksOrByTheEndOfTheConnection) {
    server_.misbehave("/f", Behaviour().chunked());
    const Reply chunked = get();
    EXPECT_EQ(chunked.field("transfer-encoding"), "chunked");
    EXPECT_EQ(chunked.field("content-length"), "");
    EXPECT_TRUE(chunked.complete);
    EXPECT_EQ(chunked.body, body_.str());
    server_.misbehave("/f", Behaviour().chunked().cut(Offset::end()));
    const Reply open_end = get();
    EXPECT_EQ(open_end.received, 100'000u);
    EXPECT_FALSE(open_end.complete);
    server_.misbehave("/f", Behaviour().until_close());
    const Reply until_close = get();
    EXPECT_EQ(until_close.field("content-length"), "");
    EXPECT_TRUE(until_close.complete);
    EXPECT_EQ(until_close.body, body_.str());
}

TEST_F(OriginServer, AnswersRangesWrongly) {
    const Fields range{{"Range", "bytes=1000-1999"}};
    server_.misbehave("/f", Behaviour().ignore_range());
    EXPECT_EQ(get(range).status, 200u);
    server_.misbehave("/f", Behaviour().refuse_range());
    EXPECT_EQ(get(range).status, 416u);
    EXPECT_EQ(get().status, 200u);
    server_.misbehave("/f", Behaviour().shift_range(-100));
    EXPECT_EQ(get(range).field("content-range"), "bytes 900-1999/100000");
    EXPECT_EQ(get(range).body, body_.str().substr(900, 1100));
    server_.misbehave("/f", Behaviour().claim_total(5));
    EXPECT_EQ(get(range).field("content-range"), "bytes 1000-1999/5");
}

TEST_F(OriginServer, AnswersTheNthRequestOtherwise) {
    server_.misbehave("/f", Behaviour().instead(text(500, "broken\n")), nth(2));
    EXPECT_EQ(get().status, 200u);
    EXPECT_EQ(get().status, 500u);
    EXPECT_EQ(get().status, 200u);
    server_.misbehave("/f", Behaviour().instead(forbidden()), {.field = "User-Agent", .containing = "pip"});
    EXPECT_EQ(get({{"User-Agent", "pip/26.1"}}).status, 403u);
    EXPECT_EQ(get({{"User-Agent", "uv"}}).status, 200u);
    server_.behave();
    server_.misbehave("/f", Behaviour().instead(text(405, "no\n")), {.method = "HEAD"});
    EXPECT_EQ(get().status, 200u);
    EXPECT_EQ(get({}, "/f", "HEAD").status, 405u);
}

TEST_F(OriginServer, SaysWhatMirrorsSayInsteadOfTheFile) {
    struct Case {
        Resource resource;
        unsigned status;
        const char *name, *value;
    };
    const std::vector<Case> cases{
        {empty(), 200, "content-length", "0"},
        {challenge(), 200, "content-type", "text/html; charset=utf-8"},
        {forbidden(), 403, "content-type", "text/html; charset=utf-8"},
        {too_many(7), 429, "retry-after", "7"},
        {redirect("http://127.0.0.9/x"), 302, "location", "http://127.0.0.9/x"},
    };
    for (const Case& c : cases) {
        server_.behave();
        server_.misbehave("*", Behaviour().instead(c.resource));
        const Reply reply = get();
        EXPECT_EQ(reply.status, c.status);
        EXPECT_EQ(reply.field(c.name), c.value);
        EXPECT_TRUE(reply.complete);
    }
}

TEST_F(OriginServer, SendsMalformedHeadsVerbatim) {
    server_.misbehave("/f", Behaviour().add_line("X-Bad: a\nb\r\n").add_field("X-Good", "1").drop_field("etag"));
    Client client(server_.port());
    client.send("GET /f HTTP/1.1\r\nHost: x\r\n\r\n");
    const Reply reply = client.finish();
    EXPECT_EQ(reply.field("X-Bad"), "a\nb");
    EXPECT_EQ(reply.field("X-Good"), "1");
    EXPECT_EQ(reply.field("ETag"), "");
    server_.misbehave("/f", Behaviour().raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"));
    EXPECT_EQ(get().body, "ab");
}

TEST_F(OriginServer, DripsAndPausesAndStillSendsEverything) {
    server_.serve("/small", file(Body::text("0123456789")));
    server_.misbehave("/small", Behaviour().drip(2, 3, milliseconds(1)).pause(5, milliseconds(5)));
    EXPECT_EQ(get({}, "/small").body, "0123456789");
    EXPECT_GE(get({}, "/small").longest_gap, milliseconds(5));
}

TEST_F(OriginServer, KeepsToItsRates) {
    // 100 KB at 500 KB/s book their last block 198 ms after the first: a lower bound, however loaded the machine is.
    const auto start = std::chrono::steady_clock::now();
    server_.misbehave("/f", Behaviour().rate(0, 500'000));
    EXPECT_EQ(get().body, body_.str());
    EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(190));
    Server& slow = farm_.add("slow", {.address = {}, .rate = 500'000});
    slow.serve("/f", file(body_));
    const auto second = std::chrono::steady_clock::now();
    EXPECT_EQ(Client(slow.port(), slow.address()).get("/f").body, body_.str());
    EXPECT_GE(std::chrono::steady_clock::now() - second, milliseconds(190));
}

TEST_F(OriginServer, RefusesAndListensAgainOnTheSamePort) {
    Client standing(server_.port());
    EXPECT_EQ(standing.get("/f").status, 200u);
    const std::uint16_t port = server_.port();
    server_.refuse();
    EXPECT_TRUE(standing.closed());
    EXPECT_THROW(Client{port}, std::system_error);
    server_.listen();
    EXPECT_EQ(server_.port(), port);
    EXPECT_EQ(get().status, 200u);
}

TEST_F(OriginServer, SwallowsConnectionsAsABlackHole) {
    server_.black_hole();
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server_.port());
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    ASSERT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), -1);
    pollfd polled{socket.get(), POLLOUT, 0};
    EXPECT_EQ(::poll(&polled, 1, 100), 0); // loopback would have answered within microseconds
    server_.listen();
    EXPECT_EQ(get().status, 200u);
}

TEST_F(OriginServer, RecordsWhatItReceived) {
    get({{"X-Mark", "here"}}, "/f?query=1");
    ASSERT_TRUE(server_.record().wait_idle());
    const std::vector<Exchange> exchanges = server_.record().of("/f");
    ASSERT_EQ(exchanges.size(), 1u);
    EXPECT_EQ(exchanges[0].method, "GET");
    EXPECT_EQ(exchanges[0].target, "/f?query=1");
    EXPECT_EQ(field(exchanges[0].fields, "x-mark"), "here");
    EXPECT_EQ(exchanges[0].status, 200u);
    EXPECT_EQ(exchanges[0].sent, 100'000u);
    EXPECT_EQ(server_.record().bytes("/f"), 100'000u);
    EXPECT_TRUE(server_.record().wait_requests("/f", 1, milliseconds(0)));
    EXPECT_FALSE(server_.record().wait_requests("/f", 2, milliseconds(0)));
    EXPECT_TRUE(server_.record().wait_sent("/f", 100'000, milliseconds(0)));
    server_.record().clear();
    EXPECT_EQ(server_.record().count("/f"), 0u);
}

TEST_F(OriginServer, FindsEscapedPathsPrefixesAndFileNames) {
    server_.serve("/a/b+c.whl", text(200, "plus"));
    server_.serve("/tree/*", text(200, "tree"));
    server_.serve("/tree/leaf", text(200, "leaf"));
    EXPECT_EQ(get({}, "/a/b%2Bc.whl").body, "plus");
    EXPECT_EQ(get({}, "/a/b+c.whl").body, "plus");
    EXPECT_EQ(get({}, "/tree/x").body, "tree");
    EXPECT_EQ(get({}, "/tree/leaf").body, "leaf");
    server_.misbehave("b+c.whl", Behaviour().instead(text(503, "no")));
    EXPECT_EQ(get({}, "/a/b%2Bc.whl").status, 503u);
    EXPECT_EQ(server_.record().count("b+c.whl"), 3u);
}

TEST_F(OriginServer, AsksAHandlerForWhatItDoesNotHave) {
    server_.handle("/made/", [](const Exchange& request) { return text(200, request.path + request.content); });
    Client client(server_.port());
    client.send("POST /made/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(client.finish().body, "/made/xabc");
}

TEST(OriginServerAddress, IsOnLoopbackOnly) {
    Gates gates;
    EXPECT_THROW(Server(gates, {.address = "192.0.2.1"}), std::invalid_argument);
    EXPECT_THROW(Server(gates, {.address = "0.0.0.0"}), std::invalid_argument);
    EXPECT_THROW(Server(gates, {.address = "::"}), std::invalid_argument);
}

} // namespace
} // namespace yizhan::origin
