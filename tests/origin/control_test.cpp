#include "tests/origin/client.hpp"
#include "tests/origin/control.hpp"
#include "tests/origin/script.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace yizhan::origin {
namespace {

class OriginControl : public ::testing::Test {
  protected:
    Farm farm_;
    Control control_{farm_};

    OriginControl() { run_script(farm_, "server a\nserve a /f random=1 size=1000\nwheel six 1.0\npublish a\n"); }

    boost::json::value ask(std::string_view target) { return boost::json::parse(fetch(control_.port(), target).body); }
};

TEST_F(OriginControl, DescribesTheFarm) {
    const auto about = ask("/status");
    EXPECT_EQ(about.at("servers").at("a").at("url").as_string(), farm_.at("a").origin());
    const auto& file = about.at("files").at("six-1.0-py3-none-any.whl");
    EXPECT_EQ(file.at("sha256").as_string(), farm_.index().find("six-1.0-py3-none-any.whl").body.sha256());
    EXPECT_TRUE(about.at("ca").as_string().starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_F(OriginControl, TellsTheRecordAndWaitsForIt) {
    const Server& server = farm_.at("a");
    EXPECT_FALSE(ask("/wait?server=a&path=/f&requests=1&seconds=0").at("reached").as_bool());
    Client(server.port(), server.address()).get("/f?x=1", {{"Range", "bytes=10-"}});
    EXPECT_TRUE(ask("/wait?server=a&path=/f&requests=1").at("reached").as_bool());
    EXPECT_TRUE(ask("/wait?server=a&path=%2Ff&sent=990").at("reached").as_bool());
    const auto record = ask("/record?server=a&path=/f");
    const auto& exchange = record.at("a").at("requests").at(0);
    EXPECT_EQ(exchange.at("target").as_string(), "/f?x=1");
    EXPECT_EQ(exchange.at("status").as_int64(), 206);
    EXPECT_EQ(exchange.at("offset").as_int64(), 10);
    EXPECT_EQ(exchange.at("sent").as_int64(), 990);
    EXPECT_EQ(record.at("a").at("connections").as_int64(), 1);
}

TEST_F(OriginControl, OpensGates) {
    run_script(farm_, "fault a /f stall=5@g");
    Client client(farm_.at("a").port(), farm_.at("a").address());
    client.request("/f");
    EXPECT_TRUE(ask("/wait?gate=g&arrivals=1").at("reached").as_bool());
    EXPECT_TRUE(ask("/open?gate=g").is_object());
    EXPECT_EQ(client.finish().received, 1000u);
}

TEST_F(OriginControl, RunsFurtherScriptAndExplainsMistakes) {
    const auto post = [&](const std::string& body) {
        Client client(control_.port());
        client.send("POST /script HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                    body);
        return client.finish();
    };
    EXPECT_EQ(post("server b\nfault a /f status=503\n").status, 200u);
    EXPECT_EQ(Client(farm_.at("a").port(), farm_.at("a").address()).get("/f").status, 503u);
    const Reply wrong = post("serve");
    EXPECT_EQ(wrong.status, 400u);
    EXPECT_EQ(wrong.body, "line 1: expected a server's name at the end of the line\n");
    EXPECT_EQ(fetch(control_.port(), "/wait?gate=g").status, 400u);
    EXPECT_EQ(fetch(control_.port(), "/nowhere").status, 404u);
}

} // namespace
} // namespace yizhan::origin
