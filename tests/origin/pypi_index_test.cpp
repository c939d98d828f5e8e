#include "tests/origin/client.hpp"
#include "tests/origin/farm.hpp"
#include "tests/origin/pypi_index.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yizhan::origin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* json_type = "application/vnd.pypi.simple.v1+json";

class OriginIndex : public ::testing::Test {
  protected:
    Farm farm_;
    Server& server_ = farm_.add("a");
    PypiIndex& index_ = farm_.index();

    Reply get(std::string_view target, const Fields& fields = {}) {
        return Client(server_.port(), server_.address()).get(target, fields);
    }
};

TEST_F(OriginIndex, WritesPagesWhoseLinksLeadToTheFiles) {
    const Distribution& wheel = index_.add_wheel("six", "1.0", {.requires_python = ">=3"});
    index_.publish(server_);
    const Reply page = get("/simple/six/");
    EXPECT_EQ(page.field("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.field("vary"), "Accept");
    EXPECT_THAT(page.body, HasSubstr("<a href=\"../../packages/" + wheel.body.pypi_folder() +
                                     "/six-1.0-py3-none-any.whl#sha256=" + wheel.body.sha256() +
                                     "\" data-requires-python=\"&gt;=3\""));
    const Reply file = get(index_.path(wheel.filename));
    EXPECT_EQ(file.body, wheel.body.str());
    EXPECT_EQ(get(index_.path(wheel.filename) + ".metadata").body, *wheel.metadata);
    EXPECT_EQ(get("/simple/six").status, 301u);
}

TEST_F(OriginIndex, WritesJsonForThoseWhoAskForIt) {
    Distribution& wheel = index_.add_wheel("six", "1.0");
    wheel.yanked = "broken";
    index_.publish(server_, {.links = PublishOptions::Links::absolute, .serial = 12});
    const Reply page = get("/simple/six/", {{"Accept", std::string(json_type) + ", text/html;q=0.1"}});
    EXPECT_EQ(page.field("content-type"), json_type);
    EXPECT_EQ(page.field("x-pypi-last-serial"), "12");
    const boost::json::value value = boost::json::parse(page.body);
    const auto& file = value.at("files").at(0);
    EXPECT_EQ(file.at("url").as_string(), server_.url(index_.path(wheel.filename)));
    EXPECT_EQ(file.at("hashes").at("sha256").as_string(), wheel.body.sha256());
    EXPECT_EQ(file.at("core-metadata").at("sha256").as_string(), sha256_hex(*wheel.metadata));
    EXPECT_EQ(file.at("yanked").as_string(), "broken");
    EXPECT_EQ(value.at("versions").at(0).as_string(), "1.0");
}

TEST_F(OriginIndex, SpeaksTheDialectsOfMirrors) {
    index_.add_wheel("lib", "1.0+cu1");
    index_.publish(server_, {.paths = PublishOptions::Paths::plain,
                             .links = PublishOptions::Links::rooted,
                             .hash = PublishOptions::Hash::none,
                             .metadata = PublishOptions::Metadata::missing,
                             .json = false});
    const Reply page = get("/simple/lib/", {{"Accept", json_type}});
    EXPECT_THAT(page.body, HasSubstr("href=\"/files/lib/lib-1.0%2Bcu1-py3-none-any.whl\""));
    EXPECT_THAT(page.body, HasSubstr("data-core-metadata"));
    EXPECT_THAT(page.body, Not(HasSubstr("#sha256")));
    EXPECT_EQ(get("/files/lib/lib-1.0%2Bcu1-py3-none-any.whl").status, 200u);
    EXPECT_EQ(get("/files/lib/lib-1.0%2Bcu1-py3-none-any.whl.metadata").status, 404u);
}

TEST_F(OriginIndex, PutsFilesOnAnotherServerAndLeavesProjectsOut) {
    index_.add_wheel("six", "1.0");
    index_.add_wheel("late", "1.0");
    Server& files = farm_.add("files");
    index_.publish(server_, {.files_on = &files, .only = {"six"}});
    EXPECT_THAT(get("/simple/six/").body, HasSubstr("href=\"" + files.origin() + "/packages/"));
    EXPECT_EQ(get("/simple/late/").status, 404u);
    EXPECT_EQ(get(index_.path("six-1.0-py3-none-any.whl")).status, 404u);
    EXPECT_EQ(Client(files.port(), files.address()).get(index_.path("six-1.0-py3-none-any.whl")).status, 200u);
}

TEST_F(OriginIndex, LetsAMirrorLagAndNameAnotherDigest) {
    const std::string old = index_.add_wheel("six", "1.0").filename;
    const std::string recent = index_.add_wheel("six", "2.0", {.seed = 2}).filename;
    index_.publish(server_, {.serial = 7, .without = {recent}, .other_hash = {old}});
    for (const std::string& page : {get("/simple/six/").body, get("/simple/six/", {{"Accept", json_type}}).body}) {
        EXPECT_THAT(page, HasSubstr(old));
        EXPECT_THAT(page, Not(HasSubstr(recent)));
        EXPECT_THAT(page, Not(HasSubstr(index_.find(old).body.sha256())));
    }
    EXPECT_EQ(get(index_.path(old)).body, index_.find(old).body.str()) << "the bytes are right";
    EXPECT_EQ(get(index_.path(recent)).status, 404u);
    Server& other = farm_.add("other");
    index_.publish(other);
    EXPECT_THAT(Client(other.port(), other.address()).get("/simple/six/").body,
                HasSubstr(index_.find(old).body.sha256()))
        << "a mirror's dialect is its own";
}

} // namespace
} // namespace yizhan::origin
