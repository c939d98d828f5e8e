// The catalog's values as bytes: a version byte, then little-endian integers, raw digests and length-prefixed strings.
// Decoding is bounded and strict: a value that is short, too long, of another version or out of range is
// Errc::corrupt and never reads outside its bytes. Pure functions, any thread.
#pragma once

#include "cache/store.hpp"
#include "config/digest.hpp"
#include "config/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace yizhan {

/// Family `objects`: what a canonical path stands for. `source` points into the decoded bytes.
struct ObjectRow {
    Sha256 digest;
    std::uint64_t size = 0; ///< of the blob, here too so that a hit costs one look-up
    Grade grade = Grade::seen;
    std::string_view source;

    bool operator==(const ObjectRow&) const = default;
};

/// Family `blobs`, key: the digest's 32 bytes.
struct BlobRow {
    std::uint64_t size = 0;
    bool kept = false; ///< stays although no path and no document leads to it

    bool operator==(const BlobRow&) const = default;
};

/// Family `pages`: an upstream document, and the size of its blob.
struct PageRow {
    Document document;
    std::uint64_t size = 0;
};

/// Family `meta`, key "totals": exact sums, written in the batch that changes them. A catalog whose rows add up to
/// something else has lost some and is rebuilt.
struct Totals {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t objects = 0;
    std::uint64_t documents = 0;

    bool operator==(const Totals&) const = default;
};

/// Family `meta`, key "log": how much of objects.log this catalog has taken in.
struct LogPosition {
    std::uint64_t generation = 0; ///< of the objects.log that `offset` counts in
    std::uint64_t offset = 0;     ///< lines from here on are applied at the next start
    std::uint64_t lines = 0;      ///< in the whole file
    bool clean = false;           ///< the last process said goodbye: no blob can be without its row

    bool operator==(const LogPosition&) const = default;
};

std::string encode(const ObjectRow& row);
std::string encode(const BlobRow& row);
std::string encode(const PageRow& row);
std::string encode(const LedgerEntry& row);
std::string encode(const Totals& row);
std::string encode(const LogPosition& row);
std::string encode_schema(std::uint32_t schema);
std::string encode_link(); ///< a reference's value: nothing but the version

Result<ObjectRow> decode_object(std::string_view bytes);
Result<BlobRow> decode_blob(std::string_view bytes);
Result<PageRow> decode_page(std::string_view bytes);
Result<LedgerEntry> decode_ledger(std::string_view bytes);
Result<Totals> decode_totals(std::string_view bytes);
Result<LogPosition> decode_log_position(std::string_view bytes);
Result<std::uint32_t> decode_schema(std::string_view bytes);

} // namespace yizhan
