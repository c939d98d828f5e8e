#include "cache/extents.hpp"

#include <gtest/gtest.h>

#include <set>

namespace yizhan {
namespace {

using Ranges = std::map<std::uint64_t, std::uint64_t>;

/// Every range of a line, the empty ones too.
std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_over(std::uint64_t line) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
    for (std::uint64_t begin = 0; begin < line; ++begin)
        for (std::uint64_t end = begin; end <= line; ++end)
            out.emplace_back(begin, end);
    return out;
}

TEST(Extents, WritingInOrderIsOneRange) {
    Extents extents;
    for (std::uint64_t i = 0; i < 10; ++i)
        extents.add(i * 100, (i + 1) * 100);
    EXPECT_EQ(extents.ranges(), (Ranges{{0, 1000}}));
    EXPECT_TRUE(extents.covers(1000));
    EXPECT_FALSE(extents.covers(1001));
}

TEST(Extents, NothingCoversNothing) {
    Extents extents;
    EXPECT_EQ(extents.end(), 0u);
    EXPECT_TRUE(extents.covers(0));
    EXPECT_FALSE(extents.covers(1));
    extents.add(5, 5);
    EXPECT_TRUE(extents.ranges().empty());
}

TEST(Extents, AHoleIsSeenAndFilled) {
    Extents extents;
    extents.add(0, 10);
    extents.add(20, 30);
    EXPECT_EQ(extents.end(), 30u);
    EXPECT_FALSE(extents.covers(30));
    extents.add(9, 21);
    EXPECT_TRUE(extents.covers(30));
}

TEST(Extents, AreTheSetOfTheirOffsetsInAnyOrder) {
    // All ordered triples of ranges over a small line, against a plain set.
    constexpr std::uint64_t line = 5;
    const auto ranges = ranges_over(line);
    for (const auto& a : ranges)
        for (const auto& b : ranges)
            for (const auto& c : ranges) {
                Extents extents;
                std::set<std::uint64_t> offsets;
                for (const auto& [begin, end] : {a, b, c}) {
                    extents.add(begin, end);
                    for (auto i = begin; i < end; ++i)
                        offsets.insert(i);
                }
                std::set<std::uint64_t> flat;
                std::uint64_t last = 0;
                for (const auto& [begin, end] : extents.ranges()) {
                    ASSERT_TRUE(flat.empty() || begin > last) << "ranges that touch are merged";
                    last = end;
                    for (auto i = begin; i < end; ++i)
                        flat.insert(i);
                }
                ASSERT_EQ(flat, offsets);
            }
}

TEST(Extents, WhatIsTakenOutIsMissing) {
    // Every range out of every pair of ranges over a small line, against a plain set.
    constexpr std::uint64_t line = 6;
    const auto ranges = ranges_over(line);
    for (const auto& a : ranges)
        for (const auto& b : ranges)
            for (const auto& out : ranges) {
                Extents extents;
                std::set<std::uint64_t> offsets;
                for (const auto& [begin, end] : {a, b}) {
                    extents.add(begin, end);
                    for (auto i = begin; i < end; ++i)
                        offsets.insert(i);
                }
                extents.remove(out.first, out.second);
                for (auto i = out.first; i < out.second; ++i)
                    offsets.erase(i);
                std::set<std::uint64_t> flat;
                for (const auto& [begin, end] : extents.ranges()) {
                    ASSERT_LT(begin, end);
                    for (auto i = begin; i < end; ++i)
                        flat.insert(i);
                }
                ASSERT_EQ(flat, offsets);
                ASSERT_EQ(extents.size(), offsets.size());
                std::uint64_t prefix = 0;
                while (offsets.contains(prefix))
                    ++prefix;
                ASSERT_EQ(extents.prefix(), prefix);
            }
}

TEST(Extents, WhereARangeBegins) {
    Extents extents;
    extents.add(10, 20);
    EXPECT_EQ(extents.begin_of(15), 10u);
    EXPECT_EQ(extents.begin_of(10), 10u);
    EXPECT_EQ(extents.begin_of(20), 20u);
    EXPECT_EQ(extents.begin_of(3), 3u);
}

} // namespace
} // namespace yizhan
