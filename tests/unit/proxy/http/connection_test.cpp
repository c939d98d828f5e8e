#include "proxy/http/connection.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <gmock/gmock.h>

namespace yizhan::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Answers with what was asked, so that a mix-up shows.
Task<Response> echo(const Request& request) {
    co_return response_of(shared("you asked for " + std::string(request.target)), Ranges::all);
}

TEST(Connection, answers_one_request_after_another) {
    const TestServer server(echo);
    auto client = server.connect();
    for (const auto* target : {"/a", "/b/", "/c?d"}) {
        const auto reply = client.ask(target);
        EXPECT_EQ(reply.status, 200U);
        EXPECT_EQ(reply.body, std::string("you asked for ") + target);
        EXPECT_EQ(reply.field("Connection"), "");
        EXPECT_EQ(reply.field("X-Content-Type-Options"), "nosniff");
        EXPECT_FALSE(reply.field("Date").empty());
    }
}

TEST(Connection, asks_for_what_is_at_hand_first) {
    const TestServer server(echo, [](Tuning& tuning) {
        tuning.at_once = [](const Request& request) -> std::optional<Response> {
            if (request.target == "/broken")
                throw std::runtime_error("a bug");
            return request.target == "/hit" ? std::optional(response_of(shared("at hand"), Ranges::all)) : std::nullopt;
        };
    });
    auto client = server.connect();
    EXPECT_EQ(client.ask("/hit").body, "at hand");
    EXPECT_EQ(client.ask("/miss").body, "you asked for /miss");
    EXPECT_EQ(client.ask("/hit", "Range: bytes=3-\r\n").body, "hand");
    EXPECT_EQ(client.ask("/hit", "If-None-Match: \"tag\"\r\n").status, 304U);
    EXPECT_EQ(client.ask("/broken").status, 500U);
}

TEST(Connection, answers_pipelined_requests_in_order) {
    const TestServer server(echo);
    auto client = server.connect();
    std::string all;
    for (int i = 0; i < 300; ++i)
        all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < 300; ++i)
        ASSERT_EQ(client.reply().body, "you asked for /" + std::to_string(i));
}

TEST(Connection, does_not_read_ahead_while_it_answers) {
    Script script("slow", 4);
    std::atomic<int> asked = 0;
    const TestServer server([&](const Request& request) -> Task<Response> {
        ++asked;
        if (request.target == "/slow")
            co_return response_of(script.stream());
        co_return response_of(shared("fast"));
    });
    auto client = server.connect();
    client.get("/slow");
    client.get("/fast");
    ASSERT_TRUE(script.wait_until_asked());
    EXPECT_EQ(asked, 1);
    script.release(4);
    EXPECT_EQ(client.reply().body, "slow");
    EXPECT_EQ(client.reply().body, "fast");
}

TEST(Connection, takes_a_head_in_pieces_of_one_byte) {
    const TestServer server(echo);
    auto client = server.connect();
    for (const char c : std::string_view("GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"))
        ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.reply().body, "you asked for /x");
}

TEST(Connection, takes_a_head_larger_than_its_first_buffer) {
    const TestServer server(echo);
    auto client = server.connect();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(client.ask("/x", "X-Long: " + std::string(12'000, 'y') + "\r\n").body, "you asked for /x");
        EXPECT_EQ(client.ask("/y").body, "you asked for /y");
    }
}

TEST(Connection, answers_head_with_the_fields_of_get_and_no_body) {
    const TestServer server(echo);
    auto client = server.connect();
    const auto get = client.ask("/x");
    auto head = client.ask("/x", "Range: bytes=0-1\r\n", "HEAD");
    EXPECT_EQ(head.status, 200U);
    EXPECT_EQ(head.field("Content-Length"), get.field("Content-Length"));
    EXPECT_EQ(head.field("ETag"), get.field("ETag"));
    EXPECT_EQ(head.field("Accept-Ranges"), "bytes");
    EXPECT_EQ(client.ask("/y").body, "you asked for /y") << "a body after HEAD would be read as this response";
}

TEST(Connection, answers_conditions_and_ranges) {
    const TestServer server(echo);
    auto client = server.connect();
    const auto same = client.ask("/x", "If-None-Match: W/\"tag\"\r\n");
    EXPECT_EQ(same.status, 304U);
    EXPECT_EQ(same.field("ETag"), "\"tag\"");
    EXPECT_EQ(same.field("Content-Length"), "");
    const auto part = client.ask("/x", "Range: bytes=4-8\r\n");
    EXPECT_EQ(part.status, 206U);
    EXPECT_EQ(part.body, "asked");
    EXPECT_EQ(part.field("Content-Range"), "bytes 4-8/16");
    const auto beyond = client.ask("/x", "Range: bytes=99-\r\n");
    EXPECT_EQ(beyond.status, 416U);
    EXPECT_EQ(beyond.field("Content-Range"), "bytes */16");
    EXPECT_EQ(client.ask("/x", "If-Match: \"other\"\r\n").status, 412U);
    EXPECT_EQ(client.ask("/x").status, 200U);
}

TEST(Connection, ends_when_the_client_says_so) {
    const TestServer server(echo);
    auto client = server.connect();
    client.get("/x", "Connection: close\r\n");
    client.get("/never");
    const auto reply = client.reply();
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(client.is_at_end());
}

TEST(Connection, of_http_1_0_ends_unless_asked_to_stay) {
    const TestServer server(echo);
    auto one = server.connect();
    EXPECT_EQ(one.ask("/x", "", "GET", "HTTP/1.0").field("Connection"), "close");
    EXPECT_TRUE(one.is_at_end());
    auto two = server.connect();
    EXPECT_EQ(two.ask("/x", "Connection: keep-alive\r\n", "GET", "HTTP/1.0").field("Connection"), "keep-alive");
    EXPECT_EQ(two.ask("/y").body, "you asked for /y");
}

TEST(Connection, refuses_a_path_in_words_and_closes) {
    TestServer server(echo);
    auto client = server.connect();
    const auto reply = client.ask("/%2F..%2fetc/passwd");
    EXPECT_EQ(reply.status, 400U);
    EXPECT_THAT(reply.body, HasSubstr("encoded slash"));
    EXPECT_TRUE(client.is_at_end());
    EXPECT_TRUE(server.log().wait_for("\"GET /%2F..%2fetc/passwd HTTP/1.1\" 400"));
}

class Smuggling : public testing::TestWithParam<const char*> {};

// The bytes after a message whose end two readers could place differently are never taken for a request.
TEST_P(Smuggling, never_answers_what_follows) {
    std::atomic<int> asked = 0;
    const TestServer server([&](const Request&) -> Task<Response> {
        ++asked;
        co_return response_of(shared("x"));
    });
    auto client = server.connect();
    client.send(std::string(GetParam()) + "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n");
    const auto reply = client.reply();
    EXPECT_TRUE(reply.status == 400 || reply.status == 413) << reply.status;
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(asked, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, Smuggling,
    testing::Values("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                    "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n"));

TEST(Connection, lets_the_client_read_the_refusal_of_what_it_is_still_sending) {
    const TestServer server(echo);
    auto client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ");
    const std::string trailer(200'000, 'x');
    EXPECT_TRUE(client.send(trailer));
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 400U);
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(client.is_at_end());
    EXPECT_FALSE(client.was_reset()) << "a reset may take the answer away before it is read";
}

TEST(Connection, allows_only_get_and_head_and_says_so) {
    const TestServer server(echo);
    auto client = server.connect();
    client.send("POST /legacy/ HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 405U);
    EXPECT_EQ(reply.field("Allow"), "GET, HEAD");
    EXPECT_TRUE(client.is_at_end());
}

TEST(Connection, sends_no_body_with_the_refusal_of_a_head) {
    const TestServer server(echo);
    auto client = server.connect();
    client.send("HEAD / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.reply(true).status, 400U);
    EXPECT_TRUE(client.is_at_end());
}

TEST(Connection, answers_absolute_form_for_the_address_it_listens_on) {
    const TestServer server(echo);
    auto client = server.connect();
    const auto own = "http://127.0.0.1:" + std::to_string(server.port()) + "/simple/";
    EXPECT_EQ(client.ask(own).body, "you asked for /simple/");
    EXPECT_EQ(client.ask("http://pypi.example/simple/").status, 421U);
    EXPECT_TRUE(client.is_at_end());
}

TEST(Connection, survives_an_exception_of_the_handler_and_so_do_its_neighbours) {
    TestServer server([](const Request& request) -> Task<Response> {
        if (request.target == "/bug")
            throw std::runtime_error("a secret detail");
        co_return response_of(shared("fine"));
    });
    auto neighbour = server.connect();
    EXPECT_EQ(neighbour.ask("/x").body, "fine");
    auto client = server.connect();
    const auto reply = client.ask("/bug");
    EXPECT_EQ(reply.status, 500U);
    EXPECT_THAT(reply.body, HasSubstr("request "));
    EXPECT_THAT(reply.body, testing::Not(HasSubstr("secret")));
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(client.is_at_end());
    EXPECT_EQ(neighbour.ask("/y").body, "fine");
    EXPECT_TRUE(server.log().wait_for("\"GET /bug HTTP/1.1\" 500"));
}

TEST(Connection, withholds_a_response_with_a_field_that_splits_it) {
    const TestServer server([](const Request&) -> Task<Response> {
        auto response = response_of(shared("secret"));
        response.fields.emplace_back("Location", "/x\r\nSet-Cookie: evil=1");
        co_return response;
    });
    auto client = server.connect();
    const auto reply = client.ask("/x");
    EXPECT_EQ(reply.status, 500U);
    EXPECT_EQ(reply.head.find("evil"), std::string::npos);
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    EXPECT_TRUE(client.is_at_end());
}

TEST(Connection, tells_a_client_that_has_too_many) {
    TestServer server(echo, [](Tuning& tuning) { tuning.settings.http.max_connections_per_client = 2; });
    auto one = server.connect();
    auto two = server.connect();
    EXPECT_EQ(one.ask("/x").status, 200U);
    EXPECT_EQ(two.ask("/x").status, 200U);
    auto three = server.connect();
    const auto reply = three.ask("/x");
    EXPECT_EQ(reply.status, 503U);
    EXPECT_FALSE(reply.field("Retry-After").empty());
    EXPECT_TRUE(three.is_at_end());
    EXPECT_TRUE(server.log().wait_for("limit"));
    EXPECT_EQ(one.ask("/y").status, 200U);
}

TEST(Connection, logs_one_line_per_request) {
    TestServer server(echo);
    auto client = server.connect();
    client.ask("/x?token=secret");
    ASSERT_TRUE(server.log().wait_for("127.0.0.1 \"GET /x?token=*** HTTP/1.1\" 200 29"));
    EXPECT_EQ(server.log().lines().find("secret"), std::string::npos);
    EXPECT_THAT(server.log().lines(), HasSubstr(" hit #"));
}

} // namespace
} // namespace yizhan::test
