// Just enough of ZIP (APPNOTE 6.3.10) to take one member out of a wheel without reading the rest of it, and strict:
// whatever two readers could understand in two ways is refused (CVE-2025-54368 and PyPI's rules of 2025).
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Bytes [offset, offset + size) of a file.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t end() const { return offset + size; }
    bool operator==(const ByteRange&) const = default;
};

/// What the end of the archive says: where the central directory lies.
struct ZipEnd {
    ByteRange directory;
    std::uint64_t entries = 0;
};

/// One member as the central directory describes it.
struct ZipEntry {
    std::string_view name;    ///< points into the directory's bytes
    std::uint64_t header = 0; ///< offset of its local header
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
};

/// Members beyond this are not looked at: ten times what the largest wheels (torch, tensorflow: 25,000) have.
inline constexpr std::uint64_t max_zip_entries = 200'000;
/// Bytes of a central directory; torch's, the largest known, has 1.3 MB.
inline constexpr std::uint64_t max_zip_directory = 32UL * 1024 * 1024;

/// Finds the end record in the last bytes of a file of `file_size` bytes, ZIP64's included. Refuses: bytes after the
/// archive, a second end record in the comment, several disks, a directory that does not end where the end begins or
/// is beyond the limits above, ZIP64 fields that contradict the plain ones.
Result<ZipEnd> find_zip_end(std::string_view tail, std::uint64_t file_size);

/// Reads the whole directory. Refuses: names that occur twice or hold NUL or '\', members that overlap, bytes before
/// the first member, counts and sizes that do not fit.
Result<std::vector<ZipEntry>> read_zip_directory(std::string_view directory, const ZipEnd& end);

/// Where the member's data lie, once its local header (from `entry.header` on, at least 30 bytes) is here. Refuses a
/// local header that differs from the directory's entry.
Result<ByteRange> zip_member_data(std::string_view local_header, const ZipEntry& entry);

/// The member's content, decompressed and checked against its size and CRC-32. Refuses more than `limit` bytes,
/// encryption, methods other than stored and deflated, and a ratio above 200: text that people write shrinks tenfold
/// at best, deflate's own limit is 1032, and bombs live near it.
Result<std::string> unpack_zip_member(std::string_view data, const ZipEntry& entry, std::uint64_t limit);

} // namespace yizhan
