#include "tests/origin/client.hpp"
#include "tests/origin/farm.hpp"

#include <gtest/gtest.h>

namespace yizhan::origin {
namespace {

class OriginClient : public ::testing::Test {
  protected:
    Farm farm_;
    Server& server_ = farm_.add("a", {.address = "127.0.0.1"});

    Reply answer_with(std::string bytes) {
        server_.behave();
        server_.misbehave("*", Behaviour().raw(std::move(bytes)));
        return fetch(server_.port(), "/");
    }
};

TEST_F(OriginClient, TellsACompleteAnswerFromACutOne) {
    EXPECT_TRUE(answer_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab").complete);
    EXPECT_FALSE(answer_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab").complete);
    EXPECT_TRUE(answer_with("HTTP/1.1 200 OK\r\n\r\nab").complete);
    EXPECT_TRUE(answer_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n").complete);
    EXPECT_FALSE(answer_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").complete);
    EXPECT_FALSE(answer_with("HTTP/1.1 200 OK\r\nContent-Le").complete);
    EXPECT_FALSE(answer_with("").complete);
}

TEST_F(OriginClient, ReadsFieldsAndSkipsInterimAnswers) {
    const Reply reply = answer_with(
        "HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/1.1 404 No\r\nA:  2 \r\nB:\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(reply.status, 404u);
    EXPECT_EQ(reply.field("a"), "2 ");
    EXPECT_EQ(reply.field("b"), "");
    EXPECT_TRUE(reply.complete);
}

TEST_F(OriginClient, ComparesWithWhatIsExpected) {
    const Body body = Body::random(1, 300'000);
    server_.serve("/f", file(body));
    Client client(server_.port());
    client.expect(body);
    const Reply right = client.get("/f");
    EXPECT_TRUE(right.complete && right.as_expected);
    EXPECT_TRUE(right.body.empty());
    client.expect(body, 100'000);
    EXPECT_TRUE(client.get("/f", {{"Range", "bytes=100000-"}}).as_expected);
    client.expect(body.flipped(299'999));
    EXPECT_FALSE(client.get("/f").as_expected);
    client.expect(Body::random(1, 299'999));
    EXPECT_FALSE(client.get("/f").as_expected);
}

TEST_F(OriginClient, GivesUpWhenNothingComes) {
    server_.misbehave("*", Behaviour().stall_head("never"));
    Client client(server_.port(), "127.0.0.1", std::chrono::milliseconds(20));
    const Reply reply = client.get("/");
    EXPECT_TRUE(reply.timed_out);
    EXPECT_GE(reply.longest_gap, std::chrono::milliseconds(20));
}

} // namespace
} // namespace yizhan::origin
