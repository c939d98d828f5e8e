#include "proxy/relay/health/clock.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

TEST(InWords, ADurationReadsAsPeopleSayIt) {
    const std::pair<double, const char*> cases[] = {
        {-1, "0 ms"},   {0, "0 ms"},      {0.25, "250 ms"}, {0.9996, "1.0 s"}, {3.44, "3.4 s"},
        {9.96, "10 s"}, {119.0, "119 s"}, {120, "2 min"},   {840, "14 min"},   {21'600, "6.0 h"},
    };
    for (const auto& [seconds, words] : cases)
        EXPECT_EQ(in_words(Seconds(seconds)), words) << seconds;
}

TEST(LeftAfter, FallsToAThirdInOneTauAndNeverOverOne) {
    EXPECT_DOUBLE_EQ(left_after(0s, 10s), 1);
    EXPECT_NEAR(left_after(10s, 10s), 0.3679, 1e-4);
    EXPECT_DOUBLE_EQ(left_after(-10s, 10s), 1);
}

TEST(Bounded, ForeignWordsCanNeitherFloodNorForgeTheLog) {
    EXPECT_EQ(bounded("plain"), "plain");
    EXPECT_EQ(bounded("a\r\nb\x1b[31m\x7f"), "a??b?[31m?");
    EXPECT_LT(bounded(std::string(100'000, 'x')).size(), 300u);
}

} // namespace
} // namespace yizhan
