#include "index/html_text.hpp"
#include "index/zip.hpp"
#include "index/zip_bytes.hpp"

#include <zlib.h>

#include <memory>

namespace yizhan {
namespace {

using namespace zip_bytes;
using namespace std::string_view_literals;

constexpr auto local_signature = "PK\3\4"sv;
constexpr std::size_t local_size = 30;
constexpr std::uint32_t in_zip64 = 0xffffffff;
constexpr std::uint16_t encrypted = 1U << 0 | 1U << 6 | 1U << 13;
constexpr std::uint16_t sizes_follow = 1U << 3; ///< the local header leaves CRC and sizes to a record after the data
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;
constexpr std::uint64_t max_ratio = 200;

std::unexpected<Error> refused(const ZipEntry& entry, std::string_view what) {
    return fail(Errc::protocol, "the wheel's " + one_line(entry.name.substr(0, 300)) + ' ' + std::string(what));
}

struct LocalSizes {
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
};

// The sizes of a local header, looked up in its ZIP64 field where it says so (both are there or none: APPNOTE 4.5.3).
std::optional<LocalSizes> local_sizes(std::string_view header, std::string_view extra) {
    LocalSizes out{.compressed = u32(header, 18), .size = u32(header, 22)};
    if (out.compressed != in_zip64 && out.size != in_zip64)
        return out;
    const auto field = extra_field(extra, zip64_extra);
    if (!field || field->size() < 16)
        return std::nullopt;
    return LocalSizes{.compressed = u64(*field, 8), .size = u64(*field, 0)};
}

struct InflateEnd {
    void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// Raw deflate into exactly `size` bytes; false where the stream is broken, or longer or shorter than that.
bool inflate_exactly(std::string_view data, std::string& out) {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return false;
    const std::unique_ptr<z_stream, InflateEnd> guard(&stream);
    // zlib's interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    return inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
}

} // namespace

Result<ByteRange> zip_member_data(std::string_view local_header, const ZipEntry& entry) {
    if (local_header.size() < local_size || !local_header.starts_with(local_signature))
        return refused(entry, "has no local header where the directory says");
    const std::size_t name_size = u16(local_header, 26);
    const std::size_t extra_size = u16(local_header, 28);
    const ByteRange data{entry.header + local_size + name_size + extra_size, entry.compressed};
    if (local_header.size() < local_size + name_size + extra_size)
        return data; // the caller sees that it ends beyond what it has, and comes again with more
    const auto sizes = local_sizes(local_header, local_header.substr(local_size + name_size, extra_size));
    const auto flags = u16(local_header, 6);
    bool same = local_header.substr(local_size, name_size) == entry.name && flags == entry.flags &&
                u16(local_header, 8) == entry.method;
    if ((flags & sizes_follow) == 0)
        same = same && sizes && sizes->compressed == entry.compressed && sizes->size == entry.size &&
               u32(local_header, 14) == entry.crc;
    if (!same)
        return refused(entry, "is described in two ways, by the directory and by its local header");
    return data;
}

Result<std::string> unpack_zip_member(std::string_view data, const ZipEntry& entry, std::uint64_t limit) {
    if ((entry.flags & encrypted) != 0)
        return refused(entry, "is encrypted");
    if (entry.size > limit)
        return refused(entry, "has " + std::to_string(entry.size) + " bytes; more than " + std::to_string(limit) +
                                  " are not unpacked");
    if (data.size() != entry.compressed)
        return refused(entry, "is cut off");
    if (entry.size > max_ratio * entry.compressed)
        return refused(entry, "is packed more than 200 to 1, as no text is");
    std::string out;
    if (entry.method == stored) {
        if (entry.size != entry.compressed)
            return refused(entry, "is stored, but with two sizes");
        out = data;
    } else if (entry.method == deflated) {
        out.resize(static_cast<std::size_t>(entry.size));
        if (!inflate_exactly(data, out))
            return refused(entry, "does not unpack to the size that the directory gives");
    } else {
        return refused(entry, "is packed by method " + std::to_string(entry.method) +
                                  "; wheels use stored (0) and deflated (8)");
    }
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size());
    if (crc != entry.crc)
        return refused(entry, "does not fit its CRC-32");
    return out;
}

} // namespace yizhan
