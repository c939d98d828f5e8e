#include "proxy/routes/encode.hpp"

#include <zlib.h>
#include <zstd.h>

#include <stdexcept>

namespace yizhan {
namespace {

// A page is rendered once per generation and sent many times, but the first client waits for it: at these levels
// numpy's 5,000 files take milliseconds, and the highest ones would save only a few per cent more.
constexpr int gzip_level = 6;
constexpr int zstd_level = 6;

std::string gzipped(std::string_view page) {
    z_stream stream{};
    constexpr int gzip_wrapper = 16;
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, MAX_WBITS + gzip_wrapper, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw std::runtime_error("zlib cannot start");
    std::string out(deflateBound(&stream, static_cast<uLong>(page.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(page.data())); // zlib does not write to it
    stream.avail_in = static_cast<uInt>(page.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int rc = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (rc != Z_STREAM_END)
        throw std::runtime_error("zlib cannot finish");
    return out;
}

std::string zstandard(std::string_view page) {
    std::string out(ZSTD_compressBound(page.size()), '\0');
    const auto size = ZSTD_compress(out.data(), out.size(), page.data(), page.size(), zstd_level);
    if (ZSTD_isError(size))
        throw std::runtime_error(ZSTD_getErrorName(size));
    out.resize(size);
    return out;
}

} // namespace

std::string encoded(std::string_view page, Encoding encoding) {
    switch (encoding) {
    case Encoding::gzip:
        return gzipped(page);
    case Encoding::zstd:
        return zstandard(page);
    case Encoding::identity:
        break;
    }
    return std::string(page);
}

} // namespace yizhan
