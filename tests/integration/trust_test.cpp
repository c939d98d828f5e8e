// Whose word counts: the root's while it answers, else what two independent mirrors say, else what was known before.
#include "tests/integration/child.hpp"
#include "tests/integration/stage.hpp"

#include <thread>

namespace yizhan::integration {
namespace {

class TrustTest : public Stage {
  protected:
    explicit TrustTest(const std::string& connect_timeout = "500ms") {
        set("pypi.page_ttl = '0s'"); // every request asks
        set("pypi.stale_after = '200ms'\npypi.root_patience = '300ms'");
        set("relay.connect_timeout = '" + connect_timeout + "'");
        root_ = &mirror("root");
        first_ = &mirror("first");
        second_ = &mirror("second");
    }

    // Asks for the page until it says this: a failed refresh is not tried again for some seconds.
    bool comes_to_say(const std::string& project, const std::string& words) {
        const auto until = std::chrono::steady_clock::now() + seconds(20);
        while (std::chrono::steady_clock::now() < until) {
            if (get("/simple/" + project + "/").body.contains(words))
                return true;
            std::this_thread::sleep_for(milliseconds(100));
        }
        return false;
    }

    bool lists(const std::string& project, const std::string& filename) {
        return get("/simple/" + project + "/").body.find(">" + filename + "<") != std::string::npos;
    }

    Server* root_ = nullptr;
    Server* first_ = nullptr;
    Server* second_ = nullptr;
};

TEST_F(TrustTest, WithARootThatAnswersNoMirrorIsAskedForPages) {
    const Distribution& file = wheel("six");
    publish();
    start();
    EXPECT_TRUE(lists("six", file.filename));
    EXPECT_EQ(first_->record().size() + second_->record().size(), 0u);
}

TEST_F(TrustTest, WithTheRootInABlackHoleAKnownProjectAnswersOnTheWordOfTwoFamilies) {
    const Distribution& file = wheel("six", 50 * KiB);
    publish();
    root_->black_hole();
    start();
    const Reply page = get("/simple/six/");
    ASSERT_EQ(page.status, 200u) << page.body;
    EXPECT_LT(page.longest_gap, seconds(3));
    EXPECT_TRUE(lists("six", file.filename));
    const Reply reply = get_expecting(path_of(file), file.body);
    EXPECT_EQ(reply.status, 200u) << reply.body;
    EXPECT_TRUE(reply.complete);
}

TEST_F(TrustTest, WhatTheyAgreedOnIsServedOffline) {
    const Distribution& file = wheel("six", 50 * KiB);
    publish();
    root_->refuse();
    start();
    ASSERT_TRUE(lists("six", file.filename));
    ASSERT_EQ(get(path_of(file)).status, 200u);
    ASSERT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\""));
    stop();
    start_offline();
    EXPECT_TRUE(lists("six", file.filename));
    EXPECT_EQ(get(path_of(file)).body, file.body.str());
    EXPECT_THAT(get("/simple/").body, HasSubstr("six/"));
}

TEST_F(TrustTest, AnUnknownNameIsNotFoundOnTheWordOfTwoFamilies) {
    publish();
    root_->black_hole();
    start();
    const Reply reply = get("/simple/nothing-here/");
    EXPECT_EQ(reply.status, 404u) << reply.body;
    EXPECT_LT(reply.longest_gap, seconds(10));
    EXPECT_THAT(reply.body, HasSubstr("2 independent mirrors"));
}

TEST_F(TrustTest, WhatTheRootHasShownNoTwoMirrorsTakeAway) {
    const Distribution& file = wheel("six");
    publish();
    start();
    ASSERT_TRUE(lists("six", file.filename));
    root_->refuse();
    first_->remove("/simple/six/");
    second_->remove("/simple/six/");
    EXPECT_TRUE(lists("six", file.filename));
    EXPECT_NE(service().wait_log("2 independent mirrors"), "");
    EXPECT_TRUE(lists("six", file.filename)) << "once they have said so";
}

TEST_F(TrustTest, TwoThatLackAPageAreNotBelievedWhileAThirdOneIsBringingIt) {
    Server& third = mirror("third", {.address = {}, .delay = milliseconds(250)});
    Server& fourth = mirror("fourth");
    const Distribution& file = wheel("six");
    publish();
    first_->remove("/simple/six/");
    second_->remove("/simple/six/");
    root_->refuse();
    start();
    EXPECT_TRUE(lists("six", file.filename));
    EXPECT_EQ(third.record().count("/simple/six/"), 1u);
    EXPECT_EQ(fourth.record().count("/simple/six/"), 1u) << "who confirms what the third one says";
}

TEST_F(TrustTest, WhereTwoContradictEachOtherWhoeverIsLeftIsAsked) {
    Server& third = mirror("third", {.address = {}, .delay = milliseconds(1500)});
    const Distribution& honest = wheel("six", 50 * KiB);
    publish();
    Farm other;
    const Distribution& evil = other.index().add_wheel("six", "1.0", {.size = 60 * KiB});
    other.index().publish(*first_);
    root_->refuse();
    start();
    const auto page = get("/simple/six/").body;
    EXPECT_THAT(page, HasSubstr(honest.body.sha256()));
    EXPECT_THAT(page, Not(HasSubstr(evil.body.sha256())));
    EXPECT_EQ(third.record().count("/simple/six/"), 1u);
}

TEST_F(TrustTest, AChallengeInPlaceOfAPageIsNobodysWord) {
    mirror("third");
    Server& fourth = mirror("fourth");
    const Distribution& file = wheel("six");
    publish();
    first_->misbehave("/simple/*", Behaviour().instead(challenge()));
    second_->misbehave("/simple/*", Behaviour().instead(challenge()));
    root_->refuse();
    start();
    EXPECT_TRUE(lists("six", file.filename));
    EXPECT_EQ(fourth.record().count("/simple/six/"), 1u);
}

TEST_F(TrustTest, WhereEverybodySendsAChallengeThePageIsSaidToBeUnreadable) {
    wheel("six");
    publish();
    for (auto* server : {first_, second_})
        server->misbehave("/simple/*", Behaviour().instead(challenge()));
    root_->refuse();
    start();
    const Reply reply = get("/simple/six/");
    EXPECT_EQ(reply.status, 503u);
    for (const auto* server : {root_, first_, second_})
        EXPECT_THAT(reply.body, HasSubstr(server->origin()));
}

TEST_F(TrustTest, AMirrorThatDripsIsGivenUp) {
    set("relay.stall.window = '500ms'");
    const std::string filename = wheel("six").filename;
    publish();
    start();
    ASSERT_TRUE(lists("six", filename));
    // The root is silent, one mirror brings a byte now and then, and only the other one knows the news.
    root_->refuse();
    first_->misbehave("/simple/*", Behaviour().drip(0, 1, milliseconds(300)));
    Farm news;
    news.index().add("six", farm().index().find(filename)).yanked = "broken";
    news.index().publish(*second_);
    EXPECT_TRUE(comes_to_say("six", "data-yanked"));
    EXPECT_NE(service().wait_log("six: the root is silent"), "");
}

class SlowToConnect : public TrustTest {
  protected:
    SlowToConnect() : TrustTest("4s") {}
};

TEST_F(SlowToConnect, MirrorsThatAreNotEquallyFreshAnswerForARootInABlackHole) {
    const Distribution& file = wheel("six");
    farm().index().publish(*first_, {.serial = 7});
    farm().index().publish(*second_, {.serial = 9});
    root_->black_hole();
    start();
    const Reply page = get("/simple/six/");
    EXPECT_EQ(page.status, 200u) << page.body;
    EXPECT_LT(page.longest_gap, seconds(3));
    EXPECT_THAT(page.body, HasSubstr(file.body.sha256()));
}

TEST_F(SlowToConnect, WhoIsAsFreshAsTheFreshestIsAskedBeforeALaggardIsBelieved) {
    Server& third = mirror("third");
    Server& fourth = mirror("fourth");
    wheel("six");
    farm().index().publish(*first_, {.serial = 7});
    farm().index().publish(*second_, {.serial = 8});
    farm().index().publish(third, {.serial = 9});
    const std::string news = farm().index().add_wheel("six", "2.0").filename;
    farm().index().publish(third, {.serial = 9});
    farm().index().publish(fourth, {.serial = 9});
    root_->black_hole();
    start();
    EXPECT_TRUE(lists("six", news));
}

TEST_F(TrustTest, OneMirrorAloneIsNotBelieved) {
    wheel("six");
    publish();
    root_->refuse();
    second_->refuse();
    start();
    const Reply reply = get("/simple/six/");
    EXPECT_EQ(reply.status, 503u);
    EXPECT_NE(reply.field("Retry-After"), "");
    EXPECT_THAT(reply.body, HasSubstr("confirm"));
    EXPECT_EQ(get("/simple/nothing-here/").status, 503u) << "nor that something does not exist";
}

TEST_F(TrustTest, ALiarThatListsAKnownFileNameAtItsOwnPathIsNotListedAndTheRootsWordWins) {
    const Distribution& honest = wheel("six", 50 * KiB);
    publish();
    // The liar's own bytes under the right name, at the path that their own BLAKE2b-256 makes: every digest is valid.
    Farm other;
    const Distribution& evil = other.index().add_wheel("six", "1.0", {.size = 60 * KiB});
    ASSERT_EQ(evil.filename, honest.filename);
    ASSERT_NE(evil.body.sha256(), honest.body.sha256());
    other.index().publish(*first_);
    root_->refuse();
    start();
    EXPECT_EQ(get("/simple/six/").status, 503u) << "two mirrors that contradict each other settle nothing";
    EXPECT_NE(service().wait_log("several digests"), "");
    root_->listen();
    for (int i = 0; i < 100 && !lists("six", honest.filename); ++i)
        std::this_thread::sleep_for(milliseconds(100)); // until the failure's retry interval is over
    const std::string page = get("/simple/six/").body;
    EXPECT_THAT(page, HasSubstr(honest.body.sha256()));
    EXPECT_THAT(page, Not(HasSubstr(evil.body.sha256())));
}

TEST_F(TrustTest, AKnownFileIsListedAtItsOwnPathWhoeverListsItElsewhere) {
    const Distribution& file = wheel("six", 50 * KiB);
    publish();
    start();
    ASSERT_TRUE(lists("six", file.filename));
    root_->refuse();
    for (auto* server : {first_, second_})
        farm().index().publish(*server, {.paths = PublishOptions::Paths::plain});
    ASSERT_TRUE(comes_to_say("six", file.filename));
    ASSERT_NE(service().wait_log("the root is silent; 1 files shown"), "");
    const auto page = get("/simple/six/").body;
    EXPECT_EQ(resolved("/simple/six/", href_of(page, file.filename)), path_of(file));
}

TEST_F(TrustTest, OneMirrorsWordOnMetadataIsNotShown) {
    const Distribution& file = wheel("six", 50 * KiB);
    publish();
    Farm other;
    other.index().add("six", file).metadata = "Metadata-Version: 2.1\nName: six\nVersion: 1\nRequires-Dist: evil\n";
    other.index().publish(*first_, {.serial = 9});
    root_->refuse();
    start();
    const auto page = get("/simple/six/").body;
    EXPECT_THAT(page, HasSubstr(file.body.sha256()));
    EXPECT_THAT(page, Not(HasSubstr("core-metadata")));
}

TEST_F(TrustTest, MetadataThatMirrorsForgedTogetherIsNotServedOnceTheRootIsBack) {
    const Distribution& file = wheel("six", 50 * KiB);
    publish();
    Farm other;
    auto& forged = other.index().add("six", file);
    forged.metadata = "Metadata-Version: 2.1\nName: six\nVersion: 1\nRequires-Dist: evil\n";
    for (auto* server : {first_, second_})
        other.index().publish(*server);
    root_->refuse();
    start();
    ASSERT_TRUE(lists("six", file.filename));
    ASSERT_EQ(get(path_of(file) + ".metadata").body, *forged.metadata) << "nobody can know better";
    root_->listen();
    ASSERT_TRUE(comes_to_say("six", sha256_hex(*file.metadata)));
    EXPECT_EQ(get(path_of(file) + ".metadata").body, *file.metadata) << "at once";
    ASSERT_TRUE(becomes(path_of(file) + ".metadata", "\"" + sha256_hex(*file.metadata) + "\""));
}

TEST_F(TrustTest, WhatTheRootSaidIsKnownAfterTheCatalogWasLostAndOneMoreStart) {
    const Distribution& honest = wheel("six", 50 * KiB);
    publish();
    start();
    ASSERT_TRUE(lists("six", honest.filename));
    ASSERT_THAT(list_with("six"), HasSubstr("six/")); // durable
    stop();
    std::filesystem::remove_all(data() / "catalog");
    start(); // made anew, and nobody asks for the page
    stop();
    Farm other;
    const Distribution& evil = other.index().add_wheel("six", "1.0", {.size = 60 * KiB});
    for (auto* server : {first_, second_})
        other.index().publish(*server);
    root_->refuse();
    start();
    ASSERT_TRUE(comes_to_say("six", honest.filename));
    EXPECT_NE(service().wait_log("several digests"), "") << "two that lie together are no match for what is known";
    EXPECT_THAT(get("/simple/six/").body, Not(HasSubstr(evil.body.sha256())));
}

TEST_F(TrustTest, AMirrorThatLagsTakesNothingBack) {
    const Distribution& file = wheel("six");
    publish({.serial = 100});
    start();
    ASSERT_TRUE(lists("six", file.filename));
    // The root falls silent, and the mirrors replay an index from before the file.
    farm().index().add_project("six");
    Farm old;
    old.index().add_project("six");
    old.index().publish(*first_, {.serial = 50});
    old.index().publish(*second_, {.serial = 50});
    root_->refuse();
    EXPECT_TRUE(lists("six", file.filename));
}

TEST_F(TrustTest, ARootThatContradictsItselfIsBelievedWhenAnOperatorSaysSo) {
    const Distribution& first = wheel("six", 50 * KiB);
    publish();
    start();
    ASSERT_TRUE(lists("six", first.filename));
    ASSERT_EQ(get(path_of(first)).status, 200u);
    // The root now says that the same name, which PyPI never gives to other bytes, is another file.
    Farm other;
    const Distribution& second = other.index().add_wheel("six", "1.0", {.size = 60 * KiB});
    for (auto* server : {root_, first_, second_})
        other.index().publish(*server);
    EXPECT_FALSE(lists("six", first.filename)) << "neither is shown until that is settled";
    EXPECT_NE(service().wait_log("trust accept"), "");

    stop();
    start();
    EXPECT_FALSE(lists("six", second.filename)) << "nor by a process that has only the stored page";

    const auto key = "pypi/six/" + first.filename;
    const auto told = get("/api/v1/trust").body;
    EXPECT_THAT(told, HasSubstr(key));
    EXPECT_THAT(told, HasSubstr(first.body.sha256()));
    EXPECT_THAT(told, HasSubstr(second.body.sha256()));
    const auto trust = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {yizhan_binary(), "trust"});
        words.insert(words.end(), {"--config", config().string(), "--data", data().string()});
        Child command(words, {}, folder().string());
        EXPECT_EQ(command.wait(seconds(10)), 0) << command.said();
        command.wait_output_end(seconds(1));
        return command.said();
    };
    EXPECT_THAT(trust({"list"}), HasSubstr("yizhan trust accept " + key));
    EXPECT_THAT(trust({"accept", key}), HasSubstr(second.body.sha256()));
    EXPECT_TRUE(lists("six", second.filename));
    EXPECT_THAT(get("/simple/six/").body, HasSubstr(second.body.sha256()));
    EXPECT_EQ(get_expecting(path_of(second), second.body).status, 200u);
    EXPECT_THAT(trust({"list"}), HasSubstr("nothing is disputed"));
    stop();
    EXPECT_THAT(trust({"list"}), HasSubstr("nothing is disputed")) << "the store itself is opened where nothing runs";
}

TEST_F(TrustTest, AFolderThatIsNoStoreIsNamedAndLeftAlone) {
    const auto elsewhere = folder() / "elsewhere";
    std::filesystem::create_directory(elsewhere);
    const auto asked = run_yizhan({"trust", "list", "--data", elsewhere.string()}, folder());
    EXPECT_EQ(asked.status, 1);
    EXPECT_THAT(asked.said, HasSubstr(elsewhere.string() + " is no store"));
    EXPECT_TRUE(std::filesystem::is_empty(elsewhere));
}

} // namespace
} // namespace yizhan::integration
