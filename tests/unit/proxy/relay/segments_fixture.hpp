// A large object in segments small enough for a test, and mirrors of it that may lie.
#pragma once

#include "tests/unit/proxy/relay/relay_fixture.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace yizhan {

class SegmentsTest : public RelayTest {
  protected:
    void SetUp() override {
        RelayTest::SetUp();
        settings.relay.segments = {.from = 4 * MiB,
                                   .families = 2,
                                   .first = 1 * MiB,
                                   .least = 512 * KiB,
                                   .most = 2 * MiB,
                                   .time = std::chrono::seconds(4),
                                   .window = 16 * MiB,
                                   .connections = 2,
                                   .first_look = std::chrono::seconds(5)};
    }

    /// "a", "b", … with the body, each sending so many bytes per second.
    std::vector<origin::Server*> mirrors(int count, std::uint64_t rate = 20 * MiB) {
        std::vector<origin::Server*> out;
        for (int i = 0; i < count; ++i) {
            out.push_back(&mirror(std::string(1, static_cast<char>('a' + i))));
            out.back()->serve("/f/x.bin", file(body));
            out.back()->set_rate(rate);
        }
        return out;
    }

    /// The first leads, and the other one is so much quicker that there are holes when both are stopped.
    std::vector<origin::Server*> a_slow_and_a_quick() {
        auto out = mirrors(2, 8 * MiB);
        out.front()->set_rate(1 * MiB);
        return out;
    }

    static std::uint64_t body_bytes(origin::Server& server) { return server.record().bytes("/f/x.bin"); }

    /// Stops in the middle, where one mirror is so much slower that holes are left.
    void interrupt_with_holes(const Object& what) {
        auto reader = std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(what))));
        for (int i = 0; i < 2000; ++i) {
            const auto transfers = run(relay->status()).transfers;
            if (!transfers.empty() && transfers[0].received > 14 * MiB)
                break;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        relay->stop();
        reader.reset();
        relay.reset();
        store.reset();
    }

    void expect_right(const Delivery& delivery) {
        ASSERT_FALSE(delivery.error) << delivery.error->text();
        EXPECT_TRUE(delivery.complete);
        EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    }

    static constexpr std::int64_t mebibyte = 1 << 20;
    static constexpr std::int64_t middle = 12 * mebibyte; // of the body
    origin::Body body = origin::Body::random(7, 24 * MiB);
};

class RepairTest : public SegmentsTest {
  protected:
    std::uint64_t pulled(const std::vector<origin::Server*>& from) {
        std::uint64_t out = 0;
        for (auto* server : from)
            out += body_bytes(*server);
        return out;
    }
    /// A further mirror, known to nobody but those that point to it.
    origin::Server& elsewhere_for(const std::vector<origin::Server*>& pointing) {
        auto& out = mirror("elsewhere");
        out.serve("/f/x.bin", file(body));
        for (auto* server : pointing)
            server->misbehave("/f/x.bin", origin::Behaviour().instead(origin::redirect(out.url("/f/x.bin"))));
        return out;
    }
    void expect_no_lies(const std::vector<origin::Server*>& of) {
        for (auto* server : of)
            EXPECT_EQ(lies(*server), 0u) << server->origin();
    }
    /// What a client gets that comes back once.
    Delivery fetch_twice(const Object& what) {
        auto out = fetch(what);
        return out.complete ? out : fetch(what);
    }
};

} // namespace yizhan
