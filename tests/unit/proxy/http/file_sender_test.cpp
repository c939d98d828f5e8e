#include "proxy/http/file_sender.hpp"
#include "tests/unit/proxy/http/http_fixture.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>

namespace yizhan::test {
namespace {

using namespace std::chrono_literals;

class FileSenders : public testing::TestWithParam<FileMode> {
  protected:
    static std::function<void(Tuning&)> tuned() {
        return [](Tuning& tuning) { tuning.file_mode = GetParam(); };
    }
};

INSTANTIATE_TEST_SUITE_P(Modes, FileSenders, testing::Values(FileMode::pread, FileMode::sendfile));

Answer serve(const Blob& blob) {
    return [blob](const Request&) -> Task<Response> { co_return response_of(blob, Ranges::all); };
}

TEST_P(FileSenders, send_small_and_large_files) {
    for (const std::size_t size : {0UL, 1UL, 100'000UL, 256UL * 1024, 256UL * 1024 + 1, 5'000'000UL}) {
        const auto bytes = pattern(size);
        const TestServer server(serve(blob_of(bytes)), tuned());
        auto client = server.connect();
        for (int i = 0; i < 2; ++i) {
            const auto reply = client.ask("/x");
            ASSERT_TRUE(reply.complete) << size;
            ASSERT_EQ(reply.body, bytes) << size;
        }
    }
}

TEST_P(FileSenders, send_windows) {
    const auto bytes = pattern(1'000'000);
    const TestServer server(serve(blob_of(bytes)), tuned());
    auto client = server.connect();
    EXPECT_EQ(client.ask("/x", "Range: bytes=999999-\r\n").body, bytes.substr(999'999));
    EXPECT_EQ(client.ask("/x", "Range: bytes=300000-799999\r\n").body, bytes.substr(300'000, 500'000));
    EXPECT_EQ(client.ask("/x", "Range: bytes=-10\r\n").body, bytes.substr(999'990));
}

TEST_P(FileSenders, wait_for_a_slow_client) {
    const auto bytes = pattern(8UL * 1024 * 1024);
    const TestServer server(serve(blob_of(bytes)), tuned());
    Client client;
    client.keep_little();
    client.connect(server.port());
    EXPECT_EQ(client.ask("/x").body, bytes);
}

TEST_P(FileSenders, never_complete_a_file_that_has_become_shorter) {
    const auto file = file_of(pattern(4UL * 1024 * 1024));
    ASSERT_EQ(::ftruncate(file->descriptor.get(), 1'000'000), 0);
    const TestServer server(serve(Blob(file)), tuned());
    const auto reply = server.connect().ask("/x");
    EXPECT_FALSE(reply.complete);
    EXPECT_LE(reply.body.size(), 1'000'000U);
}

TEST_P(FileSenders, answer_503_for_a_file_that_has_become_empty) {
    const auto file = file_of(pattern(1000));
    ASSERT_EQ(::ftruncate(file->descriptor.get(), 0), 0);
    const TestServer server(serve(Blob(file)), tuned());
    EXPECT_EQ(server.connect().ask("/x").status, 503U);
}

TEST_P(FileSenders, read_what_the_page_cache_has_dropped) {
    const auto bytes = pattern(3'000'000);
    const auto file = file_of(bytes);
    ::fdatasync(file->descriptor.get());
    ::posix_fadvise(file->descriptor.get(), 0, 0, POSIX_FADV_DONTNEED);
    const TestServer server(serve(Blob(file)), tuned());
    EXPECT_EQ(server.connect().ask("/x").body, bytes);
}

// More clients than a core keeps buffers for: each is read for again when it is ready, and none gets another's bytes.
TEST_P(FileSenders, serve_more_slow_clients_than_there_are_buffers) {
    // The kernel takes about 3 MB off a server at once on loopback, whatever the client reads.
    const auto bytes = pattern(6UL * 1024 * 1024);
    const TestServer server(serve(blob_of(bytes)), [](Tuning& tuning) {
        tuning.settings.threads = 1;
        tuning.file_mode = GetParam();
    });
    std::vector<Client> clients(80);
    const auto offset = [&](const Client& client) { return static_cast<std::size_t>(&client - clients.data()) * 1000; };
    for (auto& client : clients) {
        client.keep_little(64 * 1024);
        client.connect(server.port());
        client.get("/x", "Range: bytes=" + std::to_string(offset(client)) + "-\r\n");
    }
    for (auto& client : clients)
        ASSERT_TRUE(client.readable(30'000));
    for (auto& client : clients) {
        const auto reply = client.reply();
        ASSERT_TRUE(reply.complete);
        ASSERT_TRUE(reply.body == std::string_view(bytes).substr(offset(client))) << "bytes of another client";
    }
}

} // namespace
} // namespace yizhan::test
