#include "proxy/routes/encode.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace yizhan {
namespace {

std::string page() {
    std::string out;
    for (int i = 0; i < 5000; ++i)
        out += "<a href=\"../../pypi/packages/file-" + std::to_string(i) + ".whl\">file</a>\n";
    return out;
}

std::string gunzipped(const std::string& bytes, std::size_t size) {
    std::string out(size, '\0');
    z_stream stream{};
    constexpr int gzip_only = 16;
    EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + gzip_only), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    return out;
}

TEST(Encode, GzipAndZstdGiveThePageBack) {
    for (const auto& text : {page(), std::string(), std::string("x")}) {
        EXPECT_EQ(encoded(text, Encoding::identity), text);
        EXPECT_EQ(gunzipped(encoded(text, Encoding::gzip), text.size()), text);
        const auto zstd = encoded(text, Encoding::zstd);
        std::string back(text.size(), '\0');
        EXPECT_EQ(ZSTD_decompress(back.data(), back.size(), zstd.data(), zstd.size()), text.size());
        EXPECT_EQ(back, text);
    }
}

TEST(Encode, EqualPagesGiveEqualBytesSoThatEtagsHold) {
    EXPECT_EQ(encoded(page(), Encoding::gzip), encoded(page(), Encoding::gzip));
    EXPECT_EQ(encoded(page(), Encoding::zstd), encoded(page(), Encoding::zstd));
}

TEST(Encode, APageOfLinksShrinksManyTimes) {
    EXPECT_LT(encoded(page(), Encoding::gzip).size() * 5, page().size());
}

} // namespace
} // namespace yizhan
