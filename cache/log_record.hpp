// The lines of objects.log. Each is "<8 hex: CRC-32 of the rest> <verb> <fields…>\n", fields separated by one space and
// percent-encoded, so that the file can be read, grepped and repaired by hand:
//
//   <crc> log <format> <generation>                                     first line, once
//   <crc> blob <sha256> <size>                                          a blob kept although nothing leads to it
//   <crc> object <sha256> <size> <grade> <path> <source>                a path stands for a blob
//   <crc> page <sha256> <size> <checked> <key> <url> <type> <etag> <last-modified>
//   <crc> erase <sha256>                                                the blob and all that led to it are gone
//   <crc> drop <sha256>                                                 the blob is gone if nothing leads to it
//
// Later lines win; a line about a blob whose file is missing counts for nothing. Pure functions, any thread.
#pragma once

#include "cache/store.hpp"
#include "config/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace yizhan {

struct BlobRecord {
    Sha256 digest;
    std::uint64_t size = 0;
};

struct ObjectRecord {
    Sha256 digest;
    std::uint64_t size = 0;
    Grade grade = Grade::seen;
    PathKey path;
    std::string source;
};

struct PageRecord {
    std::string key;
    Document document;
    std::uint64_t size = 0;
};

struct EraseRecord {
    Sha256 digest;
};

/// Follows a line that took the last reference away. It is not an erasure, because that line may turn out to count for
/// nothing: its commit failed, its blob was never finished.
struct DropRecord {
    Sha256 digest;
};

/// One change of what is stored; the log, the catalog and recovery all speak in these.
using Record = std::variant<BlobRecord, ObjectRecord, PageRecord, EraseRecord, DropRecord>;

struct LogHeader {
    std::uint32_t format = 1;
    std::uint64_t generation = 0; ///< drawn anew whenever the file is written anew
};

/// Longest line that is written or read, in bytes with its newline: paths and URLs are bounded to a few KiB each, and
/// percent-encoding triples them at worst.
inline constexpr std::size_t max_log_line = std::size_t{128} * 1024;

/// With the newline.
std::string encode_line(const Record& record);
std::string encode_line(const LogHeader& header);

/// Without the newline; nullopt when the checksum, the verb or a field is wrong.
std::optional<Record> decode_record(std::string_view line);
std::optional<LogHeader> decode_header(std::string_view line);

} // namespace yizhan
