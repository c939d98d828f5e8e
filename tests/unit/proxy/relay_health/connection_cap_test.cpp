#include "proxy/relay/health/connection_cap.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

const HealthSettings::ConnectionCap rules;

TEST(ConnectionCap, StartsAtFourAndAtTwoWhereConnectionsAreCounted) {
    EXPECT_EQ(ConnectionCap(rules, false).at(at(0)), 4u);
    EXPECT_EQ(ConnectionCap(rules, true).at(at(0)), 2u);
}

TEST(ConnectionCap, IsHalvedDownToOneAndNeverBelow) {
    ConnectionCap cap(rules, false);
    EXPECT_TRUE(cap.choked(at(0), at(1)));
    EXPECT_EQ(cap.at(at(1)), 2u);
    EXPECT_TRUE(cap.choked(at(1), at(2)));
    EXPECT_EQ(cap.at(at(2)), 1u);
    EXPECT_TRUE(cap.choked(at(2), at(3)));
    EXPECT_EQ(cap.at(at(3)), 1u);
    EXPECT_EQ(cap.at(at(63)), 2u);
}

TEST(ConnectionCap, FourRefusalsOfOneMomentAreOneCut) {
    ConnectionCap cap(rules, false);
    EXPECT_TRUE(cap.choked(at(0), at(1)));
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(cap.choked(at(0.5), at(1.5)));
    EXPECT_EQ(cap.at(at(2)), 2u);
}

TEST(ConnectionCap, GrowsByOneForEachCleanMinuteAndNotOverItsStart) {
    ConnectionCap cap(rules, false);
    cap.choked(at(0), at(0));
    cap.choked(at(0), at(0));
    EXPECT_EQ(cap.at(at(59.9)), 1u);
    EXPECT_EQ(cap.at(at(60)), 2u);
    EXPECT_EQ(cap.at(at(120)), 3u);
    EXPECT_EQ(cap.at(at(180)), 4u);
    EXPECT_EQ(cap.at(at(1e7)), 4u);
}

TEST(ConnectionCap, ACutStartsTheMinuteAnew) {
    ConnectionCap cap(rules, false);
    cap.choked(at(0), at(0));     // 2
    cap.choked(at(110), at(110)); // of 3: 1
    EXPECT_EQ(cap.at(at(110)), 1u);
    EXPECT_EQ(cap.at(at(169)), 1u);
    EXPECT_EQ(cap.at(at(170)), 2u);
}

TEST(ConnectionCap, SaysWhenTheNextOneComes) {
    ConnectionCap cap(rules, false);
    EXPECT_EQ(cap.words(at(0)), "4");
    cap.choked(at(0), at(0));
    EXPECT_EQ(cap.words(at(10)), "2 of 4, one more in 50 s");
    EXPECT_EQ(cap.words(at(70)), "3 of 4, one more in 50 s");
}

TEST(ConnectionCap, ARestoredValueIsClamped) {
    ConnectionCap cap(rules, false);
    const std::pair<unsigned, unsigned> cases[] = {{0, 1}, {1, 1}, {3, 3}, {4, 4}, {1000, 4}};
    for (const auto& [value, expected] : cases) {
        cap.restore(value, at(0));
        EXPECT_EQ(cap.at(at(0)), expected);
    }
}

} // namespace
} // namespace yizhan
