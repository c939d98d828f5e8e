// What we find in our own store: rows of the catalog, lines of objects.log, what was learnt of an endpoint. Whatever a
// disk or another version made of them is refused or understood, and what is understood is written down again as it
// was.
#include "cache/log_record.hpp"
#include "cache/row.hpp"
#include "proxy/relay/health/learnt.hpp"
#include "tests/fuzz/require.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

using namespace yizhan;
using fuzz::require;

namespace {

constexpr std::int64_t wall = 1'700'000'000;

// The version byte comes first in every row; there is one version.
template <class Row>
void check_row(std::string_view bytes, Result<Row> (*decode)(std::string_view), std::string (*encode)(const Row&)) {
    const auto row = decode(bytes);
    if (!row)
        return require(row.error().code == Errc::corrupt && !row.error().message.empty(), "a refusal has words");
    require(bytes.starts_with('\1'), "another version is not understood");
    const auto once = encode(*row);
    require(once.size() == bytes.size(), "a row has one length");
    const auto again = decode(once);
    require(again.has_value() && encode(*again) == once, "a row is read back as it was");
}

void check_rows(std::string_view bytes) {
    check_row<ObjectRow>(bytes, decode_object, encode);
    check_row<BlobRow>(bytes, decode_blob, encode);
    check_row<PageRow>(bytes, decode_page, encode);
    check_row<LedgerEntry>(bytes, decode_ledger, encode);
    check_row<Totals>(bytes, decode_totals, encode);
    check_row<LogPosition>(bytes, decode_log_position, encode);
    check_row<std::uint32_t>(bytes, decode_schema, [](const std::uint32_t& schema) { return encode_schema(schema); });
    if (const auto object = decode_object(bytes))
        require(object->source.data() >= bytes.data() &&
                    object->source.data() + object->source.size() <= bytes.data() + bytes.size(),
                "a view stays inside the row");
}

void check_line(std::string_view line) {
    if (const auto record = decode_record(line)) {
        auto once = encode_line(*record);
        require(once.ends_with('\n') && std::ranges::count(once, '\n') == 1, "a record is one line");
        once.pop_back();
        const auto again = decode_record(once);
        require(again.has_value() && encode_line(*again) == once + '\n', "a record is read back as it was");
    }
    if (const auto header = decode_header(line); header && header->format == LogHeader{}.format) {
        auto once = encode_line(*header);
        once.pop_back();
        const auto again = decode_header(once);
        require(again && again->generation == header->generation, "a header is read back as it was");
    }
}

// No fuzzer guesses a checksum: the line once as it came, and once with the right one before it.
void check_lines(std::string_view text) {
    const auto line = text.substr(0, text.find('\n'));
    check_line(line);
    const auto checksum =
        crc32(0, reinterpret_cast<const unsigned char*>(line.data()), static_cast<unsigned>(line.size()));
    check_line(fmt::format("{:08x} {}", checksum, line));
}

void check_learnt(std::string_view text) {
    const auto learnt = decode_learnt(text, wall);
    if (!learnt)
        return require(learnt.error().code == Errc::corrupt, "a refusal has its code");
    if (!*learnt)
        return; // stale
    const auto once = encode_learnt(**learnt, wall);
    const auto again = decode_learnt(once, wall);
    require(again && *again && encode_learnt(**again, wall) == once, "what was learnt is read back as it was");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::text(data, size);
    check_rows(bytes);
    check_lines(bytes);
    check_learnt(bytes);
    return 0;
}
