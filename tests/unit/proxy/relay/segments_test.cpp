#include "proxy/relay/segments.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

constexpr std::uint64_t MB = 1'000'000;

TEST(Segments, AreTakenFromTheFrontAndGivenBack) {
    Segments segments(100);
    EXPECT_EQ(segments.take(30, 10), (Segment{0, 30}));
    EXPECT_EQ(segments.take(30, 10), (Segment{30, 60}));
    segments.give_back({10, 30});
    EXPECT_EQ(segments.free(), 60u);
    EXPECT_EQ(segments.take(100, 10), (Segment{10, 30})) << "only as far as nobody else brings it";
    EXPECT_EQ(segments.take(35, 10), (Segment{60, 100})) << "a rest under the least goes along";
    EXPECT_EQ(segments.take(1, 1), std::nullopt);
}

TEST(Segments, NothingIsTakenBeyondTheWindow) {
    Segments segments(100);
    EXPECT_EQ(segments.take(30, 10, 20), (Segment{0, 30}));
    EXPECT_EQ(segments.take(30, 10, 20), std::nullopt);
    EXPECT_EQ(segments.take(30, 10, 31), (Segment{30, 60}));
}

TEST(Segments, WhatIsHereIsNotFetchedAgain) {
    Extents here;
    here.add(0, 20);
    here.add(50, 60);
    Segments segments(100);
    segments.begin_again(here);
    EXPECT_EQ(segments.take(100, 10), (Segment{20, 50}));
    EXPECT_EQ(segments.take(100, 10), (Segment{60, 100}));
    EXPECT_EQ(segments.take(100, 10), std::nullopt);
}

TEST(Segments, AtAnOffsetOnlyWhatBeginsThere) {
    Segments segments(100);
    EXPECT_EQ(segments.take_at(10, 30, 10), std::nullopt);
    EXPECT_EQ(segments.take_at(0, 30, 10), (Segment{0, 30}));
    EXPECT_EQ(segments.take_at(30, 30, 10), (Segment{30, 60}));
}

TEST(Segments, AreAsLongAsAMirrorBringsInFourSeconds) {
    const SegmentSettings rules;
    EXPECT_EQ(segment_length(rules, 0, UINT64_MAX, 1), rules.first);
    EXPECT_EQ(segment_length(rules, 5.0 * MB, UINT64_MAX, 1), 20 * MB);
    EXPECT_EQ(segment_length(rules, 0.1 * MB, UINT64_MAX, 1), rules.least);
    EXPECT_EQ(segment_length(rules, 1000.0 * MB, UINT64_MAX, 1), rules.most);
    EXPECT_EQ(segment_length(rules, 5.0 * MB, 48 * MB, 6), 8 * MB) << "so that six end together";
    EXPECT_EQ(segment_length(rules, 1000.0 * MB, UINT64_MAX, 8), rules.window / 16) << "however fast eight seem to be";
}

TEST(Split, GivesEachWhatItBringsInTheSameTime) {
    EXPECT_EQ(split_at(0, 100 * MB, 1.0 * MB, 3.0 * MB), 25 * MB);
    EXPECT_EQ(split_at(40 * MB, 100 * MB, 2.0 * MB, 1.0 * MB), 80 * MB);
    EXPECT_EQ(split_at(40 * MB, 100 * MB, 0, 1.0 * MB), 40 * MB) << "from one that has stopped all is taken";
}

TEST(Split, IsNotWorthARequestAtTheEnd) {
    EXPECT_EQ(split_at(0, 1 * MB, 10.0 * MB, 10.0 * MB), std::nullopt) << "a tenth of a second";
    EXPECT_EQ(split_at(0, 100'000, 1000, 10.0 * MB), std::nullopt);
    EXPECT_EQ(split_at(5, 5, 1000, 10.0 * MB), std::nullopt);
    EXPECT_EQ(split_at(0, 10 * MB, 1.0 * MB, 0), std::nullopt) << "nobody to help";
}

} // namespace
} // namespace yizhan
