// What the log says when the next bytes come from another mirror: one line each time, that a program can read.
#include "tests/unit/proxy/relay/segments_fixture.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <regex>

namespace yizhan {
namespace {

using namespace std::chrono_literals;
using origin::Behaviour;
using origin::Offset;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Switch {
    std::string object;
    std::uint64_t at = 0;
    std::string from, to, reason;
};

class SwitchTest : public SegmentsTest {
  protected:
    void SetUp() override {
        SegmentsTest::SetUp();
        spdlog::default_logger()->sinks().push_back(log_);
    }
    void TearDown() override {
        SegmentsTest::TearDown(); // whoever might log is gone
        spdlog::default_logger()->sinks().pop_back();
    }

    std::vector<Switch> switches() {
        static const std::regex form(
            R"form(relay: switch object=("(?:[^"\\]|\\.)*") at=(\d+) from=("(?:[^"\\]|\\.)*") to=("(?:[^"\\]|\\.)*") reason=("(?:[^"\\]|\\.)*"))form");
        const auto unquoted = [](const std::string& text) { return std::string(boost::json::parse(text).as_string()); };
        std::vector<Switch> out;
        for (const auto& line : log_->last_raw()) {
            const std::string words(line.payload.data(), line.payload.size());
            if (!words.starts_with("relay: switch"))
                continue;
            std::smatch found;
            EXPECT_TRUE(std::regex_match(words, found, form)) << words;
            if (!found.empty())
                out.push_back({unquoted(found[1]), std::stoull(found[2]), unquoted(found[3]), unquoted(found[4]),
                               unquoted(found[5])});
        }
        return out;
    }

  private:
    std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log_ = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(500);
};

TEST_F(SwitchTest, IsToldWithThePlaceAndTheReasonWhereOneBreaksOff) {
    body = origin::Body::random(1, 2 * MiB);
    const auto both = mirrors(2);
    auto &a = *both[0], &b = *both[1];
    a.misbehave("/f/x.bin", Behaviour().cut(Offset::percent(50)));
    start();
    ASSERT_TRUE(fetch(object("x.bin", body, both)).complete);
    const auto told = switches();
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].object, "pypi/files/test/x.bin");
    EXPECT_EQ(told[0].at, 1 * MiB);
    EXPECT_EQ(told[0].from, a.origin());
    EXPECT_EQ(told[0].to, b.origin());
    EXPECT_THAT(told[0].reason, Not(IsEmpty()));
}

TEST_F(SwitchTest, IsToldOfWhoeverWasTooLateWithTheFirstByte) {
    body = origin::Body::random(3, 64 * KiB);
    const auto both = mirrors(2);
    auto &a = *both[0], &b = *both[1];
    a.misbehave("/f/x.bin", Behaviour().stall_head("never"));
    settings.relay.stall_timeout = 60s;
    settings.relay.health.hedge.unknown = 100ms;
    start();
    ASSERT_TRUE(fetch(object("x.bin", body, both)).complete);
    const auto told = switches();
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].at, 0u);
    EXPECT_EQ(told[0].from, a.origin());
    EXPECT_EQ(told[0].to, b.origin());
    EXPECT_THAT(told[0].reason, HasSubstr("late"));
}

TEST_F(SwitchTest, IsToldOfASegmentThatNobodyWaitedForYet) {
    const auto both = mirrors(2, 8 * MiB);
    auto& b = *both[1];
    b.misbehave("/f/x.bin", Behaviour().cut(200 * KiB));
    start();
    expect_right(fetch(object("x.bin", body, both)));
    const auto told = switches();
    ASSERT_THAT(told, Not(IsEmpty()));
    for (const auto& each : told) {
        EXPECT_EQ(each.from, b.origin());
        EXPECT_GT(each.at, 1 * MiB) << "the first segment was a's";
    }
}

TEST_F(SwitchTest, QuotesWhatTheMirrorSaid) {
    const auto both = mirrors(2, 8 * MiB);
    auto& b = *both[1];
    b.misbehave("/f/x.bin", Behaviour().drop_field("Content-Range"));
    start();
    expect_right(fetch(object("x.bin", body, both)));
    const auto told = switches();
    ASSERT_THAT(told, Not(IsEmpty()));
    EXPECT_EQ(told[0].from, b.origin());
    EXPECT_THAT(told[0].reason, HasSubstr("Content-Range \"\""));
}

TEST_F(SwitchTest, IsNotSaidWhereNobodyWasLeft) {
    const auto all = mirrors(3, 8 * MiB);
    start();
    expect_right(fetch(object("x.bin", body, all)));
    EXPECT_THAT(switches(), IsEmpty());
}

} // namespace
} // namespace yizhan
