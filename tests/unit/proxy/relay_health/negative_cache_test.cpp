#include "proxy/relay/health/negative_cache.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

constexpr EndpointId a{0}, b{1};

TEST(NegativeCache, RemembersForTenMinutesWhoLacksWhat) {
    const HealthSettings::NegativeCache rules;
    NegativeCache cache(rules);
    cache.add(a, "pypi/f.whl", "404", at(0));
    EXPECT_EQ(cache.find(a, "pypi/f.whl", at(599)), "404");
    EXPECT_EQ(cache.find(b, "pypi/f.whl", at(0)), std::nullopt);
    EXPECT_EQ(cache.find(a, "pypi/g.whl", at(0)), std::nullopt);
    EXPECT_EQ(cache.find(a, "pypi/f.whl", at(600)), std::nullopt);
}

TEST(NegativeCache, AnEntryMayHaveItsOwnRest) {
    const HealthSettings::NegativeCache rules;
    NegativeCache cache(rules);
    cache.add(a, "tf-nightly", "excluded", at(0), 24h);
    EXPECT_TRUE(cache.find(a, "tf-nightly", at(86'399)));
    EXPECT_FALSE(cache.find(a, "tf-nightly", at(86'400)));
}

TEST(NegativeCache, NewsReplaceAndMayBeTakenBack) {
    const HealthSettings::NegativeCache rules;
    NegativeCache cache(rules);
    cache.add(a, "f", "404", at(0));
    cache.add(a, "f", "410", at(300));
    EXPECT_EQ(cache.size(), 1u);
    EXPECT_EQ(cache.find(a, "f", at(700)), "410");
    cache.remove(a, "f");
    cache.remove(a, "f");
    EXPECT_FALSE(cache.find(a, "f", at(300)));
    EXPECT_EQ(cache.size(), 0u);
}

TEST(NegativeCache, IsBoundedAndDropsTheOldest) {
    const HealthSettings::NegativeCache rules{.most = 100};
    NegativeCache cache(rules);
    for (int i = 0; i < 1000; ++i)
        cache.add(a, fmt::format("file {}", i), "404", at(0));
    EXPECT_EQ(cache.size(), 100u);
    EXPECT_FALSE(cache.find(a, "file 899", at(0)));
    EXPECT_TRUE(cache.find(a, "file 900", at(0)));
    EXPECT_TRUE(cache.find(a, "file 999", at(0)));
}

TEST(NegativeCache, NamesCannotBeMadeToCollide) {
    const HealthSettings::NegativeCache rules;
    NegativeCache cache(rules);
    cache.add(EndpointId{1}, "1 f", "404", at(0));
    EXPECT_FALSE(cache.find(EndpointId{11}, "f", at(0)));
    EXPECT_FALSE(cache.find(EndpointId{1}, "f", at(0)));
}

} // namespace
} // namespace yizhan
