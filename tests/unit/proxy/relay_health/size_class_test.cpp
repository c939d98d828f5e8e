#include "proxy/relay/health/size_class.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

namespace yizhan {
namespace {

TEST(SizeClass, ItsBoundsAreOneAndThirtyTwoMebibytes) {
    EXPECT_EQ(size_class_of(0), SizeClass::small);
    EXPECT_EQ(size_class_of(MiB - 1), SizeClass::small);
    EXPECT_EQ(size_class_of(MiB), SizeClass::medium);
    EXPECT_EQ(size_class_of(32 * MiB - 1), SizeClass::medium);
    EXPECT_EQ(size_class_of(32 * MiB), SizeClass::large);
    EXPECT_EQ(size_class_of(UINT64_MAX), SizeClass::large);
    EXPECT_EQ(size_class_of(std::nullopt), SizeClass::medium);
}

TEST(SizeClass, WhatIsTypicalForAFileClassLiesInIt) {
    for (const auto size : {SizeClass::small, SizeClass::medium, SizeClass::large})
        EXPECT_EQ(size_class_of(typical_bytes(size)), size) << name(size);
}

} // namespace
} // namespace yizhan
