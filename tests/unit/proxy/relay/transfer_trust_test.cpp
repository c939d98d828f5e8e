// Who lied: nobody is blamed on a guess, and the guilty one is found.
#include "tests/unit/proxy/relay/relay_fixture.hpp"

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Body;
using origin::Offset;

constexpr std::uint64_t small_size = std::uint64_t{50} * 1024;
constexpr std::uint64_t large_size = std::uint64_t{3} * 1024 * 1024;

class TransferTrustTest : public RelayTest {
  protected:
    Body body = Body::random(1, large_size);
};

TEST_F(TransferTrustTest, AnAnswerThatDiffersInTheOverlapIsNotSplicedAndItsSenderIsBlamedWhenTheRestProvesIt) {
    auto& a = mirror("a");
    auto& liar = mirror("liar");
    auto& c = mirror("c");
    for (auto* server : {&a, &liar, &c})
        server->serve("/f/x.bin", file(body));
    a.misbehave("/f/x.bin", Behaviour().cut(Offset::percent(50)));
    liar.misbehave("/f/x.bin", Behaviour().lie(99));
    start();
    const auto delivery = fetch(object("x.bin", body, {&a, &liar, &c}));
    ASSERT_FALSE(delivery.error) << delivery.error->text();
    EXPECT_EQ(sha256(delivery.bytes).hex(), body.sha256());
    EXPECT_EQ(lies(liar), 1u);
    EXPECT_EQ(lies(a) + lies(c), 0u);
}

TEST_F(TransferTrustTest, WhereThoseWhoAreLeftContradictWhatIsHereItIsTakenForTheLie) {
    auto& liar = mirror("liar");
    auto& b = mirror("b");
    for (auto* server : {&liar, &b})
        server->serve("/f/x.bin", file(body));
    liar.misbehave("/f/x.bin", Behaviour().lie(99).cut(Offset::percent(50)), origin::nth(1));
    liar.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "oops\n")), {.first = 2});
    start();
    const auto what = object("x.bin", body, {&liar, &b});
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), body.sha256());
    EXPECT_TRUE(wait_lied(liar));
    EXPECT_EQ(lies(liar), 1u);
    EXPECT_EQ(lies(b), 0u);
}

TEST_F(TransferTrustTest, OfTwoWhoSentPartsTheRightBytesTellWhoLied) {
    auto& liar = mirror("liar");
    auto& b = mirror("b");
    auto& c = mirror("c");
    for (auto* server : {&liar, &b, &c})
        server->serve("/f/x.bin", file(body));
    // A wrong bit early in the first half, far from what is compared; then b brings the second half.
    liar.misbehave("/f/x.bin", Behaviour().flip(1000).cut(Offset::percent(50)));
    c.misbehave("/f/x.bin", Behaviour().instead(origin::text(500, "later\n")), origin::nth(1));
    start();
    const auto what = object("x.bin", body, {&liar, &b, &c});
    const auto first = fetch(what);
    EXPECT_FALSE(first.complete);
    EXPECT_EQ(lies(liar) + lies(b), 0u) << "nobody is blamed on a guess";
    const auto second = fetch(what);
    ASSERT_FALSE(second.error) << second.error->text();
    EXPECT_EQ(sha256(second.bytes).hex(), body.sha256());
    for (int i = 0; i < 400 && lies(liar) == 0; ++i) // the checksums are compared after the delivery
        std::this_thread::sleep_for(5ms);
    EXPECT_EQ(lies(liar), 1u);
    EXPECT_EQ(lies(b), 0u);
    EXPECT_EQ(lies(c), 0u);
}

TEST_F(TransferTrustTest, WhereIndependentMirrorsSendTheSameBytesTheIndexIsWrongAndNobodyIsBlamed) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    const auto other = Body::random(2, small_size);
    for (auto* server : {&a, &b})
        server->serve("/f/x.bin", file(other));
    start();
    const auto delivery = fetch(object("x.bin", Body::random(3, small_size), {&a, &b}));
    ASSERT_TRUE(delivery.error);
    EXPECT_EQ(delivery.error->code, Errc::digest_mismatch);
    EXPECT_EQ(lies(a) + lies(b), 0u);
    EXPECT_EQ(a.record().count("/f/x.bin") + b.record().count("/f/x.bin"), 2u) << "each once, and an end";
}

TEST_F(TransferTrustTest, TwoLiesWithinADayExpelAMirror) {
    auto& liar = mirror("liar");
    auto& b = mirror("b");
    start();
    const auto small = Body::random(7, small_size);
    for (const auto* name : {"f0", "f1", "f2"})
        for (auto* server : {&liar, &b})
            server->serve(std::string("/f/") + name, file(small));
    liar.misbehave("*", Behaviour().flip(100));
    for (const auto* name : {"f0", "f1"})
        EXPECT_TRUE(fetch(object(name, small, {&liar})).error);
    EXPECT_EQ(lies(liar), 2u);
    b.misbehave("/f/f2", Behaviour().instead(origin::text(500, "once\n")), origin::nth(1));
    EXPECT_EQ(fetch(object("f2", small, {&liar, &b})).bytes, small.str()) << "b is asked twice rather";
    EXPECT_EQ(liar.record().size(), 2u);
}

} // namespace
} // namespace yizhan
