// Pages whose mirror does not answer: the old one and a word about it, or a 503.
#include "tests/integration/stage.hpp"

#include <functional>
#include <thread>

namespace yizhan::integration {
namespace {

struct Silence {
    const char* name;
    std::function<void(Server&)> apply;
};

std::ostream& operator<<(std::ostream& out, const Silence& silence) {
    return out << silence.name;
}

class Stale : public Stage, public ::testing::WithParamInterface<Silence> {
  protected:
    Stale() {
        set("pypi.page_ttl = '0s'"); // every request revalidates
        set("pypi.stale_after = '200ms'\nrelay.stall_timeout = '500ms'\nrelay.connect_timeout = '500ms'");
        root_ = &mirror("root");
        wheel("six");
        publish();
        start();
    }

    Server* root_ = nullptr;
};

TEST_P(Stale, TheOldPageIsServedAndSaysSo) {
    const Reply fresh = get("/simple/six/");
    ASSERT_EQ(fresh.status, 200u);
    GetParam().apply(*root_);
    const Reply stale = get("/simple/six/");
    EXPECT_EQ(stale.status, 200u);
    EXPECT_EQ(stale.body, fresh.body);
    EXPECT_EQ(stale.field("ETag"), fresh.field("ETag"));
    EXPECT_THAT(stale.field("Cache-Control"), HasSubstr("max-age=0"));
    EXPECT_THAT(stale.field("Cache-Status"), StartsWith("yizhan; hit")); // RFC 9211
    EXPECT_THAT(stale.field("Cache-Status"), HasSubstr("detail="));
    EXPECT_EQ(get("/simple/six/", {{"If-None-Match", std::string(fresh.field("ETag"))}}).status, 304u);
}

TEST_P(Stale, WithNothingStoredItIsA503ThatNamesTheRoot) {
    GetParam().apply(*root_);
    const Reply reply = get("/simple/six/");
    EXPECT_EQ(reply.status, 503u);
    EXPECT_NE(reply.field("Retry-After"), "");
    EXPECT_THAT(reply.body, HasSubstr(root_->address()));
    EXPECT_LT(reply.longest_gap, most_silence);
}

TEST_F(Stale, WhoComesBackWhenToldToIsNotToldTheOldFailure) {
    root_->refuse();
    const Reply reply = get("/simple/six/");
    ASSERT_EQ(reply.status, 503u);
    root_->listen();
    // What pip does, to the millisecond.
    std::this_thread::sleep_for(std::chrono::seconds(std::stoi(std::string(reply.field("Retry-After")))));
    EXPECT_EQ(get("/simple/six/").status, 200u);
}

INSTANTIATE_TEST_SUITE_P(
    When, Stale,
    ::testing::Values(
        Silence{"Refused", [](Server& s) { s.refuse(); }}, Silence{"BlackHole", [](Server& s) { s.black_hole(); }},
        Silence{"Mute",
                [](Server& s) {
                    s.refuse();
                    s.listen();
                    s.mute(true);
                }},
        Silence{"SilentHead", [](Server& s) { s.misbehave("/simple/*", Behaviour().stall_head("never")); }},
        Silence{"SilentBody",
                [](Server& s) { s.misbehave("/simple/*", Behaviour().ignore_conditions().stall(10, "never")); }},
        Silence{"Cut", [](Server& s) { s.misbehave("/simple/*", Behaviour().ignore_conditions().cut(-1)); }},
        Silence{"Broken", [](Server& s) { s.misbehave("/simple/*", Behaviour().instead(text(500, "broken\n"))); }},
        Silence{"Blocked", [](Server& s) { s.misbehave("/simple/*", Behaviour().instead(forbidden())); }},
        Silence{"Challenge", [](Server& s) { s.misbehave("/simple/*", Behaviour().instead(challenge())); }},
        Silence{"TooMany", [](Server& s) { s.misbehave("/simple/*", Behaviour().instead(too_many(30))); }},
        Silence{"Empty", [](Server& s) { s.misbehave("/simple/*", Behaviour().instead(empty())); }}),
    [](const auto& at) { return std::string(at.param.name); });

TEST_F(Stale, ARevalidationIsA304WithTheRootsOwnValidator) {
    get("/simple/six/");
    EXPECT_THAT(list_with("six"), HasSubstr("six/"));
    EXPECT_EQ(get("/simple/six/").status, 200u);
    ASSERT_TRUE(root_->record().wait_requests("/simple/six/", 2)); // the old page may have come first
    ASSERT_TRUE(root_->record().wait_idle());
    const auto asked = root_->record().of("/simple/six/");
    EXPECT_EQ(asked[1].status, 304u);
    EXPECT_NE(field(asked[1].fields, "If-None-Match"), "");
}

TEST_F(Stale, ANewFileIsSeenOnceTheRootAnswers) {
    get("/simple/six/");
    root_->misbehave("/simple/six/", Behaviour().stall_head("page"));
    EXPECT_EQ(get("/simple/six/").status, 200u) << "the old page, after 200 ms";
    farm().index().add_wheel("six", "2.0");
    publish();
    root_->behave();
    gates().open("page");
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    std::string body;
    while (body.find("six-2.0-py3-none-any.whl") == std::string::npos && std::chrono::steady_clock::now() < until) {
        body = get("/simple/six/").body; // a failed refresh is not tried again for some seconds
    }
    EXPECT_THAT(body, HasSubstr("six-2.0-py3-none-any.whl"));
}

TEST_F(Stale, AProjectThatTheRootTakesAwayIsGone) {
    EXPECT_EQ(get("/simple/six/").status, 200u);
    root_->remove("/simple/six/");
    EXPECT_EQ(get("/simple/six/").status, 404u);
}

} // namespace
} // namespace yizhan::integration
