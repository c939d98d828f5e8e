#include "proxy/http/delivery.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace yizhan {
namespace {

struct Stream final : ByteStream {
    explicit Stream(std::optional<std::uint64_t> bytes) : bytes_(bytes) {}
    std::optional<std::uint64_t> size() const override { return bytes_; }
    Task<Result<std::optional<Extent>>> next(std::uint64_t) override { co_return std::nullopt; }
    std::optional<std::uint64_t> bytes_;
};

Response with(Body body, Ranges ranges = Ranges::none) {
    Response out;
    out.etag = "\"abc\"";
    out.ranges = ranges;
    out.body = std::move(body);
    return out;
}

Response stream(std::optional<std::uint64_t> size, Ranges ranges = Ranges::none) {
    return with(std::make_unique<Stream>(size), ranges);
}

Response text(std::string bytes, Ranges ranges = Ranges::none) {
    return with(std::make_shared<const std::string>(std::move(bytes)), ranges);
}

Request asking(std::vector<std::pair<std::string_view, std::string_view>> fields = {}, Method method = Method::get) {
    Request out;
    out.method = method;
    out.fields = std::move(fields);
    return out;
}

TEST(Delivery, frames_a_body_by_what_is_known_and_understood) {
    auto known = stream(5);
    EXPECT_EQ(plan_delivery(asking(), true, true, known).head.framing, Framing::length);
    auto chunked = stream(std::nullopt);
    EXPECT_EQ(plan_delivery(asking(), true, true, chunked).head.framing, Framing::chunked);
    auto closed = stream(std::nullopt);
    const auto delivery = plan_delivery(asking(), false, true, closed);
    EXPECT_EQ(delivery.head.framing, Framing::close);
    EXPECT_EQ(delivery.head.persistence, Persistence::close);
    auto nothing = with(Empty{});
    EXPECT_EQ(plan_delivery(asking(), true, true, nothing).head.framing, Framing::length);
}

TEST(Delivery, persists_as_the_client_asked_and_the_route_allows) {
    const auto persistence = [](bool http_1_1, bool keep_alive, bool close) {
        auto response = text("x");
        response.close = close;
        return plan_delivery(asking(), http_1_1, keep_alive, response).head.persistence;
    };
    EXPECT_EQ(persistence(true, true, false), Persistence::implied);
    EXPECT_EQ(persistence(false, true, false), Persistence::keep_alive);
    EXPECT_EQ(persistence(true, false, false), Persistence::close);
    EXPECT_EQ(persistence(true, true, true), Persistence::close);
}

TEST(Delivery, of_head_has_the_length_and_no_body) {
    auto response = text("hello", Ranges::all);
    const auto delivery = plan_delivery(asking({{"Range", "bytes=0-0"}}, Method::head), true, true, response);
    EXPECT_EQ(delivery.head.status, 200U);
    EXPECT_EQ(delivery.head.length, 5U);
    EXPECT_FALSE(delivery.with_body);
    auto unknown = stream(std::nullopt);
    EXPECT_EQ(plan_delivery(asking({}, Method::head), true, true, unknown).head.framing, Framing::none);
}

TEST(Delivery, applies_conditions_to_a_200_only) {
    auto not_modified = text("hello");
    const auto delivery = plan_delivery(asking({{"If-None-Match", "\"abc\""}}), true, true, not_modified);
    EXPECT_EQ(delivery.head.status, 304U);
    EXPECT_FALSE(delivery.with_body);
    auto missing = plain(404, "Not here.");
    missing.etag = "\"abc\"";
    const auto asked = asking({{"If-None-Match", "\"abc\""}, {"Range", "bytes=0-0"}});
    EXPECT_EQ(plan_delivery(asked, true, true, missing).head.status, 404U);
}

TEST(Delivery, narrows_to_the_window) {
    auto response = text("hello", Ranges::all);
    const auto delivery = plan_delivery(asking({{"Range", "bytes=1-3"}}), true, true, response);
    EXPECT_EQ(delivery.head.status, 206U);
    EXPECT_EQ(delivery.first, 1U);
    EXPECT_EQ(delivery.size, 3U);
    EXPECT_EQ(delivery.head.total, 5U);
}

TEST(Delivery, replaces_what_cannot_be_satisfied_by_words) {
    auto response = text("hello", Ranges::all);
    const auto delivery = plan_delivery(asking({{"Range", "bytes=9-"}}), true, true, response);
    EXPECT_EQ(delivery.head.status, 416U);
    EXPECT_EQ(response.fields.back(), (std::pair<std::string, std::string>("Content-Range", "bytes */5")));
    EXPECT_EQ(delivery.head.length, size_of(response.body));
    auto other = text("hello");
    EXPECT_EQ(plan_delivery(asking({{"If-Match", "\"x\""}}), true, true, other).head.status, 412U);
    EXPECT_NE(*std::get<Shared>(other.body), "hello");
}

TEST(Delivery, knows_sizes) {
    EXPECT_EQ(size_of(Empty{}), 0U);
    EXPECT_EQ(size_of(Shared{}), 0U);
    EXPECT_EQ(size_of(std::make_shared<const std::string>("abc")), 3U);
    EXPECT_EQ(size_of(std::make_unique<Stream>(7)), 7U);
    EXPECT_EQ(size_of(std::make_unique<Stream>(std::nullopt)), std::nullopt);
}

} // namespace
} // namespace yizhan
