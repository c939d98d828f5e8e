#include "proxy/http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yizhan {
namespace {

std::string body(const Response& response) {
    return *std::get<Shared>(response.body);
}

std::string field(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.fields)
        if (key == name)
            return value;
    return {};
}

TEST(Request, finds_the_first_field_of_a_name) {
    Request request;
    request.fields = {{"Accept", "a"}, {"accept", "b"}};
    EXPECT_EQ(request.field("ACCEPT"), "a");
    EXPECT_EQ(request.field("Range"), "");
}

TEST(Plain, is_text_that_nobody_keeps) {
    const auto response = plain(404, "Not here.");
    EXPECT_EQ(response.status, 404U);
    EXPECT_EQ(body(response), "Not here.\n");
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(field(response, "Cache-Control"), "no-store");
    EXPECT_EQ(field(response, "Retry-After"), "");
}

TEST(Plain, gives_each_failure_the_status_that_clients_act_rightly_on) {
    for (const auto code : {Errc::not_found, Errc::refused, Errc::invalid}) {
        const auto response = plain(Error{.code = code, .message = "m", .tried = {}});
        EXPECT_EQ(response.status, 404U) << name(code);
        EXPECT_EQ(field(response, "Retry-After"), "");
    }
    for (const auto code : {Errc::unavailable, Errc::timeout, Errc::protocol, Errc::digest_mismatch, Errc::corrupt,
                            Errc::io, Errc::no_space, Errc::cancelled}) {
        const auto response = plain(Error{.code = code, .message = "m", .tried = {}});
        EXPECT_EQ(response.status, 503U) << name(code);
        const auto seconds = std::stoi(field(response, "Retry-After"));
        EXPECT_GE(seconds, 2);
        EXPECT_LE(seconds, 5);
    }
    const auto crowded = plain(Error{.code = Errc::crowded, .message = "m", .tried = {}});
    EXPECT_EQ(crowded.status, 503U);
    EXPECT_EQ(field(crowded, "Retry-After"), "15") << "others' files take longer than that";
}

TEST(Plain, tells_what_was_tried) {
    const auto response =
        plain(Error{.code = Errc::unavailable, .message = "nobody answered", .tried = {"a: 500", "b: silent"}});
    EXPECT_EQ(body(response), "nobody answered\n  - a: 500\n  - b: silent\n");
    EXPECT_EQ(response.note, "unavailable");
}

TEST(Moved, points_relative_to_the_request) {
    const auto response = moved("../six/");
    EXPECT_EQ(response.status, 301U);
    EXPECT_EQ(field(response, "Location"), "../six/");
}

} // namespace
} // namespace yizhan
