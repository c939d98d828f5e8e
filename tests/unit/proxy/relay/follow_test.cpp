#include "tests/unit/proxy/relay/relay_fixture.hpp"

#include <fstream>

namespace yizhan {
namespace {

class FollowTest : public RelayTest {
  protected:
    Result<Fetched> get(const std::string& url, std::uint64_t limit = 1 << 20) {
        UpstreamRequest request{.url = *Url::parse(url), .document = true};
        return run(relay->fetch(std::move(request), limit, Purpose::page));
    }
};

TEST_F(FollowTest, RedirectsAreFollowedAndTheLastUrlIsKnown) {
    auto& a = mirror("a");
    auto& b = mirror("b");
    a.serve("/one", origin::redirect("two", 301));
    a.serve("/two", origin::redirect("/three/", 307));
    a.serve("/three/", origin::redirect(b.url("/here"), 302));
    b.serve("/here", origin::text(200, "found"));
    start();
    const auto fetched = get(a.url("/one"));
    ASSERT_TRUE(fetched) << fetched.error().text();
    EXPECT_EQ(fetched->head.status, 200u);
    EXPECT_EQ(fetched->body, "found");
    EXPECT_EQ(fetched->head.url.str(), b.url("/here"));
}

TEST_F(FollowTest, AChainIsCutAtItsLimit) {
    auto& a = mirror("a");
    for (int i = 0; i < 20; ++i)
        a.serve("/" + std::to_string(i), origin::redirect("/" + std::to_string(i + 1)));
    settings.relay.max_redirects = 5;
    start();
    const auto fetched = get(a.url("/0"));
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code, Errc::protocol);
    EXPECT_EQ(a.record().size(), 6u);
}

TEST_F(FollowTest, ACircleIsSeenAtOnce) {
    auto& a = mirror("a");
    a.serve("/x", origin::redirect("/y"));
    a.serve("/y", origin::redirect("/x"));
    start();
    EXPECT_FALSE(get(a.url("/x")));
    EXPECT_EQ(a.record().size(), 2u);
}

TEST_F(FollowTest, APrivateAddressThatNoSettingNamesIsNeverConnectedTo) {
    auto& a = mirror("a");
    auto& stranger = farm.add("stranger");
    stranger.serve("/secret", origin::text(200, "secret"));
    const auto port = std::to_string(stranger.port());
    const std::string targets[] = {
        stranger.url("/secret"),
        "http://2130706433:" + port + "/secret",   // 127.0.0.1 in decimal
        "http://0x7f000001:" + port + "/secret",   // in hexadecimal
        "http://0177.0.0.1:" + port + "/secret",   // in octal
        "http://127.1:" + port + "/secret",        // shortened
        "http://[::ffff:127.0.0.1]:" + port + "/", // IPv4 inside IPv6
        "http://[::1]:" + port + "/secret",        //
        "http://localhost:" + port + "/secret",    // a name that resolves private
        "http://0.0.0.0:" + port + "/secret",      //
        "http://user@" + stranger.address() + ":" + port + "/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:" + port + "/x",
        "//" + stranger.address() + ":" + port + "/secret",
    };
    start();
    for (const auto& target : targets) {
        a.serve("/go", origin::redirect(target));
        const auto fetched = get(a.url("/go"));
        ASSERT_FALSE(fetched) << target;
        EXPECT_EQ(fetched.error().message.find("secret\n"), std::string::npos);
    }
    EXPECT_EQ(stranger.record().connections(), 0u);
}

// The proxy resolves names by itself, so what is written in the URL is all that can be judged before it is asked.
TEST_F(FollowTest, AProxyIsAskedForNamedHostsOnlyAndNotForWhatLeadsInward) {
    auto& named = mirror("named");
    auto& proxy = farm.add("proxy");
    proxy.handle("", [](const origin::Exchange&) { return origin::text(200, "by proxy"); });
    settings.relay.proxy = proxy.url("/");
    start();
    const auto through = get(named.url("/x"));
    ASSERT_TRUE(through) << through.error().text();
    EXPECT_EQ(through->body, "by proxy");
    EXPECT_EQ(named.record().connections(), 0u);
    const auto asked = proxy.record().size();
    for (const auto* target :
         {"http://127.0.2.9/x", "http://2130706433/x", "http://127.1/x", "http://0.0.0.0/x", "http://[::1]/x",
          "http://[::ffff:127.0.0.1]/x", "http://localhost/x", "http://metadata.localhost/x", "http://127.0.0.1./x"}) {
        const auto fetched = get(target);
        ASSERT_FALSE(fetched) << target;
        EXPECT_EQ(fetched.error().code, Errc::refused) << fetched.error().text();
    }
    EXPECT_EQ(proxy.record().size(), asked);
}

TEST_F(FollowTest, AnotherPortOfANamedHostIsAStranger) {
    auto& a = mirror("a");
    origin::ServerOptions same_host{.address = a.address()};
    auto& other_service = farm.add("other", same_host);
    other_service.serve("/admin", origin::text(200, "secret"));
    a.serve("/go", origin::redirect(other_service.url("/admin")));
    start();
    EXPECT_FALSE(get(a.url("/go")));
    EXPECT_EQ(other_service.record().connections(), 0u);
}

TEST_F(FollowTest, HttpsIsNotGivenUp) {
    auto& secure = farm.add_tls("secure");
    auto& plain = mirror("plain");
    plain.serve("/x", origin::text(200, "plain"));
    secure.serve("/go", origin::redirect(plain.url("/x")));
    settings.pypi.upstream.push_back({.url = secure.url("/simple/"), .files = {}, .packages = {}, .family = "s"});
    const auto ca = settings.data / "ca.pem";
    std::ofstream(ca) << farm.authority().pem();
    settings.relay.ca_file = ca;
    start();
    const auto fetched = get(secure.url("/go"));
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code, Errc::refused) << fetched.error().text();
    EXPECT_EQ(plain.record().connections(), 0u);
}

TEST_F(FollowTest, ACertificateFromNobodyIsRefused) {
    auto& secure = farm.add_tls("secure");
    secure.serve("/x", origin::text(200, "x"));
    settings.pypi.upstream.push_back({.url = secure.url("/simple/"), .files = {}, .packages = {}, .family = "s"});
    start();
    const auto fetched = get(secure.url("/x"));
    ASSERT_FALSE(fetched);
    EXPECT_EQ(secure.record().size(), 0u);
}

TEST_F(FollowTest, ADocumentOverItsLimitIsRefusedEvenWhenNoLengthTellsIt) {
    auto& a = mirror("a");
    a.serve("/big", file(origin::Body::random(1, 100'000)));
    a.serve("/chunked", file(origin::Body::random(1, 100'000)));
    a.misbehave("/chunked", origin::Behaviour().chunked());
    start();
    for (const auto* path : {"/big", "/chunked"}) {
        const auto fetched = get(a.url(path), 50'000);
        ASSERT_FALSE(fetched) << path;
        EXPECT_EQ(fetched.error().code, Errc::protocol);
    }
    EXPECT_TRUE(get(a.url("/big"), 100'000));
}

TEST_F(FollowTest, ATruncatedDocumentIsAnError) {
    auto& a = mirror("a");
    a.serve("/page", file(origin::Body::random(1, 10'000)));
    a.misbehave("/page", origin::Behaviour().cut(5'000));
    start();
    EXPECT_FALSE(get(a.url("/page")));
}

TEST_F(FollowTest, NothingOfAClientIsForwardedAndWeSayWhoWeAre) {
    auto& a = mirror("a");
    a.serve("/x", origin::text(200, "x"));
    settings.relay.user_agent = "yizhan/test";
    start();
    ASSERT_TRUE(get(a.url("/x")));
    const auto seen = a.record().all().front();
    EXPECT_EQ(origin::field(seen.fields, "User-Agent"), "yizhan/test");
    for (const auto& [name, value] : seen.fields)
        EXPECT_TRUE(name == "Host" || name == "User-Agent" || name == "Accept" || name == "Accept-Encoding") << name;
}

TEST_F(FollowTest, AHeadWithoutEndIsCutOff) {
    auto& a = mirror("a");
    a.serve("/x", origin::text(200, "x"));
    start();
    origin::Behaviour many;
    for (int i = 0; i < 10'000; ++i)
        many.add_field("X-" + std::to_string(i), "y");
    for (const auto& behaviour : {many, origin::Behaviour().add_field("X-Long", std::string(1 << 20, 'y')),
                                  origin::Behaviour().add_field(std::string(1 << 20, 'y'), "x")}) {
        a.misbehave("/x", behaviour);
        const auto fetched = get(a.url("/x"));
        ASSERT_FALSE(fetched);
        EXPECT_EQ(fetched.error().code, Errc::protocol) << fetched.error().text();
        EXPECT_LT(fetched.error().text().size(), 500u) << "nothing of it is repeated";
    }
}

TEST_F(FollowTest, AHeadWithControlCharactersIsNotRead) {
    auto& a = mirror("a");
    start();
    for (const std::string& bad : {std::string("X: a\rb"), std::string("X: a\0b", 6), std::string("X\x1b[2J: a"),
                                   std::string("Location: /x\x7f"), std::string("X\r: a")}) {
        a.misbehave("/x", origin::Behaviour().raw("HTTP/1.1 200 OK\r\n" + bad + "\r\nContent-Length: 1\r\n\r\nx"));
        const auto fetched = get(a.url("/x"));
        ASSERT_FALSE(fetched) << testing::PrintToString(bad);
        EXPECT_EQ(fetched.error().code, Errc::protocol) << fetched.error().text();
        EXPECT_EQ(fetched.error().text().find_first_of(std::string("\r\0\x1b\x7f", 4)), std::string::npos);
    }
    a.misbehave("/x", origin::Behaviour().raw("HTTP/1.1 200 OK\r\nX:\ta\xe4\xb8\xad \r\nContent-Length: 1\r\n\r\nx"));
    EXPECT_TRUE(get(a.url("/x"))) << "a tab and text of other alphabets are in order";
}

TEST_F(FollowTest, ARedirectCannotSmuggleALineIntoTheNextRequest) {
    auto& a = mirror("a");
    a.serve("/*", origin::text(200, "x"));
    start();
    a.serve("/go", origin::redirect("/there%0d%0aX-Evil:%201"));
    ASSERT_TRUE(get(a.url("/go")));
    const auto seen = a.record().all().back();
    EXPECT_EQ(seen.target, "/there%0d%0aX-Evil:%201") << "it stays encoded";
    EXPECT_EQ(origin::field(seen.fields, "X-Evil"), "");
}

} // namespace
} // namespace yizhan
