#include "index/negotiate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace yizhan {
namespace {

constexpr auto html = PageFormat::html_legacy;
constexpr auto html_v1 = PageFormat::html_v1;
constexpr auto json = PageFormat::json_v1;

TEST(NegotiateFormat, EveryClientGetsWhatItAsksFor) {
    const std::pair<std::string_view, PageFormat> table[] = {
        {"", html},
        {"text/html", html}, // pip 9 to 21
        {"application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
         json}, // pip 22+
        {"application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
         json},                                                   // uv
        {"application/vnd.pypi.simple.v1+json, */*;q=0.1", json}, // poetry
        {"*/*", html},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", html}, // browsers
        {"application/vnd.pypi.simple.v1+html", html_v1},
        {"application/vnd.pypi.simple.latest+json", json},
        {"application/vnd.pypi.simple.latest+html", html_v1},
        {"APPLICATION/VND.PYPI.SIMPLE.V1+JSON", json},
        {"application/vnd.pypi.simple.v1+json;charset=utf-8", json},
        {"application/vnd.pypi.simple.v2+json", html},
        {"application/json", html},
        {"image/png", html},
        {"text/*", html},
        {"application/*", html_v1},
        {"*", html},
    };
    for (const auto& [accept, format] : table)
        EXPECT_EQ(negotiate_format(accept), format) << accept;
}

TEST(NegotiateFormat, WeightsAndWildcardsCountAsInRfc9110) {
    const std::pair<std::string_view, PageFormat> table[] = {
        {"text/html;q=0.5, application/vnd.pypi.simple.v1+json;q=0.6", json},
        {"text/html;q=0.6, application/vnd.pypi.simple.v1+json;q=0.5", html},
        {"text/html, application/vnd.pypi.simple.v1+json", html},
        {"text/html;q=0, */*", html_v1},
        {"text/html;q=0, application/vnd.pypi.simple.v1+html;q=0, */*", json},
        {"*/*;q=0.9, text/html;q=0.1", html_v1},
        {"application/vnd.pypi.simple.v1+html;q=0, application/*;q=0.5, text/html;q=0.1", json},
        {"text/html;q=0", html}, // nothing acceptable: better a page than a 406
        {"application/vnd.pypi.simple.v1+json;q=0, */*;q=0", html},
        {"application/vnd.pypi.simple.v1+json;q=0.001, text/html;q=0.000", json},
        {"application/vnd.pypi.simple.v1+json;q=0.3;q=0.9, text/html;q=0.5", json},
        {"application/vnd.pypi.simple.v1+json ; a=b ; Q=0.9 , text/html; q=0.8", json},
    };
    for (const auto& [accept, format] : table)
        EXPECT_EQ(negotiate_format(accept), format) << accept;
}

TEST(NegotiateFormat, AWeightThatIsNoneCountsAsRefusal) {
    for (const std::string_view q : {"", "2", "1.5", "0.1234", "-1", "x", "1e9", "0.", "1.000", "0,5"}) {
        const bool valid = q == "0." || q == "1.000";
        const auto accept = "application/vnd.pypi.simple.v1+json;q=" + std::string(q) + ", text/html;q=0.001";
        EXPECT_EQ(negotiate_format(accept), valid && q[0] == '1' ? json : html) << q;
    }
}

TEST(NegotiateFormat, HostileFieldsAreReadOnceAndNotToTheEnd) {
    EXPECT_EQ(negotiate_format(std::string(1'000'000, ',') + "application/vnd.pypi.simple.v1+json"), html);
    EXPECT_EQ(negotiate_format(std::string(1'000'000, ';')), html);
    EXPECT_EQ(negotiate_format(",,;q=1,;,application/vnd.pypi.simple.v1+json,,"), json);
}

TEST(PageFormats, MediaTypesGoBothWays) {
    for (const auto format : {html, html_v1, json})
        EXPECT_EQ(page_format(media_type(format)), format);
    EXPECT_EQ(page_format("text/html; charset=UTF-8"), html);
    EXPECT_EQ(page_format("Application/vnd.pypi.simple.latest+JSON"), json);
    for (const std::string_view other : {"", "text/plain", "*/*", "text/*", "application/json", "html", "text/html5"})
        EXPECT_FALSE(page_format(other)) << other;
}

TEST(NegotiateEncoding, ClientsGetTheBestTheyName) {
    constexpr auto identity = Encoding::identity;
    constexpr auto gzip = Encoding::gzip;
    constexpr auto zstd = Encoding::zstd;
    const std::pair<std::string_view, Encoding> table[] = {
        {"", identity},
        {"identity", identity},
        {"gzip, deflate", gzip},
        {"gzip, deflate, br, zstd", zstd},
        {"gzip, deflate, zstd", zstd},
        {"x-gzip", gzip},
        {"GZIP", gzip},
        {"br", identity},
        {"*", identity},
        {"gzip;q=0, *", identity},
        {"gzip;q=0", identity},
        {"zstd;q=0.5, gzip", gzip},
        {"zstd;q=0.5, gzip;q=0.5", zstd},
        {"identity, gzip;q=0.5", identity},
        {"identity;q=0.5, gzip", gzip},
        {"identity;q=0.5, gzip;q=0.5", gzip},
        {"identity;q=0", identity},
        {"identity;q=0, zstd;q=0", identity},
        {"gzip;q=oops", identity},
    };
    for (const auto& [field, encoding] : table)
        EXPECT_EQ(negotiate_encoding(field), encoding) << field;
}

TEST(ContentCoding, IdentityHasNoName) {
    EXPECT_EQ(content_coding(Encoding::identity), "");
    EXPECT_EQ(content_coding(Encoding::gzip), "gzip");
    EXPECT_EQ(content_coding(Encoding::zstd), "zstd");
}

} // namespace
} // namespace yizhan
