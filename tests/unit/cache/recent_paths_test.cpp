#include "cache/recent_paths.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace yizhan {
namespace {

RecentPaths::Known known(std::string_view bytes) {
    return {.digest = sha256(bytes), .size = bytes.size()};
}

TEST(RecentPaths, KnowsWhatItWasTold) {
    RecentPaths paths;
    EXPECT_FALSE(paths.find("a"));
    EXPECT_FALSE(paths.find(""));
    paths.remember("a", known("six"), paths.version());
    ASSERT_TRUE(paths.find("a"));
    EXPECT_EQ(paths.find("a")->digest, sha256("six"));
    EXPECT_EQ(paths.find("a")->size, 3u);
    EXPECT_FALSE(paths.find("b"));
    EXPECT_FALSE(paths.find("a/"));
}

TEST(RecentPaths, AChangeOfTheCatalogMakesAllOfItInvalid) {
    RecentPaths paths;
    paths.remember("a", known("six"), paths.version());
    paths.forget_all();
    EXPECT_FALSE(paths.find("a"));
    paths.remember("a", known("seven"), paths.version());
    EXPECT_EQ(paths.find("a")->size, 5u);
}

TEST(RecentPaths, WhatTheCatalogSaidBeforeAChangeIsNotBelievedAfterIt) {
    RecentPaths paths;
    const auto before = paths.version();
    paths.forget_all(); // between the question and what is made of its answer
    paths.remember("a", known("old"), before);
    EXPECT_FALSE(paths.find("a"));
}

TEST(RecentPaths, APathNeverGetsTheRowOfAnother) {
    RecentPaths paths;
    const auto name = [](int i) { return "path/" + std::to_string(i); };
    constexpr int many = 20'000; // more than there is room for
    for (int i = 0; i < many; ++i)
        paths.remember(name(i), {.digest = {}, .size = static_cast<std::uint64_t>(i)}, paths.version());
    int found = 0;
    for (int i = 0; i < many; ++i)
        if (const auto row = paths.find(name(i))) {
            ++found;
            ASSERT_EQ(row->size, static_cast<std::uint64_t>(i));
        }
    EXPECT_GT(found, 1000);
}

TEST(RecentPaths, ManyThreadsMayAsk) {
    RecentPaths paths;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&paths, i] {
            for (int round = 0; round < 2000; ++round) {
                if (const auto row = paths.find("a"))
                    ASSERT_EQ(row->digest, sha256(std::string(row->size, 'x')));
                const std::string bytes(static_cast<std::size_t>(i), 'x');
                paths.remember("a", known(bytes), paths.version());
                if (round % 100 == 0)
                    paths.forget_all();
            }
        });
}

} // namespace
} // namespace yizhan
