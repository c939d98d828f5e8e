// An upstream that wants us elsewhere: links, redirects and certificates. Loopback stand-ins only: a listener that no
// setting names must see nothing.
#include "tests/integration/stage.hpp"

#include <fstream>

namespace yizhan::integration {
namespace {

class HostileUpstream : public Stage {
  protected:
    /// Somebody on another loopback address whom yizhan has not been told of; whoever connects to it fails the test.
    Server& stranger() {
        Server& server = farm().add("stranger");
        server.serve("/*", text(200, "you should not have come\n"));
        return server;
    }

    Reply get_file(const Distribution& file) {
        EXPECT_EQ(get("/simple/file/").status, 200u);
        return get(path_of(file));
    }
};

TEST_F(HostileUpstream, LinksOutsideOfItsOriginsAreDropped) {
    mirror("root");
    Server& elsewhere = stranger();
    wheel("file");
    std::vector<std::string> hrefs{elsewhere.url("/file-2.0-py3-none-any.whl"),
                                   "//" + elsewhere.origin().substr(7) + "/file-2.0-py3-none-any.whl",
                                   "file:///etc/file-2.0-py3-none-any.whl",
                                   "ftp://127.0.0.1/file-2.0-py3-none-any.whl",
                                   "javascript:alert(1)//file-2.0-py3-none-any.whl",
                                   "http://user@" + elsewhere.origin().substr(7) + "/file-2.0-py3-none-any.whl",
                                   "http://[::ffff:127.0.0.1]/file-2.0-py3-none-any.whl",
                                   "http://2130706433/file-2.0-py3-none-any.whl"};
    for (std::size_t i = 0; i < hrefs.size(); ++i) {
        Distribution bad{.filename = "file-2.0-" + std::to_string(i) + "-py3-none-any.whl",
                         .body = Body::text("evil"),
                         .href = hrefs[i]};
        farm().index().add("file", std::move(bad));
    }
    publish();
    start();
    for (const char* accept : {"text/html", "application/vnd.pypi.simple.v1+json"}) {
        const Reply page = get("/simple/file/", {{"Accept", accept}});
        EXPECT_EQ(page.status, 200u);
        EXPECT_THAT(page.body, HasSubstr(farm().index().find("file-1.0-py3-none-any.whl").filename));
        EXPECT_THAT(page.body, Not(HasSubstr("file-2.0"))) << page.body;
    }
    EXPECT_EQ(get(path_of(farm().index().find("file-1.0-py3-none-any.whl"))).status, 200u);
    EXPECT_EQ(elsewhere.record().connections(), 0u);
}

TEST_F(HostileUpstream, RedirectsAreFollowedWithinLimits) {
    Server& root = mirror("root");
    Server& second = mirror("second");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    root.serve("/moved/there", origin::file(file.body));
    root.serve("/moved/chain/4", redirect("/moved/there"));
    for (int i = 0; i < 4; ++i) {
        root.serve("/moved/chain/" + std::to_string(i), redirect(std::to_string(i + 1), i % 2 == 0 ? 301 : 307));
    }
    const std::string there = farm().index().path(file.filename);
    for (const std::string& location :
         {root.url("/moved/there"), std::string("/moved/there"), std::string("../../../../moved/there"),
          second.url(there), std::string("/moved/chain/1")}) {
        SCOPED_TRACE(location);
        root.misbehave(file.filename, Behaviour().instead(redirect(location)));
        std::filesystem::remove_all(data());
        start();
        const Reply reply = get_file(file);
        EXPECT_EQ(reply.status, 200u) << reply.body;
        EXPECT_EQ(reply.body, file.body.str());
    }
}

TEST_F(HostileUpstream, ALoopAndAnEndlessChainEndInWords) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    root.handle("/endless/", [](const Exchange& request) { return redirect(request.path + "x"); });
    start();
    for (const std::string& location : {farm().index().path(file.filename), std::string("/endless/x"), std::string(""),
                                        std::string("http://"), std::string("gopher://127.0.0.1/")}) {
        root.behave();
        root.misbehave(file.filename, Behaviour().instead(redirect(location)));
        const Reply reply = get_file(file);
        EXPECT_EQ(reply.status, 503u) << location;
        EXPECT_THAT(reply.body, ::testing::AnyOf(HasSubstr("redirect"), HasSubstr("Location"))) << location;
    }
    EXPECT_LE(root.record().count("/endless/xxxxxxxx"), 0u);
}

TEST_F(HostileUpstream, ARedirectToAnAddressThatNobodyNamedIsNotFollowed) {
    Server& root = mirror("root");
    Server& elsewhere = stranger();
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    start();
    const std::string host = elsewhere.origin().substr(7);
    const std::string port = host.substr(host.find(':'));
    // 127.0.1.2 in the spellings that parsers disagree about; all are loopback, whoever reads them.
    for (const std::string& location :
         {elsewhere.url("/x"), "//" + host + "/x", "http://0x7f000102" + port + "/x", "http://2130706690" + port + "/x",
          "http://127.1.2" + port + "/x", "http://[::ffff:127.0.1.2]" + port + "/x", "http://localhost" + port + "/x",
          "http://user@" + host + "/x"}) {
        root.behave();
        root.misbehave(file.filename, Behaviour().instead(redirect(location)));
        const Reply reply = get_file(file);
        EXPECT_EQ(reply.status, 503u) << location;
        root.misbehave("/simple/new/", Behaviour().instead(redirect(location)));
        EXPECT_NE(get("/simple/new/").status, 200u) << location;
    }
    EXPECT_EQ(elsewhere.address(), "127.0.1.2");
    EXPECT_EQ(elsewhere.record().connections(), 0u);
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(HostileUpstream, HttpsIsNotGivenUpForHttp) {
    Server& root = tls_mirror("root");
    Server& plain = mirror("plain");
    const Distribution& file = wheel("file", 50 * KiB);
    farm().index().publish(root);
    plain.serve("/x", origin::file(file.body));
    root.misbehave(file.filename, Behaviour().instead(redirect(plain.url("/x"))));
    start();
    const Reply reply = get_file(file);
    EXPECT_EQ(reply.status, 503u) << reply.body;
    EXPECT_THAT(reply.body, HasSubstr("https"));
    EXPECT_EQ(plain.record().count("/x"), 0u);
}

TEST_F(HostileUpstream, TlsIsTrustedByTheAuthorityThatTheSettingsName) {
    tls_mirror("root");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    start();
    EXPECT_EQ(get_file(file).body, file.body.str());
}

class UnfitCertificate : public HostileUpstream, public ::testing::WithParamInterface<Certificate> {};

TEST_P(UnfitCertificate, IsRefusedInWords) {
    Server& root = tls_mirror("root", GetParam());
    wheel("file");
    publish();
    start();
    const Reply reply = get("/simple/file/");
    EXPECT_EQ(reply.status, 503u);
    EXPECT_THAT(reply.body, HasSubstr("certificate"));
    EXPECT_EQ(root.record().size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, UnfitCertificate,
                         ::testing::Values(Certificate::expired, Certificate::wrong_name, Certificate::self_signed),
                         named({"Expired", "WrongName", "SelfSigned"}));

TEST_F(HostileUpstream, NothingOfTheClientsReachesItAndNothingOfItsReachesTheClient) {
    Server& root = mirror("root");
    const Distribution& file = wheel("file", 50 * KiB);
    publish();
    root.misbehave("*",
                   Behaviour().add_field("Set-Cookie", "a=b").add_field("X-Evil", "1").add_field("Server", "evil"));
    start();
    const Fields mine{{"Authorization", "Basic c2VjcmV0"},
                      {"Cookie", "c=d"},
                      {"X-Forwarded-For", "192.0.2.1"},
                      {"User-Agent", "pip/26.1 {\"secret\":1}"}};
    for (const std::string& target : {std::string("/simple/file/"), path_of(file)}) {
        const Reply reply = get(target, mine);
        EXPECT_EQ(reply.status, 200u);
        EXPECT_EQ(reply.field("Set-Cookie"), "");
        EXPECT_EQ(reply.field("X-Evil"), "");
        EXPECT_NE(reply.field("Server"), "evil");
    }
    for (const Exchange& exchange : root.record().all()) {
        for (const auto& [name, value] : exchange.fields) {
            EXPECT_THAT(value, Not(HasSubstr("c2VjcmV0")));
            EXPECT_THAT(value, Not(HasSubstr("c=d")));
            EXPECT_THAT(value, Not(HasSubstr("192.0.2.1")));
            EXPECT_THAT(value, Not(HasSubstr("pip")));
        }
        EXPECT_THAT(field(exchange.fields, "User-Agent"), StartsWith("yizhan/"));
    }
    EXPECT_THAT(service().log(), Not(HasSubstr("c2VjcmV0")));
}

TEST_F(HostileUpstream, PagesThatAreNoPagesAreNotBelieved) {
    Server& root = mirror("root");
    publish();
    start();
    const std::vector<Resource> pages{page(std::string(1 << 20, '<')), page("<a href=\"x.whl#sha256=zz\">x.whl</a>"),
                                      text(200, "plain"), empty(), challenge()};
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const std::string target = "/simple/odd-" + std::to_string(i) + "/";
        root.serve(target, pages[i]);
        const Reply reply = get(target);
        EXPECT_TRUE(reply.complete) << target;
        EXPECT_THAT(reply.body, Not(HasSubstr("script"))) << target;
    }
    EXPECT_EQ(get("/livez").status, 200u);
}

TEST_F(HostileUpstream, MalformedAnswersEndInWordsAndHarmNobody) {
    Server& root = mirror("root");
    publish();
    start();
    const std::vector<std::string> answers{
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: " + std::string(1 << 20, 'a') + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 28),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/%0d%0aX:1\r\nContent-Length: 0\r\n\r\n",
        "\r\n\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n"};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const std::string target = "/simple/bad-" + std::to_string(i) + "/";
        root.misbehave(target, Behaviour().raw(answers[i]));
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 503u) << i << ": " << reply.body;
        EXPECT_TRUE(reply.complete);
    }
    EXPECT_EQ(get("/livez").status, 200u);
}

} // namespace
} // namespace yizhan::integration
