#include "proxy/http/response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::Not;
using std::string_view_literals::operator""sv;

std::string rendered(const Response& response, const HeadPlan& plan) {
    std::string out = "left over";
    EXPECT_EQ(render_head(response, plan, out), !out.empty());
    return out;
}

TEST(ResponseHead, has_the_line_the_fields_and_an_empty_line) {
    Response response;
    response.content_type = "text/html";
    response.etag = "\"abc\"";
    response.ranges = Ranges::all;
    response.fields.emplace_back("Vary", "Accept");
    const auto head = rendered(response, {.status = 200, .length = 5});
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    for (const auto* line :
         {"\r\nX-Content-Type-Options: nosniff\r\n", "\r\nContent-Length: 5\r\n", "\r\nContent-Type: text/html\r\n",
          "\r\nETag: \"abc\"\r\n", "\r\nAccept-Ranges: bytes\r\n", "\r\nVary: Accept\r\n"})
        EXPECT_THAT(head, HasSubstr(line));
    EXPECT_THAT(head, Not(HasSubstr("Connection")));
    EXPECT_THAT(head, Not(HasSubstr("Server")));
}

TEST(ResponseHead, tells_framing_and_persistence) {
    const Response response;
    EXPECT_THAT(rendered(response, {.framing = Framing::chunked}), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_THAT(rendered(response, {.framing = Framing::chunked}), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(rendered(response, {.framing = Framing::close}), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(rendered(response, {.status = 304, .framing = Framing::none}), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(rendered(response, {.persistence = Persistence::close}), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(rendered(response, {.persistence = Persistence::keep_alive}),
                HasSubstr("\r\nConnection: keep-alive\r\n"));
}

TEST(ResponseHead, tells_the_window_of_a_range) {
    EXPECT_THAT(rendered(Response{}, {.status = 206, .length = 10, .total = 100, .first = 90}),
                HasSubstr("\r\nContent-Range: bytes 90-99/100\r\n"));
}

TEST(ResponseHead, offers_ranges_only_where_every_range_is_answered) {
    Response response;
    response.ranges = Ranges::to_end;
    EXPECT_THAT(rendered(response, {}), Not(HasSubstr("Accept-Ranges")));
    response.ranges = Ranges::all;
    EXPECT_THAT(rendered(response, {.status = 503}), Not(HasSubstr("Accept-Ranges")));
}

TEST(ResponseHead, never_lets_foreign_bytes_end_a_line) {
    for (const std::string_view view :
         {"a\r\nX: y"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, "\x7f"sv, "b\xc3\xbcro"sv, "\x1b[0m"sv}) {
        const std::string bad(view);
        Response type, tag, value, name;
        type.content_type = bad;
        tag.etag = bad;
        value.fields.emplace_back("X-A", bad);
        name.fields.emplace_back(bad, "a");
        for (const auto* response : {&type, &tag, &value, &name}) {
            std::string out;
            EXPECT_FALSE(render_head(*response, {}, out));
            EXPECT_EQ(out, "");
        }
    }
}

TEST(ResponseHead, leaves_framing_to_the_connection) {
    for (const auto* name : {"content-length", "Transfer-Encoding", "CONNECTION", "Date", "Keep-Alive", "Trailer",
                             "Upgrade", "", "a b", "a:"}) {
        Response response;
        response.fields.emplace_back(name, "0");
        std::string out;
        EXPECT_FALSE(render_head(response, {}, out)) << name;
    }
}

TEST(ResponseHead, has_the_lines_that_many_answers_share) {
    const auto lines = render_fields({{"Vary", "Accept"}, {"Cache-Control", "max-age=0"}});
    EXPECT_EQ(lines, "Vary: Accept\r\nCache-Control: max-age=0\r\n");
    Response response;
    response.lines = lines;
    response.hit_ttl = 599;
    for (const unsigned status : {200U, 304U}) {
        const auto head = rendered(response, {.status = status});
        EXPECT_THAT(head, HasSubstr("\r\nVary: Accept\r\nCache-Control: max-age=0\r\n"));
        EXPECT_THAT(head, HasSubstr("\r\nCache-Status: yizhan; hit; ttl=599\r\n"));
        EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    }
    response.hit_ttl = std::nullopt;
    EXPECT_THAT(rendered(response, {}), Not(HasSubstr("Cache-Status")));
}

TEST(RenderedFields, are_as_fit_for_the_wire_as_those_of_a_response) {
    EXPECT_THROW(render_fields({{"X-A", "a\r\nX: y"}}), std::invalid_argument);
    EXPECT_THROW(render_fields({{"a b", "c"}}), std::invalid_argument);
    EXPECT_THROW(render_fields({{"Content-Length", "0"}}), std::invalid_argument);
}

TEST(HttpDate, is_an_imf_fixdate) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
}

} // namespace
} // namespace yizhan
