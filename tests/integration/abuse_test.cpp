// Clients that mean harm, against the real binary: others are served meanwhile, and afterwards the memory is back.
#include "tests/integration/crowd.hpp"
#include "tests/integration/stage.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sys/resource.h>
#include <thread>

namespace yizhan::integration {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string livez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

/// Resident memory of a process, in bytes.
std::uint64_t resident(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::strtoull(line.c_str() + 6, nullptr, 10) * KiB;
        }
    }
    return 0;
}

/// An honest client on a connection of its own that asks again and again, and notes how long each answer took.
class Prober {
  public:
    Prober(std::uint16_t port, std::vector<std::string> targets)
        : thread_([this, port, targets = std::move(targets)] { run(port, targets); }) {}

    /// Ends it; the times of all its requests, the shortest first.
    std::vector<std::chrono::microseconds> finish() {
        stop_ = true;
        thread_.join();
        std::ranges::sort(times_);
        return times_;
    }
    unsigned wrong() const { return wrong_; }

  private:
    void run(std::uint16_t port, const std::vector<std::string>& targets) {
        Client client(port);
        while (!stop_) {
            for (const std::string& target : targets) {
                const auto begin = Clock::now();
                const Reply reply = client.get(target);
                times_.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
                wrong_ += reply.status == 200 && reply.complete ? 0 : 1;
            }
            std::this_thread::sleep_for(2ms); // leaves the two cores of a test machine to those it measures
        }
    }

    std::atomic<bool> stop_ = false;
    std::atomic<unsigned> wrong_ = 0;
    std::vector<std::chrono::microseconds> times_;
    std::jthread thread_;
};

class Abuse : public Stage {
  protected:
    Abuse() { raise_descriptor_limit(); }

    /// Starts with one file of `size` in the store.
    const Distribution& start_with_file(std::uint64_t size) {
        mirror("root");
        const Distribution& file = wheel("six", size);
        publish();
        start();
        EXPECT_EQ(get("/simple/six/").status, 200u);
        EXPECT_EQ(get_expecting(path_of(file), file.body).status, 200u);
        EXPECT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
        return file;
    }

    /// Waits until no more than `most` bytes are resident; what there is in the end.
    std::uint64_t settled(std::uint64_t most) {
        const auto until = Clock::now() + 10s;
        while (resident(service().pid()) > most && Clock::now() < until) {
            std::this_thread::sleep_for(20ms);
        }
        return resident(service().pid());
    }
};

class Smuggled : public Abuse, public ::testing::WithParamInterface<std::string> {};

// One answer, and the connection is closed: what follows the refused head is never taken for a request.
TEST_P(Smuggled, IsAnsweredOnceAndClosed) {
    start();
    Client client(service().port());
    client.send(GetParam() + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    const Reply reply = client.finish();
    EXPECT_EQ(reply.status, 400u);
    EXPECT_TRUE(reply.complete && !reply.was_reset);
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(get("/livez").status, 200u);
    EXPECT_THAT(service().log(), Not(HasSubstr("/smuggled")));
}

INSTANTIATE_TEST_SUITE_P(
    Messages, Smuggled,
    ::testing::Values("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\nX: " +
                          std::string(200'000, 'x') + "\r\n\r\n"),
    named({"TwoHosts", "FoldedTransferEncoding", "GzipTransferEncoding", "TrailerOf200KB"}));

TEST_F(Abuse, AClientOverItsLimitIsToldSoAndOthersAreServed) {
    set("http.max_connections_per_client = 40");
    start();
    Crowd crowd(service().port(), 60, "127.0.0.21");
    crowd.send(livez);
    EXPECT_TRUE(crowd.wait_received(100, 20s));
    EXPECT_EQ(crowd.heard("HTTP/1.1 200"), 40u);
    EXPECT_EQ(crowd.heard("HTTP/1.1 503"), 20u);
    EXPECT_EQ(get("/livez").status, 200u);
}

/// Lets a process open no descriptor more, for as long as this lives.
class NoDescriptors {
  public:
    explicit NoDescriptors(pid_t pid) : pid_(pid) {
        rlim_t free = 0; // the kernel gives the lowest number that is free
        while (std::filesystem::exists("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(free))) {
            ++free;
        }
        ::prlimit(pid, RLIMIT_NOFILE, nullptr, &before_);
        const rlimit none{.rlim_cur = free, .rlim_max = before_.rlim_max};
        EXPECT_EQ(::prlimit(pid, RLIMIT_NOFILE, &none, nullptr), 0);
    }
    ~NoDescriptors() { ::prlimit(pid_, RLIMIT_NOFILE, &before_, nullptr); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    pid_t pid_;
    rlimit before_{};
};

// Not a unit test: without descriptors UBSan, which reads through a pipe what it checks, takes every object for broken.
TEST_F(Abuse, WithoutDescriptorsClientsAreToldSoAndServedAfterwards) {
    start();
    Client early(service().port());
    EXPECT_EQ(early.get("/livez").status, 200u);
    {
        const NoDescriptors none(service().pid());
        Crowd late(service().port(), 40, "127.0.0.31"); // more than are told in one go
        EXPECT_TRUE(late.wait_ended(20s));
        EXPECT_EQ(late.heard("HTTP/1.1 503"), late.size());
        EXPECT_EQ(early.get("/livez").status, 200u);
    }
    EXPECT_EQ(get("/livez").status, 200u);
    EXPECT_THAT(service().log(), HasSubstr("no descriptor is left"));
}

TEST_F(Abuse, OthersAreServedMeanwhileAndTheMemoryComesBack) {
    constexpr auto header_timeout = 3s;
    constexpr auto tolerance = 12 * MiB; // the crowd takes 17 MiB, of which 8 are kept for the next one
    set("http.header_timeout = '3s'");
    const Distribution& file = start_with_file(8 * MiB);
    const auto port = service().port();
    const std::vector<std::string> targets{"/livez", "/simple/six/", path_of(file) + ".metadata"};
    Prober before(port, targets);
    std::this_thread::sleep_for(500ms);
    const auto quiet = before.finish();
    const auto base = resident(service().pid());

    std::uint64_t during = 0;
    Prober prober(port, targets);
    {
        Crowd silent(port, 1000, "127.0.0.11"); // says nothing at all
        std::vector<Crowd> idle; // asked once, a few at a time: a thousand requests in one go are work, not abuse
        for (int i = 0; i < 10; ++i) {
            idle.emplace_back(port, 100, "127.0.0.12").send(livez);
            EXPECT_TRUE(idle.back().wait_received(100, 20s));
            EXPECT_EQ(idle.back().heard("HTTP/1.1 200"), idle.back().size());
        }
        Crowd drip(port, 200, "127.0.0.13"); // a byte of its head each second
        drip.send("GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ");
        Crowd sip(port, 100, "127.0.0.14", 4096); // 100 bytes of 8 MiB each second
        sip.send("GET " + path_of(file) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto until = Clock::now() + 4 * header_timeout;
        while (drip.ended() < drip.size() && Clock::now() < until) {
            std::this_thread::sleep_for(1s); // the pace of the abuse, not a wait for anything
            drip.send("x");
            drip.receive(4096);
            sip.receive(100);
            for (int i = 0; i < 4; ++i) {
                Client trailer(port);
                trailer.send("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " +
                             std::string(200'000, 'x') + "\r\n\r\n" + livez);
                EXPECT_EQ(trailer.finish().status, 400u);
            }
            during = std::max(during, resident(service().pid()));
        }
        EXPECT_EQ(drip.heard("HTTP/1.1 408"), drip.size());
        EXPECT_TRUE(silent.wait_ended(20s)) << "who says nothing is let go as well";
        EXPECT_EQ(silent.heard("HTTP"), 0u);
        for (Crowd& some : idle) {
            some.receive(4096);
            EXPECT_EQ(some.ended(), 0u) << "a minute is theirs";
        }
        EXPECT_EQ(sip.heard("HTTP/1.1 200"), sip.size());
        EXPECT_EQ(sip.ended(), 0u) << "within their 30 s of grace";
    }
    const auto times = prober.finish();
    EXPECT_EQ(prober.wrong(), 0u);
    const auto after = settled(base + tolerance);
    const auto milliseconds = [](const auto& sorted, std::size_t percent) {
        return static_cast<double>(sorted[(sorted.size() - 1) * percent / 100].count()) / 1000;
    };
    std::cout << "answers before: " << quiet.size() << ", median " << milliseconds(quiet, 50) << " ms, 99 % "
              << milliseconds(quiet, 99) << " ms, worst " << milliseconds(quiet, 100) << " ms\n"
              << "answers during: " << times.size() << ", median " << milliseconds(times, 50) << " ms, 99 % "
              << milliseconds(times, 99) << " ms, worst " << milliseconds(times, 100) << " ms\n"
              << "resident: " << base / KiB << " KiB before, " << during / KiB << " KiB during, " << after / KiB
              << " KiB after\n";
    if (!is_scaled()) { // sanitizers keep freed memory to catch its late users
        EXPECT_LE(after, base + tolerance);
    }
    EXPECT_EQ(get("/livez").status, 200u);
}

} // namespace
} // namespace yizhan::integration
