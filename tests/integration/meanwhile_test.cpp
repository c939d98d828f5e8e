// While some clients mean harm, others are answered within 50 ms, and afterwards memory and descriptors are back.
#include "tests/integration/crowd.hpp"
#include "tests/integration/prober.hpp"
#include "tests/integration/smuggling.hpp"
#include "tests/integration/stage.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <thread>

namespace yizhan::integration {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string livez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

/// What is promised to others (issue 3).
constexpr auto deadline = 50ms;

/// A crowd of 2,300 takes 17 MiB, of which 8 are kept for the next one (Core::give_memory_back); the rest of this is
/// the allocator's.
constexpr auto tolerance = 12 * MiB;

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

std::size_t descriptors(pid_t pid) {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Meanwhile : public Stage {
  protected:
    Meanwhile() { raise_descriptor_limit(); }

    /// Starts with one file of 8 MiB in the store.
    void SetUp() override {
        set("http.header_timeout = '3s'");
        mirror("root");
        file_ = &wheel("six", 8 * MiB);
        publish();
        start();
        EXPECT_EQ(get("/simple/six/").status, 200u);
        EXPECT_EQ(get_expecting(path(), file_->body).status, 200u);
        EXPECT_TRUE(becomes(path(), "\"" + file_->body.sha256() + "\""));
    }

    std::uint16_t port() { return service().port(); }
    std::string path() const { return path_of(*file_); }

    /// Judges what others notice while `abuse` goes on, and what is left of it. Where other programs take the processor
    /// away whoever asks the mirror, to whom nobody does any harm, notices it too; and one good round of three is
    /// enough, for a server that blocks does so in each. Where the mirror itself is late for a twentieth of
    /// the time nothing can be said.
    void others_do_not_notice(const std::function<void()>& abuse) {
        probe_for(500ms); // warms up
        const auto pid = service().pid();
        const auto base = resident(pid);
        const auto base_descriptors = descriptors(pid);
        const Server& root = farm().at("root");
        bool good = false, can_be_said = false;
        for (int round = 0; round < 3 && !good && !HasFailure(); ++round) {
            const Answers before = probe_for(300ms);
            Prober prober(port(), targets());
            Prober at_mirror(root.port(), {"/simple/six/"}, root.address());
            abuse();
            const Answers during = prober.finish();
            const Answers beside = at_mirror.finish();
            std::cout << "before: " << before << "\nduring: " << during << "\nbeside: " << beside << '\n';
            EXPECT_EQ(before.wrong + during.wrong + beside.wrong, 0u);
            good = is_scaled() || (during.percentile(50) <= deadline + beside.percentile(50) &&
                                   during.late(deadline) <= beside.late(deadline) + 0.1);
            can_be_said = can_be_said || good || beside.late(deadline) < 0.05;
        }
        EXPECT_TRUE(good || !can_be_said) << "others wait longer than " << deadline.count() << " ms";
        const auto until = Clock::now() + 10s;
        while (Clock::now() < until && (resident(pid) > base + tolerance || descriptors(pid) > base_descriptors)) {
            std::this_thread::sleep_for(20ms);
        }
        std::cout << "resident: " << base / KiB << " KiB before, " << most_ / KiB << " KiB during, "
                  << resident(pid) / KiB << " KiB after\n";
        EXPECT_LE(descriptors(pid), base_descriptors);
        if (!is_scaled()) { // sanitizers keep freed memory to catch its late users
            EXPECT_LE(resident(pid), base + tolerance);
        }
        if (!can_be_said && !HasFailure()) {
            GTEST_SKIP() << "this machine has no time for its programs: their answers are late whoever is asked";
        }
    }

    /// To be called in the middle of the abuse.
    void note_memory() { most_ = std::max(most_, resident(service().pid())); }

    /// Two thousand that want nothing more: half of them say nothing at all, half have asked once.
    struct Idle {
        Crowd silent;
        std::vector<Crowd> asked;
    };
    Idle idle() {
        Idle out{.silent = Crowd(port(), 1000, "127.0.0.11"), .asked = {}};
        for (int i = 0; i < 10; ++i) { // a few at a time: a thousand requests in one go are work, not abuse
            out.asked.emplace_back(port(), 100, "127.0.0.12").send(livez);
            EXPECT_TRUE(out.asked.back().wait_received(100, 20s));
            EXPECT_EQ(out.asked.back().heard("HTTP/1.1 200"), out.asked.back().size());
        }
        return out;
    }

    /// Connections that send a byte of their head each second: tick_drip().
    Crowd drip() {
        Crowd out(port(), 200, "127.0.0.13");
        out.send("GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ");
        return out;
    }
    static void tick_drip(Crowd& drip) {
        drip.send("x");
        drip.receive(4096);
    }

    /// Connections that read 100 bytes of 8 MiB each second, by receive(100).
    Crowd sip() {
        Crowd out(port(), 100, "127.0.0.14", 4096);
        out.send("GET " + path() + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return out;
    }

    static void expect_all_served(const Crowd& sip) {
        EXPECT_EQ(sip.heard("HTTP/1.1 200"), sip.size());
        EXPECT_EQ(sip.ended(), 0u) << "within their 30 s of grace";
    }

    /// The same message on connection after connection, eight at a time; each is answered once and closed.
    void smuggle(const std::string& message) {
        std::size_t sent = 0;
        for (const auto until = Clock::now() + 1s; Clock::now() < until;) {
            Crowd crowd(port(), 8, "127.0.0.15");
            crowd.send(message + livez);
            EXPECT_TRUE(crowd.wait_ended(20s));
            EXPECT_EQ(crowd.heard("HTTP/1.1 400"), crowd.size());
            sent += crowd.size();
            note_memory();
        }
        std::cout << sent << " connections\n";
    }

  private:
    std::vector<std::string> targets() const { return {"/livez", "/simple/six/", path() + ".metadata"}; }

    Answers probe_for(milliseconds time) {
        Prober prober(port(), targets());
        std::this_thread::sleep_for(time);
        return prober.finish();
    }

    const Distribution* file_ = nullptr;
    std::uint64_t most_ = 0;
};

// The waits of a second in these tests are the pace of the abuse; none is for anything to happen.

TEST_F(Meanwhile, TwoThousandAreIdle) {
    others_do_not_notice([this] {
        const Idle crowd = idle();
        std::this_thread::sleep_for(1s);
        note_memory();
    });
}

TEST_F(Meanwhile, HeadsComeByTheByte) {
    others_do_not_notice([this] {
        Crowd crowd = drip();
        for (int second = 0; second < 2; ++second) {
            std::this_thread::sleep_for(1s);
            tick_drip(crowd);
            note_memory();
        }
        EXPECT_EQ(crowd.ended(), 0u);
    });
}

TEST_F(Meanwhile, ReadersTakeAHundredBytesASecond) {
    others_do_not_notice([this] {
        Crowd crowd = sip();
        for (int second = 0; second < 3; ++second) {
            std::this_thread::sleep_for(1s);
            crowd.receive(100);
            note_memory();
        }
        expect_all_served(crowd);
    });
}

class MeanwhileSmuggled : public Meanwhile, public ::testing::WithParamInterface<Smuggling> {};

TEST_P(MeanwhileSmuggled, ConnectionAfterConnection) {
    others_do_not_notice([this] { smuggle(GetParam().bytes); });
}

INSTANTIATE_TEST_SUITE_P(Messages, MeanwhileSmuggled, ::testing::ValuesIn(smugglings),
                         [](const auto& at) { return at.param.name; });

TEST_F(Meanwhile, AllOfThemAtOnceUntilTheyAreLetGo) {
    others_do_not_notice([this] {
        Idle silent_and_asked = idle();
        Crowd heads = drip();
        Crowd readers = sip();
        const auto until = Clock::now() + 12s; // four times what a head may take
        while (heads.ended() < heads.size() && Clock::now() < until) {
            std::this_thread::sleep_for(1s);
            tick_drip(heads);
            readers.receive(100);
            for (const Smuggling& message : smugglings) {
                Client client(port());
                client.send(message.bytes + livez);
                EXPECT_EQ(client.finish().status, 400u);
            }
            note_memory();
        }
        EXPECT_EQ(heads.heard("HTTP/1.1 408"), heads.size());
        EXPECT_TRUE(silent_and_asked.silent.wait_ended(20s)) << "who says nothing is let go as well";
        EXPECT_EQ(silent_and_asked.silent.heard("HTTP"), 0u);
        for (Crowd& some : silent_and_asked.asked) {
            some.receive(4096);
            EXPECT_EQ(some.ended(), 0u) << "a minute is theirs";
        }
        expect_all_served(readers);
    });
}

} // namespace
} // namespace yizhan::integration
