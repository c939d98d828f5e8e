#include "proxy/relay/health/learnt.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

#include <limits>

namespace yizhan {
namespace {

constexpr std::int64_t wall = 1'700'000'000;
constexpr std::string_view head = "yizhan-endpoint 1 1700000000\n";

LearntEndpoint sample() {
    LearntEndpoint out;
    out.scores[1] = {.peak = 1500ms,
                     .usual = 300ms,
                     .first_byte_age = 20s,
                     .first_byte_known = true,
                     .bytes_per_second = 5'000'000,
                     .rate_age = 10s,
                     .rate_known = true};
    out.scores[3].bytes_per_second = 12;
    out.scores[3].rate_known = true;
    out.kinds = {{"pypi files", {.cause = RestCause::blocked, .left = 600s, .opened = true, .block_openings = 3}},
                 {"pages", {.cause = RestCause::faults, .left = 0s, .opened = false, .fault_openings = 2}}};
    out.cap = 2;
    out.lies = {{0xfedcba9876543210, 3600s}};
    return out;
}

TEST(Learnt, ReadsBackWhatItWrote) {
    const auto text = encode_learnt(sample(), wall);
    EXPECT_EQ(text, std::string(head) + "first 1 1500000 300000 20000\n"
                                        "rate 1 5000000 10000\n"
                                        "rate 3 12 0\n"
                                        "rest 1 1 600000 0 3 pypi files\n"
                                        "rest 0 0 0 2 0 pages\n"
                                        "cap 2\n"
                                        "lie fedcba9876543210 3600\n");
    const auto read = decode_learnt(text, wall);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(**read, sample());
    EXPECT_EQ(*decode_learnt(encode_learnt({}, wall), wall), std::optional(LearntEndpoint{}));
}

TEST(Learnt, TimeBetweenAgesWhatItKnowsAndShortensRests) {
    const auto read = decode_learnt(encode_learnt(sample(), wall), wall + 100);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->scores[1].first_byte_age, Seconds(120));
    EXPECT_EQ((*read)->scores[1].rate_age, Seconds(110));
    EXPECT_EQ((*read)->kinds[0].breaker.left, Seconds(500));
    EXPECT_EQ((*read)->kinds[1].breaker.left, Seconds(0));
    EXPECT_EQ((*read)->lies[0].age, Seconds(3700));
    EXPECT_EQ((*decode_learnt(encode_learnt(sample(), wall), wall + 10'000))->kinds[0].breaker.left, Seconds(0));
}

TEST(Learnt, WhatIsOlderThanAWeekOrFromTheFutureIsStale) {
    const auto text = encode_learnt(sample(), wall);
    for (const auto later :
         {wall - 1, wall - 10'000'000, wall + 7 * 86'400 + 1, std::numeric_limits<std::int64_t>::max()}) {
        const auto read = decode_learnt(text, later);
        ASSERT_TRUE(read) << later;
        EXPECT_FALSE(*read) << later;
    }
    EXPECT_TRUE(*decode_learnt(text, wall + 7 * 86'400));
}

TEST(Learnt, RefusesWhatItNeverWrites) {
    const std::string h(head);
    const std::string cases[] = {
        "",
        "yizhan-endpoint 1 1700000000",
        "yizhan-endpoint 2 1700000000\n",
        "yizhan-endpoint 1 \n",
        "yizhan-endpoint 1 -5\n",
        "yizhan-endpoint 1 1700000000 1\n",
        "yizhan-endpoint 1 99999999999999999999\n",
        h + "first 1 1 1 1",
        h + "\n",
        h + "unknown 1\n",
        h + "first 4 1 1 1\n",
        h + "first 1 1 1\n",
        h + "first 1 1 1 1 1\n",
        h + "first 1 -1 1 1\n",
        h + "first 1 1x 1 1\n",
        h + "first 1 99999999999999999999 1 1\n",
        h + "first  1 1 1\n",
        h + "rate 1 1e9 1\n",
        h + "rate 1 99999999999999 1\n",
        h + "rest 4 1 1 1 1 k\n",
        h + "rest 0 2 1 1 1 k\n",
        h + "rest 0 1 1 1 1\n",
        h + "rest 0 1 1 1 1 \n",
        h + "rest 0 1 1 1001 1 k\n",
        h + "rest 0 1 1 1 1 " + std::string(65, 'k') + "\n",
        h + "rest 0 1 1 1 1 k\x01\n",
        h + "cap 100000\n",
        h + "cap\n",
        h + "lie xyz 1\n",
        h + "lie 10000000000000000 1\n",
        h + std::string(5000, ' ') + "\n",
    };
    std::string endless(head);
    while (endless.size() <= 4096)
        endless += "cap 2\n";
    EXPECT_FALSE(decode_learnt(endless, wall)) << "too long";
    for (const auto& text : cases) {
        const auto read = decode_learnt(text, wall);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::corrupt) << text;
    }
}

TEST(Learnt, NoPrefixOfATextIsReadPastItsEnd) {
    const auto text = encode_learnt(sample(), wall);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string cut = text.substr(0, i); // its own allocation, so that a sanitizer sees
        (void)decode_learnt(cut, wall);
        std::string harmed = text;
        harmed[i] = static_cast<char>(harmed[i] ^ 0x15);
        (void)decode_learnt(harmed, wall);
    }
}

TEST(Learnt, TheNumberOfKindsAndLiesIsBoundedBothWays) {
    LearntEndpoint many;
    for (int i = 0; i < 100; ++i) {
        many.kinds.push_back({"kind " + std::to_string(i), {.opened = true}});
        many.lies.push_back({static_cast<std::uint64_t>(i), 1s});
    }
    many.kinds.push_back({"bad\nkind", {.opened = true}});
    const auto text = encode_learnt(many, wall);
    EXPECT_LT(text.size(), 4096u);
    const auto read = decode_learnt(text, wall);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->kinds.size(), 16u);
    EXPECT_EQ((*read)->lies.size(), 16u);
    EXPECT_FALSE(decode_learnt(text + "lie 1 1\n", wall));
    EXPECT_FALSE(decode_learnt(text + "rest 0 1 1 1 1 k\n", wall));
}

TEST(Learnt, WildNumbersAreClampedWhenWritten) {
    LearntEndpoint wild;
    wild.scores[0] = {.peak = Seconds(1e300),
                      .usual = Seconds(-1),
                      .first_byte_age = Seconds(1e300),
                      .first_byte_known = true,
                      .bytes_per_second = 1e300,
                      .rate_age = Seconds(-5),
                      .rate_known = true};
    wild.kinds = {{"k", {.left = Seconds(1e300), .opened = true, .fault_openings = 4'000'000'000}}};
    EXPECT_TRUE(decode_learnt(encode_learnt(wild, wall), wall));
    EXPECT_TRUE(decode_learnt(encode_learnt(wild, -1), wall));
}

} // namespace
} // namespace yizhan
