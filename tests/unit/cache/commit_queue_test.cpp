#include "cache/commit_queue.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <optional>

namespace yizhan {
namespace {

TEST(CommitQueue, WhatWaitsIsTakenTogetherInOrder) {
    std::latch first_runs(1);
    std::latch go_on(1);
    std::vector<std::vector<int>> groups;
    {
        CommitQueue<int> queue(100, [&](std::vector<int>& group) {
            groups.push_back(group);
            if (groups.size() == 1) {
                first_runs.count_down();
                go_on.wait();
            }
        });
        queue.push(0);
        first_runs.wait();
        for (int i = 1; i <= 5; ++i)
            queue.push(i);
        go_on.count_down();
    }
    EXPECT_EQ(groups, (std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5}}));
}

TEST(CommitQueue, AGroupHasABound) {
    std::latch go_on(1);
    std::vector<std::size_t> sizes;
    {
        CommitQueue<std::unique_ptr<int>> queue(2, [&](std::vector<std::unique_ptr<int>>& group) {
            go_on.wait();
            sizes.push_back(group.size());
        });
        for (int i = 0; i < 7; ++i)
            queue.push(std::make_unique<int>(i));
        go_on.count_down();
    }
    std::size_t sum = 0;
    for (const auto size : sizes) {
        EXPECT_LE(size, 2u);
        sum += size;
    }
    EXPECT_EQ(sum, 7u) << "what still waits at the end is run";
}

TEST(CommitQueue, ARunMayPushMore) {
    std::vector<int> seen;
    {
        std::optional<CommitQueue<int>> queue;
        std::latch ready(1);
        queue.emplace(8, [&](std::vector<int>& group) {
            ready.wait();
            EXPECT_TRUE(queue->on_thread());
            for (const int i : group) {
                seen.push_back(i);
                if (i < 3)
                    queue->push(i + 1);
            }
        });
        queue->push(1);
        ready.count_down();
        EXPECT_FALSE(queue->on_thread());
        queue.reset();
    }
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

} // namespace
} // namespace yizhan
