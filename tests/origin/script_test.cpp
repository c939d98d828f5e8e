#include "tests/origin/client.hpp"
#include "tests/origin/script.hpp"
#include "tests/origin/script_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace yizhan::origin {
namespace {

Reply get(Farm& farm, const std::string& server, std::string_view target, const Fields& fields = {}) {
    const Server& s = farm.at(server);
    return Client(s.port(), s.address()).get(target, fields);
}

TEST(ScriptWords, KeepQuotedTextAndEscapes) {
    const auto statement = Statement::parse(R"(serve a /x text="a b\r\n\x41\"" bare header="A: b=c" # rest)");
    ASSERT_TRUE(statement);
    EXPECT_EQ(statement->word(2, "path"), "/x");
    const auto options = statement->options(3);
    ASSERT_EQ(options.size(), 3u);
    EXPECT_EQ(options[0].name, "text");
    EXPECT_EQ(options[0].value, "a b\r\nA\"");
    EXPECT_TRUE(options[1].bare);
    EXPECT_EQ(options[2].value, "A: b=c");
    EXPECT_FALSE(Statement::parse("   # only a comment"));
    EXPECT_THROW(Statement::parse("text=\"open"), std::runtime_error);
}

TEST(ScriptWords, KnowTheirUnits) {
    EXPECT_EQ(parse_size("300"), 300u);
    EXPECT_EQ(parse_size("40M"), 40u << 20U);
    EXPECT_EQ(parse_offset("50%").in(1000), 500u);
    EXPECT_EQ(parse_offset("-1").in(1000), 999u);
    EXPECT_EQ(parse_offset("1K").in(5000), 1024u);
    EXPECT_EQ(parse_time("30ms"), std::chrono::milliseconds(30));
    EXPECT_EQ(parse_time("2s"), std::chrono::seconds(2));
    for (const char* wrong : {"", "x", "4x", "-"}) {
        EXPECT_THROW(parse_size(wrong), std::runtime_error) << wrong;
    }
    EXPECT_THROW(parse_time("5"), std::runtime_error);
}

TEST(Script, BuildsAFarm) {
    Farm farm;
    run_script(farm, "server a\n"
                     "server b address=127.0.0.77\n"
                     "serve a /big random=3 size=64K   # comment\n"
                     "serve b /t text=\"hello\\n\" type=text/plain status=203\n"
                     "wheel six 1.0 requires=\"other>=1\"\n"
                     "publish a\n"
                     "publish b paths=plain hash=none\n");
    EXPECT_EQ(get(farm, "a", "/big").body, Body::random(3, 65536).str());
    EXPECT_EQ(get(farm, "b", "/t").status, 203u);
    EXPECT_EQ(farm.at("b").address(), "127.0.0.77");
    EXPECT_EQ(get(farm, "a", "/simple/six/").status, 200u);
    EXPECT_EQ(get(farm, "b", "/files/six/six-1.0-py3-none-any.whl").status, 200u);
}

TEST(Script, KnowsEveryAction) {
    struct Case {
        const char* action;
        unsigned status;
        std::uint64_t received;
        bool complete;
    };
    const std::vector<Case> cases{
        {"cut=50%", 200, 500, false},
        {"reset=-1", 200, 999, false},
        {"stall=10@open", 200, 1000, true},
        {"pause=10@1ms", 200, 1000, true},
        {"rate=0@10M", 200, 1000, true},
        {"drip=0@500/1ms", 200, 1000, true},
        {"flip=7", 200, 1000, true},
        {"lie=5", 200, 1000, true},
        {"length=1001", 200, 1000, false},
        {"chunked", 200, 1000, true},
        {"until-close", 200, 1000, true},
        {"append=xx", 200, 1000, true},
        {"raw=\"HTTP/1.1 299 ?\\r\\nContent-Length: 0\\r\\n\\r\\n\"", 299, 0, true},
        {"header=\"A: b\" line=\"C: d\\r\\n\" drop=etag", 200, 1000, true},
        {"ignore-range refuse-range shift-range=-5 claim-total=9 ignore-conditions", 200, 1000, true},
        {"cut-head=5", 0, 0, false},
        {"reset-head=0", 0, 0, false},
        {"stall-head=open delay=1ms", 200, 1000, true},
        {"empty", 200, 0, true},
        {"challenge", 200, challenge().body.size(), true},
        {"forbidden", 403, forbidden().body.size(), true},
        {"missing", 404, not_found().body.size(), true},
        {"too-many=3", 429, too_many(3).body.size(), true},
        {"redirect=${b}/x", 302, 6, true},
        {"status=503", 503, 9, true},
        {"status=503 first=2", 200, 1000, true},
        {"status=503 count=1 method=HEAD", 200, 1000, true},
        {"status=503 when=\"User-Agent: pip\"", 200, 1000, true},
    };
    Farm farm;
    run_script(farm, "server a\nserver b\nserve a /f random=1 size=1000\nopen open");
    for (const Case& c : cases) {
        run_script(farm, std::string("behave a\nfault a /f ") + c.action);
        const Reply reply = get(farm, "a", "/f");
        EXPECT_EQ(reply.status, c.status) << c.action;
        EXPECT_EQ(reply.received, c.received) << c.action;
        EXPECT_EQ(reply.complete, c.complete) << c.action;
    }
    run_script(farm, "behave a\nfault a /f redirect=${b}/x");
    EXPECT_EQ(get(farm, "a", "/f").field("location"), farm.at("b").url("/x"));
}

TEST(Script, PublishesALaggardAndALiar) {
    Farm farm;
    run_script(farm, "server a\nwheel six 1.0\nwheel six 2.0\n"
                     "publish a without=six-2.0-py3-none-any.whl other-hash=six-1.0-py3-none-any.whl\n");
    const std::string page = get(farm, "a", "/simple/six/").body;
    EXPECT_EQ(page.find("six-2.0"), std::string::npos);
    EXPECT_EQ(page.find(farm.index().find("six-1.0-py3-none-any.whl").body.sha256()), std::string::npos);
}

TEST(Script, ChangesTheRateOfAnAnswerUnderWay) {
    Farm farm;
    run_script(farm, "server a rate=1K\nserve a /f random=1 size=1M");
    const Server& server = farm.at("a");
    Client client(server.port(), server.address());
    client.request("/f");
    ASSERT_TRUE(client.read_body(1)); // at this rate the rest takes a quarter of an hour
    run_script(farm, "rate a 0");
    EXPECT_EQ(client.finish().received, 1U << 20U);
}

TEST(Script, RemovesAServer) {
    Farm farm;
    run_script(farm, "server a\nserve a /f random=1 size=1000\nfault a /f stall=5@never");
    const std::uint16_t port = farm.at("a").port();
    Client client(port, farm.at("a").address());
    client.request("/f");
    ASSERT_TRUE(client.read_body(5));
    run_script(farm, "remove a");
    EXPECT_FALSE(client.finish().complete);
    EXPECT_THROW(farm.at("a"), std::invalid_argument);
    run_script(farm, "server a port=" + std::to_string(port)); // name and port are free again
    EXPECT_EQ(get(farm, "a", "/f").status, 404u);
}

TEST(Script, SaysInWhichLineItIsWrong) {
    const auto error = [](const char* script) -> std::string {
        Farm farm;
        try {
            run_script(farm, script);
        } catch (const std::runtime_error& problem) {
            return problem.what();
        }
        return "accepted";
    };
    EXPECT_EQ(error("\nsevrer a"), "line 2: unknown statement \"sevrer\"");
    EXPECT_EQ(error("server a\nfault a /x cutt=5"), "line 2: unknown option \"cutt\"");
    EXPECT_EQ(error("fault a /x cut=5"), "line 1: no server of this name: a");
    EXPECT_EQ(error("server"), "line 1: expected a server's name at the end of the line");
    EXPECT_EQ(error("server a address=192.0.2.1"), "line 1: not a loopback address: 192.0.2.1");
    EXPECT_EQ(error("server a\npublish a paths=odd"), "line 2: unknown value \"odd\"");
}

} // namespace
} // namespace yizhan::origin
