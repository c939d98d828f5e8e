// A delivery under way: its ETag begins with u-, and promises only what can be kept (design, section 4).
#include "tests/integration/stage.hpp"

namespace yizhan::integration {
namespace {

class Delivery : public Stage {
  protected:
    Delivery() {
        Server& root = mirror("root");
        set("relay.stall_timeout = '14s'");
        file_ = &wheel("file", scaled(20 * MiB));
        publish();
        root.misbehave(file_->filename, Behaviour().stall(Offset::percent(50), "middle"), {.method = "GET"});
        start();
        EXPECT_EQ(get("/simple/file/").status, 200u);
    }

    /// Starts a delivery and gives its ETag; it stands at the gate afterwards.
    std::string begin(Client& client) {
        client.expect(file_->body);
        client.request(path_of(*file_));
        EXPECT_TRUE(client.read_body(1));
        EXPECT_TRUE(gates().wait_arrivals("middle"));
        return std::string(client.reply().field("ETag"));
    }

    void finish(Client& client) {
        gates().open("middle");
        const Reply reply = client.finish();
        EXPECT_TRUE(reply.complete && reply.as_expected);
        ASSERT_TRUE(becomes(path_of(*file_), "\"" + file_->body.sha256() + "\""));
    }

    Reply resume(const std::string& etag, std::uint64_t from) {
        Client client(service().port());
        client.expect(file_->body, from);
        return client.get(path_of(*file_), {{"Range", "bytes=" + std::to_string(from) + "-"}, {"If-Range", etag}});
    }

    const Distribution* file_ = nullptr;
};

TEST_F(Delivery, ItsEtagSaysThatItIsNotVerifiedYet) {
    Client client(service().port());
    const std::string etag = begin(client);
    EXPECT_THAT(etag, StartsWith("\"u-"));
    EXPECT_EQ(client.reply().field("Content-Length"), std::to_string(file_->body.size()));
    EXPECT_NE(get(path_of(*file_), {{"If-None-Match", etag}}, "HEAD").status, 304u);
    finish(client);
}

TEST_F(Delivery, OnceVerifiedItsEtagResumes) {
    Client client(service().port());
    const std::string etag = begin(client);
    finish(client);
    const Reply reply = resume(etag, 1000);
    EXPECT_EQ(reply.status, 206u);
    EXPECT_TRUE(reply.complete && reply.as_expected);
    EXPECT_EQ(reply.received, file_->body.size() - 1000);
}

TEST_F(Delivery, AnotherProcessKnowsNothingOfIt) {
    Client client(service().port());
    const std::string etag = begin(client);
    finish(client);
    stop();
    start();
    EXPECT_EQ(resume(etag, 1000).status, 200u);
    EXPECT_EQ(resume("\"" + file_->body.sha256() + "\"", 1000).status, 206u);
}

TEST_F(Delivery, AnInventedEtagDoesNotResume) {
    Client client(service().port());
    begin(client);
    finish(client);
    EXPECT_EQ(resume("\"u-00000000000000000000000000000000\"", 1000).status, 200u);
    EXPECT_EQ(resume("\"u-\"", 1000).status, 200u);
}

TEST_F(Delivery, TheEtagOfALieIsNeverHonoured) {
    Server& root = farm().at("root");
    root.behave();
    root.misbehave(file_->filename, Behaviour().flip(-1));
    Client client(service().port());
    client.request(path_of(*file_));
    ASSERT_TRUE(client.read_body(1));
    const std::string etag(client.reply().field("ETag"));
    EXPECT_FALSE(client.finish().complete);
    root.behave();
    stop(); // the quarantine ends with the process; so does what is known of the delivery
    start();
    EXPECT_EQ(get(path_of(*file_)).status, 200u);
    EXPECT_EQ(resume(etag, 1000).status, 200u) << "from the start, not spliced onto wrong bytes";
}

TEST_F(Delivery, ARangeToTheEndFollowsTheDeliveryAndAPieceOfTheMiddleDoesNot) {
    Client client(service().port());
    begin(client);
    Client tail(service().port());
    const std::uint64_t from = file_->body.size() / 4;
    tail.expect(file_->body, from);
    tail.request(path_of(*file_), {{"Range", "bytes=" + std::to_string(from) + "-"}});
    ASSERT_TRUE(tail.read_body(1));
    EXPECT_EQ(tail.reply().status, 206u);
    Client middle(service().port());
    middle.request(path_of(*file_), {{"Range", "bytes=0-3000000"}});
    ASSERT_TRUE(middle.read_head());
    EXPECT_EQ(middle.reply().status, 200u) << "more than 1 MiB from the middle of what is not verified";
    middle.leave();
    gates().open("middle");
    const Reply rest = tail.finish();
    EXPECT_TRUE(rest.complete && rest.as_expected);
    finish(client);
    EXPECT_EQ(farm().at("root").record().count(file_->filename, "GET"), 1u);
}

TEST_F(Delivery, WhoAsksForTheEndTooFarAheadIsGivenAllOfItInsteadOfSilence) {
    Server& root = farm().at("root");
    root.behave();
    root.set_rate(200 * KiB); // all of it takes longer than anybody waits
    Client tail(service().port());
    tail.expect(file_->body);
    tail.request(path_of(*file_), {{"Range", "bytes=-2000000"}});
    ASSERT_TRUE(tail.read_body(1));
    EXPECT_EQ(tail.reply().status, 200u);
    root.set_rate(0);
    const Reply rest = tail.finish();
    EXPECT_TRUE(rest.complete && rest.as_expected);
    EXPECT_LT(rest.longest_gap, most_silence);
}

TEST_F(Delivery, TheLastBytesWaitForTheDigest) {
    Server& root = farm().at("root");
    root.behave();
    root.misbehave(file_->filename, Behaviour().stall(-1, "last"));
    Client client(service().port());
    client.expect(file_->body);
    client.request(path_of(*file_));
    ASSERT_TRUE(client.read_body(1));
    ASSERT_TRUE(gates().wait_arrivals("last"));
    // 256 KiB are held back; all before them may come, and does.
    EXPECT_TRUE(client.read_body(file_->body.size() - 256 * KiB));
    EXPECT_LE(client.reply().received, file_->body.size() - 256 * KiB);
    gates().open("last");
    const Reply reply = client.finish();
    EXPECT_TRUE(reply.complete && reply.as_expected);
}

} // namespace
} // namespace yizhan::integration
