// One mirror alone sends a wrong bit: the wheel's own checksums tell which part is fetched once more.
#include "tests/unit/proxy/relay/relay_fixture.hpp"

namespace yizhan {
namespace {

using origin::Behaviour;
using origin::Body;
using origin::Offset;

class NarrowingTest : public RelayTest {
  protected:
    void SetUp() override {
        RelayTest::SetUp();
        only = &mirror("a");
        serve("x.whl");
    }

    void serve(const std::string& name) {
        path = "/f/" + name;
        only->serve(path, file(wheel.body));
    }
    Object what() { return object(path.substr(3), wheel.body, {only}); }
    /// Where the data of this member begin.
    std::int64_t data_of(const std::string& name) const {
        return static_cast<std::int64_t>(bytes.find(name) + name.size());
    }
    std::int64_t directory() const { return static_cast<std::int64_t>(bytes.find("PK\1\2")); }

    void expect_right(const Delivery& delivery) {
        ASSERT_FALSE(delivery.error) << delivery.error->text();
        EXPECT_TRUE(delivery.complete);
        EXPECT_EQ(sha256(delivery.bytes).hex(), wheel.body.sha256());
    }
    /// What was sent beyond the wheel itself.
    std::uint64_t more() const { return only->record().bytes(path) - wheel.body.size(); }
    std::size_t requests() const { return only->record().count(path); }
    std::uint64_t lies() {
        for (const auto& endpoint : run(relay->status()).endpoints)
            if (endpoint.name.origin == only->origin())
                return endpoint.blamed[static_cast<std::size_t>(Blame::integrity)];
        return 0;
    }

    static constexpr std::uint64_t block = std::uint64_t{64} * 1024;
    static constexpr std::uint64_t small = std::uint64_t{300} * 1024; // of the member b.so
    const origin::Wheel wheel = origin::make_wheel(
        "lib", "1.0",
        {.size = 3 * MiB, .members = {{"lib/b.so", Body::random(2, small)}, {"lib/c.so", Body::random(3, 3 * MiB)}}});
    const std::string bytes = wheel.body.str();
    origin::Server* only = nullptr;
    std::string path;
};

TEST_F(NarrowingTest, AFlippedBitCostsItsMember) {
    only->misbehave(path, Behaviour().flip(data_of("lib/b.so") + 100'000), origin::nth(1));
    start();
    const auto first = fetch(what());
    EXPECT_FALSE(first.complete) << "its first part had left";
    ASSERT_TRUE(first.error);
    EXPECT_EQ(first.error->code, Errc::digest_mismatch);
    expect_right(fetch(what()));
    EXPECT_TRUE(wait_stored(what().path));
    EXPECT_EQ(requests(), 2u);
    EXPECT_LE(more(), small + 2 * block);
    EXPECT_EQ(lies(), 1u);
}

TEST_F(NarrowingTest, FlipsInTwoMembersCostBoth) {
    only->misbehave(path, Behaviour().flip(20).flip(data_of("lib/b.so") + 100'000), origin::nth(1));
    start();
    EXPECT_FALSE(fetch(what()).complete);
    expect_right(fetch(what()));
    EXPECT_EQ(requests(), 4u) << "the first bit is in a local header, which might be the directory's fault";
    EXPECT_LE(more(), small + 5 * block);
}

TEST_F(NarrowingTest, AFlipThatNoChecksumCoversCostsTheDirectory) {
    only->misbehave(path, Behaviour().flip(directory() + 12), origin::nth(1)); // a time
    start();
    EXPECT_FALSE(fetch(what()).complete);
    expect_right(fetch(what()));
    EXPECT_EQ(requests(), 2u);
    EXPECT_LE(more(), 2 * block);
}

TEST_F(NarrowingTest, AMirrorThatAlwaysFlipsIsAskedOnceMore) {
    only->misbehave(path, Behaviour().flip(data_of("lib/b.so") + 100'000));
    start();
    for (int i = 0; i < 4; ++i) {
        const auto delivery = fetch(what());
        EXPECT_FALSE(delivery.complete);
        ASSERT_TRUE(delivery.error);
        EXPECT_EQ(delivery.error->code, Errc::digest_mismatch) << delivery.error->text();
    }
    EXPECT_FALSE(store->find(what().path));
    EXPECT_EQ(requests(), 2u);
    EXPECT_LE(more(), small + 2 * block);
    EXPECT_EQ(lies(), 1u);
}

TEST_F(NarrowingTest, AMirrorThatFlipsElsewhereTheSecondTimeIsNotBelieved) {
    only->misbehave(path, Behaviour().flip(data_of("lib/b.so") + 100'000), origin::nth(1));
    only->misbehave(path, Behaviour().flip(data_of("lib/b.so") + 200'000), {.first = 2});
    start();
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(fetch(what()).complete);
    EXPECT_FALSE(store->find(what().path));
    EXPECT_EQ(requests(), 2u);
}

TEST_F(NarrowingTest, AMirrorWithoutRangesIsNotAskedForEverythingAgain) {
    only->misbehave(path, Behaviour().ignore_range().flip(data_of("lib/b.so") + 100'000));
    only->set_rate(20 * MiB); // so that no answer is in the sockets' buffers before it is refused
    start();
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(fetch(what()).complete);
    EXPECT_FALSE(store->find(what().path));
    EXPECT_LE(requests(), 2u);
    EXPECT_LE(more(), wheel.body.size() / 2);
}

TEST_F(NarrowingTest, WhereTheSenderLiesOnTheOneWhoContradictedItIsAskedForAll) {
    const auto wrong = data_of("lib/c.so") + 1'000'000;
    only->misbehave(path, Behaviour().flip(wrong).cut(Offset(wrong + 10'000)), origin::nth(1));
    only->misbehave(path, Behaviour().flip(wrong), {.first = 2});
    auto& honest = mirror("b");
    honest.serve(path, file(wheel.body));
    start();
    const auto both = object("x.whl", wheel.body, {only, &honest});
    EXPECT_FALSE(fetch(both).complete) << "its first part had left";
    expect_right(fetch(both));
    EXPECT_EQ(lies(), 1u);
    EXPECT_EQ(blamed(honest, Blame::integrity), 0u);
}

TEST_F(NarrowingTest, WhereTheDirectoryCannotBeReadNothingIsFetchedAgain) {
    only->misbehave(path, Behaviour().flip(directory()), origin::nth(1));
    start();
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(fetch(what()).complete);
    EXPECT_EQ(requests(), 1u);
    EXPECT_EQ(lies(), 1u);
}

TEST_F(NarrowingTest, NorWhereTheNamePromisesNoArchive) {
    serve("x.bin");
    only->misbehave(path, Behaviour().flip(data_of("lib/b.so") + 100'000), origin::nth(1));
    start();
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(fetch(what()).complete);
    EXPECT_EQ(requests(), 1u);
}

} // namespace
} // namespace yizhan
