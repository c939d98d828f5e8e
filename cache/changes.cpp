#include "cache/changes.hpp"

#include <fmt/format.h>

#include <utility>

namespace yizhan {
namespace {

constexpr std::string_view totals_key = "totals";
constexpr std::string_view position_key = "log";
constexpr char object_link = 'o';
constexpr char page_link = 'p';

std::string link_key(const Sha256& digest, char kind, std::string_view key) {
    std::string out(key_of(digest));
    out += kind;
    out += key;
    return out;
}

Result<Totals> totals_in(const Result<std::optional<std::string>>& value) {
    if (!value)
        return std::unexpected(value.error());
    return *value ? decode_totals(**value) : Totals{};
}

/// A row that may be missing; a damaged one is an error.
template <class Row>
Result<std::optional<Row>> optional_row(Result<std::optional<std::string>>& value,
                                        Result<Row> (*decode)(std::string_view)) {
    if (!value)
        return std::unexpected(value.error());
    if (!*value)
        return std::nullopt;
    auto row = decode(**value);
    if (!row)
        return std::unexpected(row.error());
    return std::move(*row);
}

/// Whether a row leads to `digest`; one that cannot be read leads nowhere and may go too.
bool stands_for(Family family, std::string_view row, const Sha256& digest) {
    if (family == Family::objects) {
        const auto object = decode_object(row);
        return !object || object->digest == digest;
    }
    const auto page = decode_page(row);
    return !page || page->document.digest == digest;
}

} // namespace

std::string_view key_of(const Sha256& digest) {
    return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Result<Totals> read_totals(const Catalog& catalog) {
    return totals_in(catalog.get(Family::meta, totals_key));
}

Result<std::optional<LogPosition>> read_log_position(const Catalog& catalog) {
    auto value = catalog.get(Family::meta, position_key);
    return optional_row(value, &decode_log_position);
}

Result<Changes> Changes::start(const Catalog& catalog) {
    const auto totals = read_totals(catalog);
    if (!totals)
        return std::unexpected(totals.error());
    return Changes(Catalog::Batch(catalog), *totals);
}

Result<void> Changes::apply(const Record& record) {
    return std::visit([this](const auto& one) { return apply_one(one); }, record);
}

Result<void> Changes::apply_one(const BlobRecord& record) {
    return hold(record.digest, record.size, true);
}

Result<void> Changes::admit(const ObjectRecord& record) const {
    auto value = batch_.get(Family::objects, record.path);
    if (!value)
        return std::unexpected(value.error());
    const auto old = optional_row(value, &decode_object);
    if (old && *old && (*old)->digest != record.digest && (*old)->grade > record.grade)
        return fail(Errc::refused, fmt::format("{} is sha256 {} on a stronger word than the one for sha256 {}; the "
                                               "first is kept",
                                               record.path, (*old)->digest.hex(), record.digest.hex()));
    return {};
}

Result<void> Changes::apply_one(const ObjectRecord& record) {
    auto value = batch_.get(Family::objects, record.path);
    auto old = optional_row(value, &decode_object);
    if (!old && old.error().code != Errc::corrupt)
        return std::unexpected(old.error());
    ObjectRow row{record.digest, record.size, record.grade, record.source};
    if (old && *old && (*old)->digest == record.digest && (*old)->grade > record.grade) {
        row.grade = (*old)->grade;
        row.source = (*old)->source;
    }
    if (old && *old && (*old)->digest != record.digest)
        let_go((*old)->digest, object_link, record.path);
    if (value && !*value)
        ++totals_.objects;
    batch_.put(Family::objects, record.path, encode(row));
    batch_.put(Family::blobs, link_key(record.digest, object_link, record.path), encode_link());
    return hold(record.digest, record.size, false);
}

Result<void> Changes::apply_one(const PageRecord& record) {
    auto value = batch_.get(Family::pages, record.key);
    const auto old = optional_row(value, &decode_page);
    if (!old && old.error().code != Errc::corrupt)
        return std::unexpected(old.error());
    if (old && *old && (*old)->document.digest != record.document.digest)
        let_go((*old)->document.digest, page_link, record.key);
    if (value && !*value)
        ++totals_.documents;
    batch_.put(Family::pages, record.key, encode(PageRow{record.document, record.size}));
    batch_.put(Family::blobs, link_key(record.document.digest, page_link, record.key), encode_link());
    return hold(record.document.digest, record.size, false);
}

Result<void> Changes::apply_one(const EraseRecord& record) {
    const auto row = blob(record.digest);
    if (!row)
        return std::unexpected(row.error());
    std::vector<std::string> links;
    auto scanned = batch_.scan(Family::blobs, key_of(record.digest), [&](std::string_view key, std::string_view) {
        if (key.size() > Sha256::size)
            links.emplace_back(key.substr(Sha256::size));
        return true;
    });
    for (std::size_t i = 0; scanned && i < links.size(); ++i)
        scanned = forget_row(record.digest, links[i].front(), std::string_view(links[i]).substr(1));
    if (!scanned || !*row)
        return scanned;
    batch_.remove(Family::blobs, key_of(record.digest));
    --totals_.blobs;
    totals_.bytes -= (*row)->size;
    return {};
}

Result<void> Changes::apply_one(const DropRecord& record) {
    const auto lost = unreferenced(record.digest);
    if (!lost)
        return std::unexpected(lost.error());
    return *lost ? apply_one(EraseRecord{record.digest}) : Result<void>{};
}

/// Takes away a reference and the row it stands for.
Result<void> Changes::forget_row(const Sha256& digest, char kind, std::string_view key) {
    const auto family = kind == object_link ? Family::objects : Family::pages;
    batch_.remove(Family::blobs, link_key(digest, kind, key));
    auto value = batch_.get(family, key);
    if (!value)
        return std::unexpected(value.error());
    if (!*value || !stands_for(family, **value, digest))
        return {};
    batch_.remove(family, key);
    --(family == Family::objects ? totals_.objects : totals_.documents);
    return {};
}

void Changes::let_go(const Sha256& digest, char kind, std::string_view key) {
    batch_.remove(Family::blobs, link_key(digest, kind, key));
    let_go_.push_back(digest);
}

Result<std::vector<Sha256>> Changes::take_unreferenced() {
    std::vector<Sha256> out;
    for (const auto& digest : std::exchange(let_go_, {})) {
        const auto lost = unreferenced(digest);
        if (!lost)
            return std::unexpected(lost.error());
        if (*lost)
            out.push_back(digest);
    }
    return out;
}

/// True for a blob that is here, is not kept, and that no path and no document leads to.
Result<bool> Changes::unreferenced(const Sha256& digest) const {
    const auto row = blob(digest);
    if (!row)
        return std::unexpected(row.error());
    if (!*row || (*row)->kept)
        return false;
    bool referenced = false;
    auto scanned = batch_.scan(Family::blobs, key_of(digest), [&](std::string_view key, std::string_view) {
        referenced = key.size() > Sha256::size;
        return !referenced;
    });
    if (!scanned)
        return std::unexpected(scanned.error());
    return !referenced;
}

Result<std::optional<BlobRow>> Changes::blob(const Sha256& digest) const {
    auto value = batch_.get(Family::blobs, key_of(digest));
    return optional_row(value, &decode_blob);
}

/// Sees to the blob's own row.
Result<void> Changes::hold(const Sha256& digest, std::uint64_t size, bool keep) {
    const auto old = blob(digest);
    if (!old)
        return std::unexpected(old.error());
    BlobRow row{size, keep};
    if (*old) {
        row.kept = row.kept || (*old)->kept;
        totals_.bytes -= (*old)->size;
    } else {
        ++totals_.blobs;
    }
    totals_.bytes += size;
    if (*old != row)
        batch_.put(Family::blobs, key_of(digest), encode(row));
    return {};
}

Catalog::Batch& Changes::finish(const std::optional<LogPosition>& position) {
    batch_.put(Family::meta, totals_key, encode(totals_));
    if (position)
        batch_.put(Family::meta, position_key, encode(*position));
    return batch_;
}

Result<void> check_totals(const Catalog& catalog) {
    const Catalog::Snapshot now(catalog);
    const auto stated = totals_in(catalog.get(Family::meta, totals_key, &now));
    if (!stated)
        return std::unexpected(stated.error());
    Totals counted;
    bool sound = true;
    auto scanned = catalog.scan(
        Family::blobs, "",
        [&](std::string_view key, std::string_view value) {
            if (key.size() != Sha256::size)
                return true;
            const auto row = decode_blob(value);
            sound = sound && row;
            ++counted.blobs;
            counted.bytes += row ? row->size : 0;
            return true;
        },
        &now);
    const auto count = [&](Family family, std::uint64_t& sum) {
        if (scanned)
            scanned = catalog.scan(
                family, "",
                [&](std::string_view, std::string_view) {
                    ++sum;
                    return true;
                },
                &now);
    };
    count(Family::objects, counted.objects);
    count(Family::pages, counted.documents);
    if (!scanned)
        return scanned;
    if (sound && counted == *stated)
        return {};
    return fail(Errc::corrupt,
                fmt::format("the catalog has lost rows: {} blobs of {} bytes, {} paths and {} documents are stated, {} "
                            "of {}, {} and {} are there",
                            stated->blobs, stated->bytes, stated->objects, stated->documents, counted.blobs,
                            counted.bytes, counted.objects, counted.documents));
}

} // namespace yizhan
