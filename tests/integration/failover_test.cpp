// A mirror that fails in any way costs time only, as long as another one has the file.
#include "tests/integration/stage.hpp"

#include <functional>

namespace yizhan::integration {
namespace {

struct Fault {
    const char* name;
    std::function<void(Server&, const std::string& filename)> apply;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.name;
}

Fault behaving(const char* name, Behaviour behaviour) {
    return {name, [behaviour = std::move(behaviour)](Server& server, const std::string& filename) {
                server.misbehave(filename, behaviour);
            }};
}

class Failover : public Stage, public ::testing::WithParamInterface<std::tuple<Fault, std::uint64_t>> {};

TEST_P(Failover, TheClientGetsTheRightBytesFromTheOther) {
    const auto& [fault, size] = GetParam();
    Server& root = mirror("root");
    Server& second = mirror("second");
    set("relay.stall_timeout = '1s'"); // the default is tried below; here it would only take longer
    const Distribution& file = wheel("file", size);
    publish();
    start();
    ASSERT_EQ(get("/simple/file/").status, 200u);
    fault.apply(root, file.filename);
    const Reply reply = get_expecting(path_of(file), file.body);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(reply.as_expected);
    EXPECT_LT(reply.longest_gap, most_silence);
    EXPECT_GE(root.record().count(file.filename) + second.record().count(file.filename), 1u);
    ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
    EXPECT_THAT(wrong_files(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Of, Failover,
    ::testing::Combine(::testing::Values(Fault{"Refused", [](Server& s, auto&) { s.refuse(); }},
                                         Fault{"BlackHole", [](Server& s, auto&) { s.black_hole(); }},
                                         behaving("SilentFromTheStart", Behaviour().stall_head("never")),
                                         behaving("CutInTheHead", Behaviour().cut_head(20)),
                                         behaving("ResetAt0", Behaviour().reset(0)),
                                         behaving("ResetAt1", Behaviour().reset(1)),
                                         behaving("ResetAtHalf", Behaviour().reset(Offset::percent(50))),
                                         behaving("CutAtHalf", Behaviour().cut(Offset::percent(50))),
                                         behaving("CutAtTheLastByte", Behaviour().cut(-1)),
                                         behaving("StallAtHalf", Behaviour().stall(Offset::percent(50), "never")),
                                         behaving("ChunkedCut", Behaviour().chunked().cut(Offset::percent(50))),
                                         behaving("UntilCloseCut", Behaviour().until_close().cut(Offset::percent(50))),
                                         behaving("ShortLength", Behaviour().declare_length(1000)),
                                         behaving("LongLength", Behaviour().declare_length(1'000'000'000)),
                                         behaving("Empty", Behaviour().instead(empty())),
                                         behaving("Challenge", Behaviour().instead(challenge())),
                                         behaving("BlockPage", Behaviour().instead(forbidden())),
                                         behaving("TooMany", Behaviour().instead(too_many(60))),
                                         behaving("Broken", Behaviour().instead(text(500, "broken\n"))),
                                         behaving("Unavailable", Behaviour().instead(text(503, "later\n"))),
                                         behaving("Missing", Behaviour().instead(not_found())),
                                         behaving("RedirectLoop", Behaviour().instead(redirect("?again"))),
                                         behaving("Gzip", Behaviour().add_field("Content-Encoding", "gzip")),
                                         behaving("NoHttp", Behaviour().raw("SSH-2.0-OpenSSH_9.2\r\n"))),
                       ::testing::Values(50 * KiB, 9 * MiB)),
    [](const auto& at) {
        return std::string(std::get<0>(at.param).name) + (std::get<1>(at.param) < MiB ? "Small" : "Large");
    });

class MidStream : public Stage {
  protected:
    /// Cuts the root's answer as `behaviour` says and the second mirror's too, as `resumed` says.
    Reply fetch_through(const Behaviour& behaviour, const Behaviour& resumed = {}) {
        Server& root = mirror("root");
        Server& second = mirror("second");
        const Distribution& file = wheel("file", scaled(20 * MiB));
        publish();
        start();
        get("/simple/file/");
        root.misbehave(file.filename, behaviour);
        second.misbehave(file.filename, resumed);
        return get_expecting(path_of(file), file.body);
    }
};

TEST_F(MidStream, AStallIsLeftWithinTheClientsPatience) {
    const Reply reply = fetch_through(Behaviour().stall(Offset::percent(50), "never")); // with the default settings
    EXPECT_TRUE(reply.complete && reply.as_expected);
    EXPECT_LT(reply.longest_gap, most_silence);
    const auto resumed = farm().at("second").record().of("file-1.0-py3-none-any.whl", "GET");
    ASSERT_EQ(resumed.size(), 1u);
    EXPECT_EQ(resumed[0].status, 206u) << "only the rest is fetched";
    EXPECT_GT(resumed[0].offset, 0u);
    EXPECT_EQ(field(resumed[0].fields, "If-Range"), "") << "validators belong to one mirror";
}

TEST_F(MidStream, AMirrorThatIgnoresTheRangeIsReadFromTheStart) {
    const Reply reply = fetch_through(Behaviour().cut(Offset::percent(50)), Behaviour().ignore_range());
    EXPECT_TRUE(reply.complete && reply.as_expected);
}

class WrongRange : public MidStream, public ::testing::WithParamInterface<Fault> {};

TEST_P(WrongRange, IsNotSpliced) {
    // The root has its range right on the second try, so there is a way to the end.
    Server& root = mirror("root");
    Server& second = mirror("second");
    const Distribution& file = wheel("file", scaled(20 * MiB));
    publish();
    start();
    get("/simple/file/");
    root.misbehave(file.filename, Behaviour().cut(Offset::percent(50)), nth(1));
    GetParam().apply(second, file.filename);
    const Reply reply = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(reply.as_expected);
    EXPECT_GE(second.record().count(file.filename, "GET"), 1u);
}

INSTANTIATE_TEST_SUITE_P(Of, WrongRange,
                         ::testing::Values(behaving("StartsEarlier", Behaviour().shift_range(-1000)),
                                           behaving("StartsLater", Behaviour().shift_range(1000)),
                                           behaving("OtherTotal", Behaviour().claim_total(5)),
                                           behaving("Refused", Behaviour().refuse_range()),
                                           behaving("NoContentRange", Behaviour().drop_field("Content-Range"))),
                         [](const auto& at) { return std::string(at.param.name); });

TEST_F(MidStream, ASoleMirrorThatBreaksOffIsAskedForTheRest) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", scaled(20 * MiB));
    publish();
    root.misbehave(file.filename, Behaviour().reset(Offset::percent(60)), nth(1));
    start();
    get("/simple/file/");
    const Reply reply = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(reply.complete && reply.as_expected);
    const auto gets = root.record().of(file.filename, "GET");
    ASSERT_EQ(gets.size(), 2u);
    EXPECT_EQ(gets[1].status, 206u);
}

TEST_F(MidStream, WhenNobodyCanGoOnTheResponseIsCutAndNotCompleted) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", scaled(20 * MiB));
    publish();
    start();
    get("/simple/file/");
    root.misbehave(file.filename, Behaviour().cut(Offset::percent(50)), nth(1));
    root.misbehave(file.filename, Behaviour().instead(text(500, "gone\n")), {.first = 2});
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 200u);
    EXPECT_FALSE(reply.complete);
    root.behave();
    const Reply next = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(next.complete && next.as_expected);
}

TEST_F(MidStream, WithEverybodySilentTheClientIsToldWithinItsPatience) {
    Server& root = mirror("root");
    Server& second = mirror("second");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    start();
    get("/simple/file/");
    root.misbehave(file.filename, Behaviour().stall_head("never"));
    second.misbehave(file.filename, Behaviour().stall_head("never"));
    const Reply reply = get(path_of(file));
    EXPECT_EQ(reply.status, 503u);
    EXPECT_LT(reply.longest_gap, most_silence);
    EXPECT_THAT(reply.body, HasSubstr(root.address()));
    EXPECT_THAT(reply.body, HasSubstr(second.address()));
    EXPECT_NE(reply.field("Retry-After"), "");
}

} // namespace
} // namespace yizhan::integration
