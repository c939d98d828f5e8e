#include "config/digest.hpp"
#include "proxy/relay/judge.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

Head head(unsigned status, std::vector<std::pair<std::string, std::string>> fields = {}) {
    return {.status = status,
            .url = *Url::parse("https://mirror.example.org/f.whl"),
            .fields = std::move(fields),
            .address = {}};
}

constexpr std::string_view wheel = "f-1-py3-none-any.whl";

TEST(Judge, AWholeAnswerOfTheRightLengthIsTaken) {
    const auto taken =
        judge_head(head(200, {{"content-length", "100"}}), {.offset = 0, .size = 100, .filename = wheel});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->skip, 0u);
    EXPECT_EQ(taken->total, 100u);
}

TEST(Judge, ALengthThatNobodyKnowsComesFromTheAnswer) {
    EXPECT_EQ(judge_head(head(200, {{"content-length", "7"}}), {.offset = 0, .size = {}, .filename = wheel})->total,
              7u);
    EXPECT_EQ(judge_head(head(200), {.offset = 0, .size = {}, .filename = wheel})->total, std::nullopt);
}

TEST(Judge, AWholeAnswerToARangeIsTakenAndItsStartDropped) {
    const auto taken =
        judge_head(head(200, {{"content-length", "100"}}), {.offset = 40, .size = 100, .filename = wheel});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->skip, 40u);
}

TEST(Judge, APartialAnswerMustStartWhereItWasAskedToAndReachTheEnd) {
    const Expectation expected{.offset = 40, .size = 100, .filename = wheel};
    EXPECT_TRUE(judge_head(head(206, {{"content-range", "bytes 40-99/100"}}), expected));
    for (const auto* range : {"bytes 41-99/100", "bytes 0-99/100", "bytes 40-98/100", "bytes 40-99/*",
                              "bytes 40-99/101", "bytes 40-100/100", "40-99/100", "", "bytes 40-99/100, 1-2/3",
                              "bytes -99/100", "bytes 40-18446744073709551615/100"})
        EXPECT_FALSE(judge_head(head(206, {{"content-range", range}}), expected)) << range;
}

TEST(Judge, A206ThatNobodyAskedForIsAMirrorsFault) {
    const auto rejected =
        judge_head(head(206, {{"content-range", "bytes 0-99/100"}}), {.offset = 0, .size = 100, .filename = wheel});
    ASSERT_FALSE(rejected);
    EXPECT_EQ(rejected.error().symptom, Symptom::protocol);
}

TEST(Judge, EachRefusalHasItsClass) {
    struct Case {
        Head head;
        Symptom symptom;
    };
    const Case cases[] = {
        {head(404), Symptom::lacks},
        {head(410), Symptom::lacks},
        {head(403), Symptom::forbidden},
        {head(403, {{"content-type", "text/html"}}), Symptom::block_page},
        {head(429), Symptom::too_many},
        {head(503), Symptom::busy},
        {head(500), Symptom::server_error},
        {head(502), Symptom::server_error},
        {head(416), Symptom::protocol},
        {head(416, {{"content-range", "bytes */100"}}), Symptom::protocol},
        {head(416, {{"content-range", "bytes */99"}}), Symptom::wrong_size},
        {head(206, {{"content-range", "bytes 0-99/129"}, {"content-type", "text/html"}}), Symptom::foreign_page},
        {head(304), Symptom::protocol},
        {head(200, {{"content-length", "99"}}), Symptom::wrong_size},
        {head(200, {{"content-length", "0"}}), Symptom::protocol},
        {head(200, {{"content-length", "100"}, {"content-encoding", "gzip"}}), Symptom::protocol},
        {head(200, {{"content-length", "100"}, {"content-type", "text/html; charset=utf-8"}}), Symptom::foreign_page},
    };
    for (const auto& c : cases) {
        const auto rejected = judge_head(c.head, {.offset = 0, .end = 100, .size = 100, .filename = wheel});
        ASSERT_FALSE(rejected) << c.head.status;
        EXPECT_EQ(rejected.error().symptom, c.symptom) << c.head.status << " " << rejected.error().words;
        EXPECT_FALSE(rejected.error().words.empty());
    }
}

TEST(Judge, MetadataMayBeText) {
    EXPECT_TRUE(judge_head(head(200, {{"content-type", "text/html"}, {"content-length", "5"}}),
                           {.offset = 0, .size = {}, .filename = "f-1-py3-none-any.whl.metadata"}));
}

TEST(Judge, HtmlInPlaceOfAnArchiveIsSeenInItsFirstByte) {
    for (const auto* name : {"f.whl", "f.zip", "f.tar.gz", "f.tar.bz2", "f.conda", "f.tgz"}) {
        const auto rejected = judge_first_bytes(as_bytes("<!DOCTYPE html><title>no</title>"), name);
        ASSERT_TRUE(rejected) << name;
        EXPECT_EQ(rejected->symptom, Symptom::foreign_page);
    }
}

TEST(Judge, AnArchivesOwnFirstBytesPass) {
    EXPECT_FALSE(judge_first_bytes(as_bytes("PK\x03\x04 and so on"), "f.whl"));
    EXPECT_FALSE(judge_first_bytes(as_bytes("P"), "f.whl"));
    EXPECT_FALSE(judge_first_bytes(as_bytes("\x1f\x8b\x08"), "f.tar.gz"));
    EXPECT_FALSE(judge_first_bytes(as_bytes("Metadata-Version: 2.1"), "f.whl.metadata"));
    EXPECT_FALSE(judge_first_bytes(as_bytes("<html>"), "f.html"));
}

} // namespace
} // namespace yizhan
