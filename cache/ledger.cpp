#include "cache/ledger.hpp"

#include "cache/row.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace yizhan {
namespace {

// Where the word is kept that was not believed, beside the one that stands. No key of the ledger begins so.
constexpr std::string_view dispute_prefix = "dispute/";

std::string dispute_key(std::string_view key) {
    return std::string(dispute_prefix) + std::string(key);
}

/// A row that cannot be read is no word at all: the next one takes its place.
Result<std::optional<LedgerEntry>> read(const Catalog& catalog, std::string_view key) {
    const auto value = catalog.get(Family::ledger, key);
    if (!value)
        return std::unexpected(value.error());
    if (!*value)
        return std::nullopt;
    auto entry = decode_ledger(**value);
    return entry ? std::optional(std::move(*entry)) : std::nullopt;
}

/// By key, since the catalog takes them much faster then; of equal keys the first that was said first.
std::vector<const Store::LedgerRow*> ordered(std::span<const Store::LedgerRow> rows) {
    std::vector<const Store::LedgerRow*> out;
    out.reserve(rows.size());
    for (const auto& row : rows)
        out.push_back(&row);
    std::ranges::sort(out, {}, [](const auto* row) { return std::pair(std::string_view(row->key), row); });
    return out;
}

LedgerVerdict judge(const std::optional<LedgerEntry>& old, const Store::LedgerRow& row, const Accepted& accepted) {
    if (!old)
        return LedgerVerdict::replace;
    const auto verdict = judge(*old, row.entry);
    if (verdict != LedgerVerdict::alarm)
        return verdict;
    if (row.gives_way && row.entry.grade >= old->grade)
        return LedgerVerdict::replace;
    if (!accepted(row.key, row.entry.digest))
        return LedgerVerdict::alarm;
    spdlog::warn("ledger: {} is settled: an operator has accepted sha256 {}", row.key, row.entry.digest.hex());
    return LedgerVerdict::replace;
}

} // namespace

LedgerVerdict judge(const LedgerEntry& old, const LedgerEntry& entry) {
    if (old.digest != entry.digest)
        return entry.grade > old.grade ? LedgerVerdict::replace : LedgerVerdict::alarm;
    if (entry.grade < old.grade || entry == old)
        return LedgerVerdict::same;
    return LedgerVerdict::replace;
}

Result<std::vector<std::string>> write_ledger(Catalog& catalog, std::span<const Store::LedgerRow> rows,
                                              const Accepted& accepted) {
    std::vector<std::string> alarms;
    Catalog::Rows changes(catalog);
    const std::string* key = nullptr;
    std::optional<LedgerEntry> stands; // of that key
    for (const auto* row : ordered(rows)) {
        if (key == nullptr || *key != row->key) {
            auto old = read(catalog, row->key);
            if (!old)
                return std::unexpected(old.error());
            stands = std::move(*old);
        }
        key = &row->key;
        const auto verdict = judge(stands, *row, accepted);
        if (verdict == LedgerVerdict::alarm) {
            alarms.push_back(*key);
            changes.put(Family::ledger, dispute_key(*key), encode(row->entry));
        }
        if (verdict != LedgerVerdict::replace)
            continue;
        if (stands && stands->digest != row->entry.digest) {
            spdlog::warn("ledger: {} was sha256 {} and is {} on a newer or stronger word", *key, stands->digest.hex(),
                         row->entry.digest.hex());
            changes.remove(Family::ledger, dispute_key(*key));
        }
        changes.put(Family::ledger, *key, encode(row->entry));
        stands = row->entry;
    }
    if (!changes.empty())
        if (auto written = catalog.write(changes, Catalog::Sync::no); !written)
            return std::unexpected(written.error());
    return alarms;
}

Result<std::vector<Store::Dispute>> read_disputes(const Catalog& catalog, std::string_view prefix, std::size_t limit) {
    std::vector<Store::Dispute> out;
    const auto visit = [&](std::string_view key, std::string_view value) {
        if (auto claimed = decode_ledger(value))
            out.push_back({.key = std::string(key.substr(dispute_prefix.size())), .stands = {}, .claimed = *claimed});
        return out.size() < limit;
    };
    if (auto scanned = catalog.scan(Family::ledger, dispute_key(prefix), visit); !scanned)
        return std::unexpected(scanned.error());
    for (auto& dispute : out) {
        const auto value = catalog.get(Family::ledger, dispute.key);
        if (!value)
            return std::unexpected(value.error());
        if (auto entry = *value ? decode_ledger(**value) : Result<LedgerEntry>(LedgerEntry{}))
            dispute.stands = *entry;
    }
    return out;
}

} // namespace yizhan
