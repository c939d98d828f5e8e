#include "proxy/http/receive_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace yizhan {
namespace {

void put(ReceiveBuffer& buffer, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto room = buffer.prepare();
        ASSERT_FALSE(room.empty());
        const auto size = std::min(room.size(), bytes.size());
        std::ranges::copy(bytes.substr(0, size), room.begin());
        buffer.commit(size);
        bytes.remove_prefix(size);
    }
}

TEST(ReceiveBuffer, keeps_what_is_not_consumed) {
    ReceiveBuffer buffer(16'384);
    EXPECT_TRUE(buffer.empty());
    put(buffer, "onetwo");
    buffer.consume(3);
    EXPECT_EQ(buffer.view(), "two");
    put(buffer, "three");
    EXPECT_EQ(buffer.view(), "twothree");
    buffer.consume(100);
    EXPECT_TRUE(buffer.empty());
}

TEST(ReceiveBuffer, grows_up_to_its_limit_and_no_further) {
    ReceiveBuffer buffer(10'000);
    std::string bytes(10'000, 'x');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>('a' + i % 26);
    put(buffer, bytes);
    EXPECT_EQ(buffer.view(), bytes);
    EXPECT_TRUE(buffer.prepare().empty());
    buffer.consume(9'000);
    put(buffer, "more");
    EXPECT_EQ(buffer.view(), bytes.substr(9'000) + "more");
}

TEST(ReceiveBuffer, never_holds_more_than_its_limit) {
    ReceiveBuffer buffer(100);
    EXPECT_EQ(buffer.prepare().size(), 100U);
}

} // namespace
} // namespace yizhan
