#include "proxy/http/own_answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yizhan {
namespace {

using testing::Contains;
using testing::Pair;

TEST(OwnAnswers, to_a_refused_request_end_the_connection) {
    const auto response = refused({.status = 400, .sentence = "No."});
    EXPECT_EQ(response.status, 400U);
    EXPECT_TRUE(response.close);
    EXPECT_EQ(*std::get<Shared>(response.body), "No.\n");
    EXPECT_THAT(response.fields, testing::Not(Contains(Pair("Allow", testing::_))));
    EXPECT_FALSE(refused({.status = 404, .sentence = "Nothing."}).close);
}

TEST(OwnAnswers, to_another_method_name_those_that_are_allowed) {
    EXPECT_THAT(refused({.status = 405, .sentence = "No."}).fields, Contains(Pair("Allow", "GET, HEAD")));
}

TEST(OwnAnswers, over_a_limit_say_which_and_when_to_come_back) {
    const auto all = overloaded(Peers::Welcome::full);
    const auto one = overloaded(Peers::Welcome::client_full);
    for (const auto* response : {&all, &one}) {
        EXPECT_EQ(response->status, 503U);
        EXPECT_TRUE(response->close);
        EXPECT_THAT(response->fields, Contains(Pair("Retry-After", testing::_)));
    }
    EXPECT_NE(*std::get<Shared>(all.body), *std::get<Shared>(one.body));
}

TEST(OwnAnswers, to_a_bug_give_the_id_only) {
    const auto response = broken(42);
    EXPECT_EQ(response.status, 500U);
    EXPECT_TRUE(response.close);
    EXPECT_THAT(*std::get<Shared>(response.body), testing::HasSubstr("request 42"));
}

TEST(FirstLine, is_taken_from_anything) {
    EXPECT_EQ(first_line("GET / HTTP/1.1\r\nHost: a"), "GET / HTTP/1.1");
    EXPECT_EQ(first_line("\r\nGET /\nx"), "GET /");
    EXPECT_EQ(first_line("\x16\x03"), "\x16\x03");
    EXPECT_EQ(first_line(""), "");
}

} // namespace
} // namespace yizhan
