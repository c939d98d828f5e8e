// What the clients' side of HTTP sees: names, negotiation, validators, ranges.
#include "tests/integration/stage.hpp"

namespace yizhan::integration {
namespace {

constexpr const char* json_type = "application/vnd.pypi.simple.v1+json";
constexpr const char* html_type = "application/vnd.pypi.simple.v1+html";

class Protocol : public Stage {
  protected:
    Protocol() {
        mirror("root");
        file_ = &wheel("my-lib", 100 * KiB);
        publish();
        start();
    }

    /// Fetches the file, so that it is a hit from now on.
    void store_file() {
        ASSERT_EQ(get("/simple/my-lib/").status, 200u);
        ASSERT_EQ(get(path_of(*file_)).status, 200u);
        ASSERT_TRUE(becomes(path_of(*file_), "\"" + file_->body.sha256() + "\""));
    }

    const Distribution* file_ = nullptr;
};

TEST_F(Protocol, NamesThatAreNotNormalisedAndMissingSlashesAreRedirected) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"/simple/My-Lib/", "/simple/my-lib/"},
        {"/simple/my_lib/", "/simple/my-lib/"},
        {"/simple/my.-_lib/", "/simple/my-lib/"},
        {"/simple/my-lib", "/simple/my-lib/"},
        {"/simple/My_Lib", "/simple/my-lib/"},
        {"/simple", "/simple/"},
        {"/pypi/simple/MY.LIB/", "/pypi/simple/my-lib/"},
        {"/pypi/web/simple/my-lib", "/pypi/web/simple/my-lib/"},
    };
    for (const auto& [target, location] : cases) {
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 301u) << target;
        const std::string_view written = reply.field("Location");
        EXPECT_EQ(resolved(target, written), location) << target;
        EXPECT_EQ(written.find("://"), std::string_view::npos) << "never built from Host";
    }
}

TEST_F(Protocol, NamesThatNoPackageCanHaveAreNotFound) {
    for (const char* target :
         {"/simple/-lib/", "/simple/lib-/", "/simple/a%20b/", "/simple/my-lib/more/", "/simple/_/", "/simple/a%40b/"}) {
        EXPECT_EQ(get(target).status, 404u) << target;
    }
    EXPECT_EQ(farm().at("root").record().size(), 0u) << "nobody was asked";
}

TEST_F(Protocol, TheFormatFollowsAccept) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "text/html"},
        {"*/*", "text/html"},
        {"text/html", "text/html"},
        {json_type, json_type},
        {std::string(json_type) + ", " + html_type + "; q=0.1, text/html; q=0.01", json_type}, // pip
        {std::string(json_type) + ", " + html_type + ";q=0.2, text/html;q=0.01", json_type},   // uv
        {std::string(json_type) + ", */*;q=0.1", json_type},                                   // poetry
        {html_type, html_type},
        {std::string(json_type) + ";q=0.1, text/html", "text/html"},
        {std::string(json_type) + ";q=0, text/html;q=0.1", "text/html"},
    };
    for (const auto& [accept, type] : cases) {
        const Reply reply = get("/simple/my-lib/", accept.empty() ? Fields{} : Fields{{"Accept", accept}});
        EXPECT_EQ(reply.status, 200u) << accept;
        EXPECT_THAT(reply.field("Content-Type"), StartsWith(type)) << accept;
        EXPECT_THAT(reply.field("Vary"), HasSubstr("Accept")) << accept;
    }
}

TEST_F(Protocol, EachRepresentationHasItsOwnEtagAndA304) {
    std::vector<std::string> etags;
    for (const Fields& fields : {Fields{}, Fields{{"Accept", json_type}}, Fields{{"Accept-Encoding", "gzip"}},
                                 Fields{{"Accept", json_type}, {"Accept-Encoding", "gzip"}}}) {
        const Reply reply = get("/simple/my-lib/", fields);
        const std::string etag(reply.field("ETag"));
        EXPECT_TRUE(etag.starts_with('"') && etag.size() > 2) << etag;
        EXPECT_THAT(etags, Not(::testing::Contains(etag)));
        for (const std::string& other : etags) {
            Fields with_other = fields;
            with_other.emplace_back("If-None-Match", other);
            EXPECT_EQ(get("/simple/my-lib/", with_other).status, 200u);
        }
        Fields again = fields;
        again.emplace_back("If-None-Match", etag);
        const Reply not_modified = get("/simple/my-lib/", again);
        EXPECT_EQ(not_modified.status, 304u);
        EXPECT_EQ(not_modified.received, 0u);
        EXPECT_EQ(not_modified.field("ETag"), etag);
        EXPECT_NE(not_modified.field("Vary"), "");
        etags.push_back(etag);
    }
    EXPECT_THAT(get("/simple/my-lib/").field("Cache-Control"), HasSubstr("max-age=0"));
}

TEST_F(Protocol, HeadSaysWhatGetWould) {
    store_file();
    for (const std::string& target : {std::string("/simple/my-lib/"), path_of(*file_)}) {
        const Reply whole = get(target);
        Client client(service().port());
        const Reply head = client.get(target, {}, "HEAD");
        EXPECT_EQ(head.status, 200u);
        for (const char* name : {"Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Cache-Control"}) {
            EXPECT_EQ(head.field(name), whole.field(name)) << target << " " << name;
        }
        EXPECT_EQ(client.get("/livez").status, 200u) << "no body was sent";
    }
}

TEST_F(Protocol, HeadOfAFileThatIsNotHereDoesNotFetchIt) {
    get("/simple/my-lib/");
    const Reply head = get(path_of(*file_), {}, "HEAD");
    EXPECT_EQ(head.status, 200u);
    EXPECT_EQ(head.field("Content-Length"), std::to_string(file_->body.size()));
    EXPECT_EQ(head.field("Accept-Ranges"), "bytes") << "pip's and uv's lazy reading needs it";
    EXPECT_EQ(farm().at("root").record().count(file_->filename, "GET"), 0u);
}

TEST_F(Protocol, AStoredFileAnswersRanges) {
    store_file();
    const std::string bytes = file_->body.str();
    const std::string size = std::to_string(bytes.size());
    struct Case {
        std::string range;
        std::size_t first, count;
    };
    const std::vector<Case> cases{{"bytes=0-0", 0, 1},
                                  {"bytes=1000-1999", 1000, 1000},
                                  {"bytes=1000-", 1000, bytes.size() - 1000},
                                  {"bytes=-22", bytes.size() - 22, 22},
                                  {"bytes=1000-99999999", 1000, bytes.size() - 1000},
                                  {"bytes=-99999999", 0, bytes.size()}};
    for (const Case& c : cases) {
        const Reply reply = get(path_of(*file_), {{"Range", c.range}});
        EXPECT_EQ(reply.status, 206u) << c.range;
        EXPECT_EQ(reply.body, bytes.substr(c.first, c.count)) << c.range;
        EXPECT_EQ(reply.field("Content-Range"),
                  "bytes " + std::to_string(c.first) + "-" + std::to_string(c.first + c.count - 1) + "/" + size);
    }
    const Reply beyond = get(path_of(*file_), {{"Range", "bytes=" + size + "-"}});
    EXPECT_EQ(beyond.status, 416u);
    EXPECT_EQ(beyond.field("Content-Range"), "bytes */" + size);
    for (const char* ignored : {"bytes=5-4", "lines=1-2", "bytes=a-b"}) {
        EXPECT_EQ(get(path_of(*file_), {{"Range", ignored}}).status, 200u) << ignored;
    }
}

TEST_F(Protocol, IfRangeNeedsTheRightEtag) {
    store_file();
    const std::string etag = "\"" + file_->body.sha256() + "\"";
    const auto status = [&](const std::string& if_range) {
        return get(path_of(*file_), {{"Range", "bytes=10-"}, {"If-Range", if_range}}).status;
    };
    EXPECT_EQ(status(etag), 206u);
    EXPECT_EQ(status("\"other\""), 200u);
    EXPECT_EQ(status("W/" + etag), 200u);
    EXPECT_EQ(status("Sat, 01 Jan 2000 00:00:00 GMT"), 200u);
    EXPECT_EQ(get(path_of(*file_), {{"If-None-Match", etag}}).status, 304u);
}

TEST_F(Protocol, AFileIsSentAsOctetsForEver) {
    store_file();
    farm().at("root").misbehave(file_->filename, Behaviour().add_field("Set-Cookie", "a=b"));
    const Reply reply = get(path_of(*file_));
    EXPECT_EQ(reply.field("Content-Type"), "application/octet-stream");
    EXPECT_EQ(reply.field("Content-Encoding"), "");
    EXPECT_EQ(reply.field("Set-Cookie"), "");
    EXPECT_THAT(reply.field("Cache-Control"), HasSubstr("immutable"));
}

// What is kept of a page cannot depend on what one client sent with its request.
TEST_F(Protocol, NoFieldOfARequestChangesThePageOfTheNext) {
    const Reply clean = get("/simple/my-lib/");
    for (const Fields& fields :
         {Fields{{"X-Forwarded-Host", "evil.example"}},
          Fields{{"X-Forwarded-Proto", "https"}, {"Forwarded", "host=evil"}},
          Fields{{"X-Original-URL", "/simple/evil/"}, {"X-Rewrite-URL", "/simple/evil/"}},
          Fields{{"User-Agent", "pip/9.0"}, {"Cookie", "a=b"}, {"Origin", "https://evil.example"}}}) {
        const Reply reply = get("/simple/my-lib/", fields);
        EXPECT_EQ(reply.status, 200u);
        EXPECT_EQ(reply.body, clean.body);
        EXPECT_EQ(reply.field("ETag"), clean.field("ETag"));
        EXPECT_EQ(reply.field("Set-Cookie"), "");
    }
    Client client(service().port());
    client.send("GET /simple/my-lib/ HTTP/1.1\r\nHost: evil.example:81\r\n\r\n");
    EXPECT_EQ(client.finish().body, clean.body);
    client.send("GET /simple/My_Lib HTTP/1.1\r\nHost: evil.example:81\r\n\r\n");
    const Reply moved = client.next();
    EXPECT_THAT(moved.field("Location"), Not(HasSubstr("evil")));
    EXPECT_THAT(moved.body, Not(HasSubstr("evil")));
    EXPECT_EQ(get("/simple/my-lib/").body, clean.body);
    EXPECT_EQ(farm().at("root").record().count("/simple/my-lib/"), 1u);
}

TEST_F(Protocol, EverySpellingOfAPathIsOneEntryOrNone) {
    for (const char* target : {"/simple/my%2dlib/", "/simple/%6dy-lib/", "/simple/my-lib/"}) {
        EXPECT_EQ(get(target).status, 200u) << target;
    }
    for (const char* target : {"/simple/my-lib/?", "/simple/my-lib/?format=json", "/livez?x", "/?"}) {
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 400u) << target;
        EXPECT_THAT(reply.body, HasSubstr("query"));
    }
    for (const char* target : {"/simple/../simple/my-lib/", "/simple/%2e%2e/livez", "/simple%2fmy-lib/",
                               "/%2F%2F..%2F..%2Fetc%2Fpasswd", "/simple/my-lib%00/", "/simple/my-lib%0d%0aX:y/",
                               "/simple/my%252dlib/", "/simple/my-lib%5c", "/simple/%ff/"}) {
        EXPECT_EQ(get(target).status, 400u) << target;
    }
    EXPECT_EQ(get("/simple//my-lib/").status, 404u);
    EXPECT_EQ(farm().at("root").record().size(), 1u) << "one entry, asked for once";
}

TEST_F(Protocol, ItIsNobodysForwardProxy) {
    Server& elsewhere = farm().add("elsewhere");
    elsewhere.serve("/*", text(200, "you should not have come\n"));
    Client client(service().port());
    client.send("GET " + elsewhere.url("/x") + " HTTP/1.1\r\nHost: " + elsewhere.origin().substr(7) + "\r\n\r\n");
    EXPECT_EQ(client.finish().status, 421u);
    EXPECT_TRUE(client.closed());
    Client tunnel(service().port());
    tunnel.send("CONNECT " + elsewhere.origin().substr(7) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(tunnel.finish().status, 405u);
    EXPECT_TRUE(tunnel.closed());
    Client own(service().port());
    own.send("GET http://127.0.0.1:" + std::to_string(service().port()) + "/livez HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(own.finish().status, 200u);
    EXPECT_EQ(elsewhere.record().connections(), 0u);
}

TEST_F(Protocol, NamesThatNobodyHasLeaveNothingBehind) {
    Client client(service().port());
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(client.get("/simple/made-up-" + std::to_string(i) + "/").status, 404u);
    }
    EXPECT_THAT(get("/status").body, HasSubstr("\"blobs\":0,\"bytes\":0,\"objects\":0"));
    EXPECT_THAT(get("/simple/").body, Not(HasSubstr("made-up")));
}

TEST_F(Protocol, OddRequestsAreRefusedAndTheConnectionClosed) {
    for (const char* bytes : {"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /livez HTTP/1.1\r\n\r\n",
                              "GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                              "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                              "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "nonsense\r\n\r\n"}) {
        Client client(service().port());
        client.send(bytes);
        const Reply reply = client.finish();
        EXPECT_GE(reply.status, 400u) << bytes;
        EXPECT_LT(reply.status, 600u) << bytes;
        EXPECT_TRUE(client.closed()) << bytes;
    }
    EXPECT_EQ(get("/livez").status, 200u);
}

TEST_F(Protocol, RequestsInOneGoAreAnsweredInOrder) {
    Client client(service().port());
    client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /simple/My_Lib/ HTTP/1.1\r\nHost: a\r\n\r\n"
                "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::vector<unsigned> statuses;
    statuses.reserve(3);
    for (int i = 0; i < 3; ++i) {
        statuses.push_back(client.next().status);
    }
    EXPECT_EQ(statuses, (std::vector<unsigned>{200, 301, 200}));
    EXPECT_TRUE(client.closed());
}

} // namespace
} // namespace yizhan::integration
