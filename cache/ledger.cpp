#include "cache/ledger.hpp"

#include "cache/row.hpp"

#include <spdlog/spdlog.h>

#include <optional>

namespace yizhan {
namespace {

/// A row that cannot be read is no word at all: the next one takes its place.
Result<std::optional<LedgerEntry>> read(const Catalog::Batch& batch, std::string_view key) {
    const auto value = batch.get(Family::ledger, key);
    if (!value)
        return std::unexpected(value.error());
    if (!*value)
        return std::nullopt;
    auto entry = decode_ledger(**value);
    return entry ? std::optional(std::move(*entry)) : std::nullopt;
}

} // namespace

LedgerVerdict judge(const LedgerEntry& old, const LedgerEntry& entry) {
    if (old.digest != entry.digest)
        return entry.grade > old.grade ? LedgerVerdict::replace : LedgerVerdict::alarm;
    if (entry.grade < old.grade || entry == old)
        return LedgerVerdict::same;
    return LedgerVerdict::replace;
}

Result<std::vector<std::string>> write_ledger(Catalog& catalog, std::span<const Store::LedgerRow> rows) {
    std::vector<std::string> alarms;
    Catalog::Batch batch(catalog);
    bool changed = false;
    for (const auto& [key, entry, gives_way] : rows) {
        const auto old = read(batch, key);
        if (!old)
            return std::unexpected(old.error());
        auto verdict = *old ? judge(**old, entry) : LedgerVerdict::replace;
        if (verdict == LedgerVerdict::alarm && gives_way && entry.grade >= (*old)->grade)
            verdict = LedgerVerdict::replace;
        if (verdict == LedgerVerdict::alarm)
            alarms.push_back(key);
        if (verdict != LedgerVerdict::replace)
            continue;
        if (*old && (*old)->digest != entry.digest)
            spdlog::warn("ledger: {} was sha256 {} and is {} on a newer or stronger word", key, (*old)->digest.hex(),
                         entry.digest.hex());
        batch.put(Family::ledger, key, encode(entry));
        changed = true;
    }
    if (changed)
        if (auto written = catalog.write(batch, Catalog::Sync::no); !written)
            return std::unexpected(written.error());
    return alarms;
}

} // namespace yizhan
