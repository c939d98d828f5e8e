#include "index/api_version.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(ApiVersion, EveryMinorOfVersionOneIsRead) {
    for (const std::string_view good : {"1.0", "1.1", "1.4", "1.99", " 1.3 "})
        EXPECT_TRUE(check_api_version(good)) << good;
}

TEST(ApiVersion, AnotherMajorIsRefusedInWords) {
    for (const std::string_view bad : {"2.0", "10.1", "1", "", "1.x", "1.", "01.0", "v1.0"}) {
        const auto result = check_api_version(bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().code, Errc::protocol);
        EXPECT_NE(result.error().message.find("1.x"), std::string::npos);
    }
}

} // namespace
} // namespace yizhan
