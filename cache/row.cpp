#include "cache/row.hpp"

#include <fmt/format.h>

#include <concepts>
#include <cstring>
#include <limits>
#include <utility>

namespace yizhan {
namespace {

// The first byte of every value. A value's layout may change only together with this number, and an older reader must
// refuse what it does not know instead of guessing.
constexpr std::uint8_t row_version = 1;

enum BlobFlags : std::uint8_t { blob_kept = 1 };
enum LedgerFlags : std::uint8_t { ledger_size = 1, ledger_metadata = 2, ledger_metadata_available = 4 };

class Writer {
  public:
    Writer() { number(row_version); }

    template <std::unsigned_integral T>
    Writer& number(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
        return *this;
    }

    Writer& digest(const Sha256& digest) {
        bytes_.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
        return *this;
    }

    Writer& text(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        bytes_ += text;
        return *this;
    }

    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

/// Reads fields in order; after the first one that does not fit every further one is zero or empty and `done` fails.
class Reader {
  public:
    Reader(std::string_view kind, std::string_view bytes) : kind_(kind), rest_(bytes) {
        version_ = number<std::uint8_t>();
        ok_ = ok_ && version_ == row_version;
    }

    template <std::unsigned_integral T>
    T number() {
        const auto raw = take(sizeof(T));
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < raw.size(); ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
        return static_cast<T>(value);
    }

    Sha256 digest() {
        Sha256 out;
        if (const auto raw = take(Sha256::size); raw.size() == Sha256::size)
            std::memcpy(out.bytes.data(), raw.data(), Sha256::size);
        return out;
    }

    std::string_view text() { return take(number<std::uint32_t>()); }

    Grade grade() {
        const auto raw = number<std::uint8_t>();
        require(raw >= std::to_underlying(Grade::seen) && raw <= std::to_underlying(Grade::root));
        return static_cast<Grade>(raw);
    }

    std::uint8_t flags(unsigned known) {
        const auto raw = number<std::uint8_t>();
        require((raw & ~known) == 0);
        return raw;
    }

    void require(bool condition) { ok_ = ok_ && condition; }

    template <class Row>
    Result<Row> done(Row row) const {
        if (ok_ && rest_.empty())
            return row;
        if (version_ > row_version)
            return fail(Errc::corrupt, fmt::format("catalog value of kind {} has version {}, this yizhan knows {}; it "
                                                   "was written by a newer one",
                                                   kind_, version_, row_version));
        return fail(Errc::corrupt, fmt::format("catalog value of kind {} is damaged", kind_));
    }

  private:
    std::string_view take(std::size_t count) {
        if (!ok_ || count > rest_.size()) {
            ok_ = false;
            return {};
        }
        const auto out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }

    std::string_view kind_;
    std::string_view rest_;
    std::uint8_t version_ = 0;
    bool ok_ = true;
};

} // namespace

std::string encode(const ObjectRow& row) {
    return Writer().digest(row.digest).number(row.size).number(std::to_underlying(row.grade)).text(row.source).take();
}

Result<ObjectRow> decode_object(std::string_view bytes) {
    Reader in("object", bytes);
    ObjectRow row;
    row.digest = in.digest();
    row.size = in.number<std::uint64_t>();
    row.grade = in.grade();
    row.source = in.text();
    return in.done(row);
}

std::string encode(const BlobRow& row) {
    return Writer().number(row.size).number(static_cast<std::uint8_t>(row.kept ? blob_kept : 0)).take();
}

Result<BlobRow> decode_blob(std::string_view bytes) {
    Reader in("blob", bytes);
    BlobRow row;
    row.size = in.number<std::uint64_t>();
    row.kept = in.flags(blob_kept) & blob_kept;
    return in.done(row);
}

std::string encode(const PageRow& row) {
    const auto& document = row.document;
    return Writer()
        .digest(document.digest)
        .number(row.size)
        .number(static_cast<std::uint64_t>(document.checked_at))
        .text(document.url)
        .text(document.content_type)
        .text(document.etag)
        .text(document.last_modified)
        .take();
}

Result<PageRow> decode_page(std::string_view bytes) {
    Reader in("page", bytes);
    PageRow row;
    row.document.digest = in.digest();
    row.size = in.number<std::uint64_t>();
    row.document.checked_at = static_cast<std::int64_t>(in.number<std::uint64_t>());
    row.document.url = in.text();
    row.document.content_type = in.text();
    row.document.etag = in.text();
    row.document.last_modified = in.text();
    return in.done(std::move(row));
}

std::string encode(const LedgerEntry& row) {
    const auto flags = (row.size ? ledger_size : 0) | (row.metadata ? ledger_metadata : 0) |
                       (row.metadata_available ? ledger_metadata_available : 0);
    return Writer()
        .digest(row.digest)
        .number(std::to_underlying(row.grade))
        .number(static_cast<std::uint8_t>(flags))
        .number(row.size.value_or(0))
        .digest(row.metadata.value_or(Sha256{}))
        .text(row.source)
        .take();
}

Result<LedgerEntry> decode_ledger(std::string_view bytes) {
    Reader in("ledger", bytes);
    LedgerEntry row;
    row.digest = in.digest();
    row.grade = in.grade();
    const auto flags = in.flags(ledger_size | ledger_metadata | ledger_metadata_available);
    const auto size = in.number<std::uint64_t>();
    const auto metadata = in.digest();
    if (flags & ledger_size)
        row.size = size;
    if (flags & ledger_metadata)
        row.metadata = metadata;
    row.metadata_available = flags & ledger_metadata_available;
    row.source = in.text();
    return in.done(std::move(row));
}

std::string encode(const Totals& row) {
    return Writer().number(row.blobs).number(row.bytes).number(row.objects).number(row.documents).take();
}

Result<Totals> decode_totals(std::string_view bytes) {
    Reader in("totals", bytes);
    Totals row;
    row.blobs = in.number<std::uint64_t>();
    row.bytes = in.number<std::uint64_t>();
    row.objects = in.number<std::uint64_t>();
    row.documents = in.number<std::uint64_t>();
    return in.done(row);
}

std::string encode(const LogPosition& row) {
    return Writer()
        .number(row.generation)
        .number(row.offset)
        .number(row.lines)
        .number(static_cast<std::uint8_t>(row.clean))
        .take();
}

Result<LogPosition> decode_log_position(std::string_view bytes) {
    Reader in("log position", bytes);
    LogPosition row;
    row.generation = in.number<std::uint64_t>();
    row.offset = in.number<std::uint64_t>();
    row.lines = in.number<std::uint64_t>();
    row.clean = in.flags(1);
    return in.done(row);
}

std::string encode_schema(std::uint32_t schema) {
    return Writer().number(schema).take();
}

Result<std::uint32_t> decode_schema(std::string_view bytes) {
    Reader in("schema", bytes);
    const auto schema = in.number<std::uint32_t>();
    return in.done(schema);
}

std::string encode_link() {
    return Writer().take();
}

} // namespace yizhan
