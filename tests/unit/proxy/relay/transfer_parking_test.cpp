// Half files: left by readers, by a stop, by mirrors that all failed; taken up again. And a disk without room.
#include "proxy/relay/intake.hpp"
#include "tests/unit/proxy/relay/relay_fixture.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

constexpr std::uint64_t size = 20 * 1024 * 1024;

class TransferParkingTest : public RelayTest {
  protected:
    /// Until no transfer runs.
    void wait_over() {
        for (int i = 0; i < 2000 && !run(relay->status()).transfers.empty(); ++i)
            std::this_thread::sleep_for(5ms);
    }
    /// Until so much of the only transfer is here.
    void wait_received(std::uint64_t bytes) {
        for (int i = 0; i < 2000; ++i) {
            const auto transfers = run(relay->status()).transfers;
            if (!transfers.empty() && transfers[0].received >= bytes)
                return;
            std::this_thread::sleep_for(5ms);
        }
        ADD_FAILURE() << bytes << " bytes never came";
    }
    std::unique_ptr<Reader> opened(const Object& what) {
        return std::move(std::get<std::unique_ptr<Reader>>(*run(relay->open(what))));
    }
    Body body = Body::random(1, size);
};

TEST_F(TransferParkingTest, WhatNobodyReadsAnyMoreIsParkedAndTheNextRequestFetchesOnlyTheRest) {
    auto& a = mirror("a");
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().stall(9 << 20, "hold"), origin::nth(1));
    settings.relay.stall_timeout = 60s;
    settings.relay.reader_grace = 10ms;
    start();
    auto what = object("x.bin", body, {&a});
    what.size.reset(); // a size of 20 MB would be finished: less than 32 MiB are left
    a.misbehave("/f/x.bin", Behaviour().until_close().stall(9 << 20, "hold"), origin::nth(1));
    auto reader = opened(what);
    ASSERT_TRUE(farm.gates().wait_arrivals("hold"));
    for (std::uint64_t at = 0; at < (8 << 20);) {
        const auto extent = run(reader->next(at));
        ASSERT_TRUE(extent && *extent);
        at += (*extent)->size;
    }
    reader.reset();
    wait_over();
    farm.gates().open("hold");
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    const auto gets = a.record().of("/f/x.bin", "GET");
    ASSERT_EQ(gets.size(), 2u);
    EXPECT_GE(gets[1].offset, 8u << 20);
}

TEST_F(TransferParkingTest, AStopInTheMiddleIsTakenUpByTheNextProcess) {
    auto& a = mirror("a");
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().stall(Offset::percent(60), "hold"), origin::nth(1));
    settings.relay.stall_timeout = 60s;
    start();
    const auto what = object("x.bin", body, {&a});
    auto reader = opened(what);
    ASSERT_TRUE(farm.gates().wait_arrivals("hold"));
    wait_received(size * 60 / 100);
    relay->stop();
    reader.reset();
    relay.reset();
    store.reset();
    farm.gates().open("hold");
    start();
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    const auto gets = a.record().of("/f/x.bin", "GET");
    ASSERT_EQ(gets.size(), 2u);
    EXPECT_GE(gets[1].offset, size / 2);
}

TEST_F(TransferParkingTest, WhenEverybodyFailsInTheMiddleTheNextRequestGoesOnThere) {
    auto& a = mirror("a");
    a.serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().cut(Offset::percent(60)), origin::nth(1));
    a.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "oops\n")), {.first = 2, .count = 2});
    start();
    const auto what = object("x.bin", body, {&a});
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    a.behave();
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), body.sha256());
    EXPECT_GE(a.record().of("/f/x.bin", "GET").back().offset, size / 2);
}

TEST_F(TransferParkingTest, AParkedLieIsFoundOutAndBlamedOnNobodyWithoutProof) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().flip(1000).stall(Offset::percent(60), "hold"), origin::nth(1));
    settings.relay.stall_timeout = 60s;
    settings.relay.health.hedge.unknown = 60s;
    settings.relay.health.hedge.most = 60s;
    start();
    const auto what = object("x.bin", body, {&a, &b});
    auto reader = opened(what);
    ASSERT_TRUE(farm.gates().wait_arrivals("hold"));
    wait_received(size * 60 / 100);
    relay->stop();
    reader.reset();
    relay.reset();
    farm.gates().open("hold");
    relay = std::make_unique<Relay>(settings, *store, in_order());
    const auto second = fetch(what);
    EXPECT_FALSE(second.complete) << "the wrong part had left already";
    const auto third = fetch(what);
    ASSERT_FALSE(third.error) << third.error->text();
    EXPECT_EQ(sha256(third.bytes).hex(), body.sha256());
}

// ---- a full disk

class FullDiskTest : public TransferParkingTest {
  protected:
    void SetUp() override {
        TransferParkingTest::SetUp();
        // A file system of our own, small enough to be full at will; in this process's mount namespace only.
        if (mount("tmpfs", settings.data.c_str(), "tmpfs", 0, "size=24m") != 0)
            GTEST_SKIP() << "no file system can be mounted here: " << strerror(errno);
        mounted_ = true;
    }
    void TearDown() override {
        relay.reset();
        store.reset();
        if (mounted_)
            umount2(settings.data.c_str(), MNT_DETACH);
        TransferParkingTest::TearDown();
    }

    /// Somebody else's file takes what is left.
    void fill_up() {
        const int file = open((settings.data / "ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        for (off_t at = 0; posix_fallocate(file, at, 4096) == 0; at += 4096) {
        }
        close(file);
    }

  private:
    bool mounted_ = false;
};

/// Remembers what it heard.
struct Hearing final : Intake::Owner {
    void intake_took_over() override {}
    void intake_opened() override { opened = true; }
    void intake_wrote() override { wrote = true; }
    void intake_filled_disk(const std::string&) override { full = true; }
    void intake_failed(Error error) override { failure = std::move(error); }
    bool opened = false, wrote = false, full = false;
    std::optional<Error> failure;
};

TEST_F(FullDiskTest, BytesFlowThroughMemoryAndNothingIsKept) {
    auto& a = mirror("a");
    const auto large = Body::random(2, 60 << 20);
    a.serve("/f/x.bin", file(large));
    start();
    const auto what = object("x.bin", large, {&a});
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_TRUE(delivery.complete);
    EXPECT_EQ(sha256(delivery.bytes).hex(), large.sha256());
    EXPECT_EQ(a.record().count("/f/x.bin"), 1u);
    EXPECT_FALSE(store->find(what.path));
    EXPECT_NE(relay->degraded(), "");
}

TEST_F(FullDiskTest, ADiskThatFillsUpInTheMiddleCostsNobodyAByte) {
    auto& a = mirror("a");
    const auto large = Body::random(3, 60 << 20);
    a.serve("/f/x.bin", file(large));
    a.misbehave("/f/x.bin", Behaviour().chunked()); // the size is not told, so no room is asked for at the start
    start();
    auto what = object("x.bin", large, {&a});
    what.size.reset();
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), large.sha256());
    EXPECT_FALSE(store->find(what.path));
}

// What is written next joins it in one batch, which then begins before what the hash is waiting for.
TEST_F(FullDiskTest, WhatDidNotFitIsHashedOnceWhateverJoinsItAfterwards) {
    start();
    asio::io_context io;
    asio::thread_pool disk(1);
    const auto until = [&io](const bool& heard) {
        while (!heard && io.run_one() > 0)
            io.restart();
    };
    const std::string bytes(80'000, 'x');
    Identity identity;
    identity.sha256 = sha256(bytes);
    Hearing hearing;
    auto intake = std::make_shared<Intake>(
        Intake::Means{io, disk, *store, settings.relay, std::make_shared<InFlight>()}, identity);
    auto work = asio::make_work_guard(io);
    intake->open(hearing, std::nullopt);
    until(hearing.opened);
    fill_up();
    std::promise<void> go;
    asio::post(disk, [wait = go.get_future().share()] { wait.wait(); });
    intake->add(0, as_bytes(std::string_view(bytes).substr(0, 30'000)), "mirror");
    io.poll(); // its write stands behind the disk's other work
    intake->add(30'000, as_bytes(std::string_view(bytes).substr(30'000)), "mirror");
    go.set_value();
    until(hearing.full);
    std::optional<Sha256> found;
    bool done = false;
    intake->finish([&](const Digests& digests) {
        found = digests.sha256;
        done = true;
    });
    while (!done && !hearing.failure)
        io.run_one();
    EXPECT_FALSE(hearing.failure) << hearing.failure->text();
    EXPECT_EQ(found, sha256(bytes));
    bool closed = false;
    intake->close(Intake::Keep::no, [&closed](bool) { closed = true; });
    until(closed);
}

TEST_F(FullDiskTest, AReaderThatDoesNotReadIsCutForTheOthers) {
    auto& a = mirror("a");
    const auto large = Body::random(4, 60 << 20);
    a.serve("/f/x.bin", file(large));
    start();
    const auto what = object("x.bin", large, {&a});
    auto lazy = opened(what);
    const auto delivery = fetch(what);
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), large.sha256());
    EXPECT_FALSE(run(lazy->next(0))) << "its bytes have been let go";
}

} // namespace
} // namespace yizhan
