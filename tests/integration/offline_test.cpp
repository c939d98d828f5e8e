// With the network gone: what was fetched is served, what was not is explained, and nobody is asked.
#include "tests/integration/stage.hpp"

namespace yizhan::integration {
namespace {

using Offline = Stage;

TEST_F(Offline, WhatWasFetchedIsServedAndAMissSaysWhy) {
    mirror("root");
    const Distribution& six = wheel("six", 50 * KiB);
    const Distribution& big = wheel("big", 9 * MiB);
    const Distribution& never = wheel("never");
    publish();
    start();
    const std::string page = get("/simple/six/").body;
    get("/simple/never/");
    EXPECT_EQ(get(path_of(six) + ".metadata").status, 200u);
    EXPECT_TRUE(get_expecting(path_of(six), six.body).complete);
    EXPECT_TRUE(get_expecting(path_of(big), big.body).complete);
    ASSERT_TRUE(becomes(path_of(big), "\"" + big.body.sha256() + "\""));
    stop();

    start_offline();
    const std::size_t before = upstream_requests();
    EXPECT_EQ(get("/simple/six/").body, page);
    EXPECT_EQ(get(path_of(six)).body, six.body.str());
    EXPECT_EQ(get(path_of(six) + ".metadata").body, *six.metadata);
    const Reply again = get_expecting(path_of(big), big.body);
    EXPECT_TRUE(again.complete && again.as_expected);
    for (const std::string& miss : {path_of(never), path_of(never) + ".metadata", std::string("/simple/unheard-of/")}) {
        const Reply reply = get(miss);
        EXPECT_EQ(reply.status, 404u) << miss;
        EXPECT_THAT(reply.body, HasSubstr("offline")) << miss;
        EXPECT_EQ(get(miss, {}, "HEAD").status, 404u) << miss;
    }
    EXPECT_EQ(upstream_requests(), before);
}

TEST_F(Offline, NoSocketIsOpenedEvenWhenUpstreamIsThere) {
    Server& root = mirror("root");
    set("pypi.page_ttl = '0s'");
    wheel("six");
    publish();
    start();
    EXPECT_EQ(get("/simple/six/").status, 200u);
    stop();
    const unsigned connections = root.record().connections();
    start({"--offline"});
    const Reply stale = get("/simple/six/");
    EXPECT_EQ(stale.status, 200u);
    EXPECT_THAT(stale.field("Cache-Status"), HasSubstr("offline"));
    EXPECT_EQ(get("/simple/other/").status, 404u);
    EXPECT_EQ(root.record().connections(), connections);
}

} // namespace
} // namespace yizhan::integration
