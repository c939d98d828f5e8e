#include "cache/commit_queue.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <thread>

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

// Rests for hours: a queue that waits for them ends no test.
constexpr Rest hours{.times = 100'000'000, .longest = std::chrono::hours(24)};

void take_a_moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// What a queue runs: keeps its groups, and tells of the first three.
struct Kept {
    std::vector<std::vector<int>> groups;
    std::latch first{1}, second{1}, third{1};

    CommitQueue<int>::Run run() {
        return [this](std::vector<int>& group) {
            groups.push_back(group);
            take_a_moment();
            (groups.size() == 1 ? first : groups.size() == 2 ? second : third).count_down();
        };
    }
};

TEST(CommitQueue, ARestGathersWhatComesOneByOne) {
    Kept kept;
    {
        CommitQueue<int> queue(100, kept.run(), hours);
        queue.push(0);
        kept.first.wait();
        for (int i = 1; i <= 5; ++i) {
            take_a_moment();
            queue.push(i);
        }
    }
    EXPECT_EQ(kept.groups, (std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5}})) << "and the end waits for no rest";
}

TEST(CommitQueue, AFullGroupWaitsForNoRest) {
    Kept kept;
    {
        CommitQueue<int> queue(2, kept.run(), hours);
        queue.push(0);
        kept.first.wait();
        queue.push(1);
        EXPECT_FALSE(queue.crowded());
        queue.push(2);
        kept.second.wait();
    }
    EXPECT_EQ(kept.groups, (std::vector<std::vector<int>>{{0}, {1, 2}}));
}

TEST(CommitQueue, WhoIsWaitedForWaitsForNoRest) {
    Kept kept;
    {
        CommitQueue<int> queue(100, kept.run(), hours);
        queue.push(0);
        kept.first.wait();
        queue.push(1);
        queue.push(2);
        queue.hurry();
        kept.second.wait();
        queue.push(3);
        take_a_moment();
        EXPECT_FALSE(kept.third.try_wait()) << "one hurry is for one group";
    }
    EXPECT_EQ(kept.groups, (std::vector<std::vector<int>>{{0}, {1, 2}, {3}}));
}

TEST(CommitQueue, IsCrowdedFromAWholeGroupOn) {
    std::latch first_runs(1), go_on(1);
    CommitQueue<int> queue(2, [&](std::vector<int>& group) {
        if (group.front() == 0)
            first_runs.count_down();
        go_on.wait();
    });
    queue.push(0);
    first_runs.wait();
    queue.push(1);
    EXPECT_FALSE(queue.crowded());
    queue.push(2);
    EXPECT_TRUE(queue.crowded());
    go_on.count_down();
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
