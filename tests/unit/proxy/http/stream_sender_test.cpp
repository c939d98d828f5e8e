#include "proxy/http/stream_sender.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <gmock/gmock.h>

namespace yizhan::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// One stream, whatever is asked; ranges as an unverified object has them.
Answer serve(Script& script) {
    return [&script](const Request&) -> Task<Response> { co_return response_of(script.stream(), Ranges::to_end); };
}

TEST(StreamSender, sends_what_is_released_before_the_rest_is_there) {
    const auto bytes = pattern(1'000'000);
    Script script(bytes, bytes.size());
    const TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    script.release(500'000);
    const auto first = client.read(500'000);
    ASSERT_EQ(first.size(), 500'000U);
    script.release(bytes.size());
    const auto head = first.substr(0, first.find("\r\n\r\n") + 4);
    EXPECT_THAT(head, HasSubstr("Content-Length: 1000000\r\n"));
    const auto rest = client.read(500'000 + head.size());
    EXPECT_EQ((first + rest).substr(head.size()), bytes);
    EXPECT_TRUE(script.wait_until_destroyed());
}

TEST(StreamSender, sends_chunks_where_the_size_is_unknown) {
    const auto bytes = pattern(700'000);
    Script script(bytes, std::nullopt);
    const TestServer server(serve(script));
    auto client = server.connect();
    script.release(10);
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    script.release(bytes.size());
    script.finish();
    const auto reply = client.reply();
    EXPECT_EQ(reply.field("Transfer-Encoding"), "chunked");
    EXPECT_EQ(reply.field("Content-Length"), "");
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, bytes);
}

/// An object whose size nobody knows, though all of it is here.
class Whole final : public ByteStream {
  public:
    explicit Whole(std::shared_ptr<Blob::File> file) : file_(std::move(file)) {}
    std::optional<std::uint64_t> size() const override { return std::nullopt; }
    Task<Result<std::optional<Extent>>> next(std::uint64_t offset) override {
        if (offset == file_->size)
            co_return std::nullopt;
        co_return Extent{.file = file_, .fd = file_->descriptor.get(), .offset = offset, .size = file_->size - offset};
    }

  private:
    std::shared_ptr<Blob::File> file_;
};

// A chunk waits in memory for its client, so a thousand slow ones must not have large ones.
TEST(StreamSender, sends_small_chunks_while_many_clients_wait_with_theirs) {
    const auto file = file_of(pattern(6UL * 1024 * 1024)); // twice what the kernel takes off a server at once
    const TestServer server(
        [&](const Request&) -> Task<Response> { co_return response_of(std::make_unique<Whole>(file)); },
        [](Tuning& tuning) { tuning.settings.threads = 1; });
    const auto first_chunk = [&](Client& client) {
        client.get("/x");
        const auto bytes = client.read(600);
        const auto size = bytes.substr(bytes.find("\r\n\r\n") + 4);
        return size.substr(0, size.find('\r'));
    };
    auto alone = server.connect();
    EXPECT_EQ(first_chunk(alone), "40000");
    std::vector<Client> waiting(80);
    for (auto& client : waiting) {
        client.keep_little();
        client.connect(server.port());
        client.get("/x");
    }
    for (auto& client : waiting)
        ASSERT_TRUE(client.readable(30'000));
    auto late = server.connect();
    EXPECT_EQ(first_chunk(late), "4000");
}

TEST(StreamSender, ends_the_connection_for_http_1_0_where_the_size_is_unknown) {
    const auto bytes = pattern(10'000);
    Script script(bytes, std::nullopt);
    const TestServer server(serve(script));
    auto client = server.connect();
    script.release(bytes.size());
    script.finish();
    const auto reply = client.ask("/x", "Connection: keep-alive\r\n", "GET", "HTTP/1.0");
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_EQ(reply.field("Transfer-Encoding"), "");
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, bytes);
}

TEST(StreamSender, of_an_object_without_bytes_is_complete) {
    Script known("", 0);
    const TestServer one(serve(known));
    EXPECT_TRUE(one.connect().ask("/x").complete);
    Script unknown("", std::nullopt);
    unknown.finish();
    const TestServer two(serve(unknown));
    const auto reply = two.connect().ask("/x");
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, "");
}

TEST(StreamSender, answers_a_range_that_reaches_the_end) {
    const auto bytes = pattern(300'000);
    Script script(bytes, bytes.size());
    const TestServer server(serve(script));
    auto client = server.connect();
    script.release(bytes.size());
    const auto reply = client.ask("/x", "Range: bytes=299000-\r\n");
    EXPECT_EQ(reply.status, 206U);
    EXPECT_EQ(reply.field("Content-Range"), "bytes 299000-299999/300000");
    EXPECT_EQ(reply.body, bytes.substr(299'000));
}

TEST(StreamSender, sends_only_the_window_of_a_range) {
    const auto bytes = pattern(300'000);
    Script script(bytes, bytes.size());
    script.release(bytes.size());
    const TestServer server(
        [&](const Request&) -> Task<Response> { co_return response_of(script.stream(), Ranges::all); });
    auto client = server.connect();
    const auto reply = client.ask("/x", "Range: bytes=100-199\r\n");
    EXPECT_EQ(reply.body, bytes.substr(100, 100));
    EXPECT_TRUE(script.wait_until_destroyed());
}

TEST(StreamSender, answers_head_without_touching_the_stream) {
    Script script("12345", 5);
    const TestServer server(serve(script));
    auto client = server.connect();
    const auto reply = client.ask("/x", "", "HEAD");
    EXPECT_EQ(reply.field("Content-Length"), "5");
    EXPECT_TRUE(script.wait_until_destroyed());
    EXPECT_FALSE(client.readable(0));
}

struct CutCase {
    const char* name;
    std::optional<std::uint64_t> announced;
    const char* version;
};
void PrintTo(const CutCase& one, std::ostream* out) {
    *out << one.name;
}
class CutStream : public testing::TestWithParam<CutCase> {};

TEST_P(CutStream, is_never_a_complete_response) {
    Script script(pattern(1000), GetParam().announced);
    TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x", "", "GET", GetParam().version);
    ASSERT_TRUE(script.wait_until_asked());
    script.release(600);
    const auto first = client.read(600);
    ASSERT_EQ(first.size(), 600U);
    script.fail_with({.code = Errc::digest_mismatch, .message = "a lie", .tried = {}});
    EXPECT_TRUE(server.log().wait_for("cut"));
    EXPECT_TRUE(script.wait_until_destroyed());
}

TEST_P(CutStream, looks_cut_to_a_client_that_reads_on) {
    Script script(pattern(1000), GetParam().announced);
    TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x", "", "GET", GetParam().version);
    ASSERT_TRUE(script.wait_until_asked());
    script.release(600);
    script.fail_with({.code = Errc::digest_mismatch, .message = "a lie", .tried = {}});
    const auto reply = client.reply();
    EXPECT_FALSE(reply.complete);
    EXPECT_LE(reply.body.size(), 600U);
    // Those that can resume keep what they have: a reset would throw away what they have not read yet.
    EXPECT_EQ(reply.reset, !GetParam().announced && GetParam().version == std::string_view("HTTP/1.0"));
}

INSTANTIATE_TEST_SUITE_P(All, CutStream,
                         testing::Values(CutCase{"with a length", 1000, "HTTP/1.1"},
                                         CutCase{"in chunks", std::nullopt, "HTTP/1.1"},
                                         CutCase{"with a length in HTTP/1.0", 1000, "HTTP/1.0"},
                                         CutCase{"ended by the connection", std::nullopt, "HTTP/1.0"}));

TEST(StreamSender, turns_an_error_before_the_first_byte_into_an_answer) {
    Script script("x", 1);
    const TestServer server(serve(script));
    auto client = server.connect();
    script.fail_with({.code = Errc::unavailable, .message = "nobody has it", .tried = {"mirror.example: 500"}});
    const auto reply = client.ask("/x");
    EXPECT_EQ(reply.status, 503U);
    EXPECT_FALSE(reply.field("Retry-After").empty());
    EXPECT_EQ(reply.body, "nobody has it\n  - mirror.example: 500\n");
    EXPECT_TRUE(reply.complete);
}

TEST(StreamSender, cuts_an_object_that_ends_early) {
    Script script(pattern(1000), 1000);
    const TestServer server(serve(script));
    auto client = server.connect();
    script.release(999);
    script.finish();
    EXPECT_FALSE(client.ask("/x").complete);
}

TEST(StreamSender, cuts_an_object_that_is_longer_than_announced) {
    Script script(pattern(1001), 1000);
    const TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    script.release(500);
    client.read(500);
    script.release(1001);
    EXPECT_LT(client.read_to_end().size(), 1000U);
}

TEST(StreamSender, lets_go_of_the_stream_when_the_client_leaves) {
    Script script(pattern(1000), 1000);
    TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    client.close();
    EXPECT_TRUE(script.wait_until_destroyed());
    EXPECT_TRUE(server.log().wait_for("left"));
}

TEST(StreamSender, lets_go_of_the_stream_when_the_client_leaves_with_further_requests_unread) {
    Script script(pattern(1000), 1000);
    const TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x");
    client.get("/y");
    ASSERT_TRUE(script.wait_until_asked());
    script.release(100);
    client.read(100);
    client.close();
    EXPECT_TRUE(script.wait_until_destroyed());
}

TEST(StreamSender, lets_go_of_the_stream_when_the_client_resets) {
    Script script(pattern(1000), 1000);
    const TestServer server(serve(script));
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(script.wait_until_asked());
    client.reset();
    EXPECT_TRUE(script.wait_until_destroyed());
}

// pip gives up after 15 s without a byte, and the first bytes of an object may have to wait for its digest.
TEST(StreamSender, sends_the_head_alone_when_the_bytes_take_long) {
    Script script("12345", 5);
    const TestServer server(serve(script), [](Tuning& tuning) { tuning.limits.head_patience = 20ms; });
    auto client = server.connect();
    client.get("/x");
    ASSERT_TRUE(client.readable(static_cast<int>(std::chrono::milliseconds(patience).count())));
    script.release(5); // only now, so that what is readable is the head alone
    const auto reply = client.reply();
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body, "12345");
}

} // namespace
} // namespace yizhan::test
