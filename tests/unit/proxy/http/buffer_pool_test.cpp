#include "proxy/http/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace yizhan {
namespace {

TEST(BufferPool, lends_buffers_and_takes_them_back) {
    BufferPool pool;
    auto one = pool.take();
    ASSERT_TRUE(one);
    EXPECT_GE(one.bytes().size(), Buffer::payload);
    auto* const place = one.bytes().data();
    one.bytes().back() = 'x';
    one = Buffer();
    EXPECT_FALSE(one);
    EXPECT_EQ(pool.take().bytes().data(), place);
}

TEST(BufferPool, moves_a_buffer_without_giving_it_back_twice) {
    BufferPool pool;
    auto one = pool.take();
    auto two = std::move(one);
    EXPECT_FALSE(one); // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(two);
    auto three = pool.take();
    EXPECT_NE(two.bytes().data(), three.bytes().data());
}

TEST(BufferPool, is_crowded_while_many_are_out) {
    BufferPool pool;
    std::vector<Buffer> out;
    while (!pool.crowded() && out.size() < 1000)
        out.push_back(pool.take());
    EXPECT_EQ(out.size(), 65U);
    out.pop_back();
    EXPECT_FALSE(pool.crowded());
}

} // namespace
} // namespace yizhan
