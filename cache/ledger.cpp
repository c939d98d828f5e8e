#include "cache/ledger.hpp"

#include "cache/row.hpp"

#include <spdlog/spdlog.h>

#include <optional>

namespace yizhan {
namespace {

// Where the word is kept that was not believed, beside the one that stands. No key of the ledger begins so.
constexpr std::string_view dispute_prefix = "dispute/";

std::string dispute_key(std::string_view key) {
    return std::string(dispute_prefix) + std::string(key);
}

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

Result<std::vector<std::string>> write_ledger(Catalog& catalog, std::span<const Store::LedgerRow> rows,
                                              const Accepted& accepted) {
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
        if (verdict == LedgerVerdict::alarm && accepted(key, entry.digest)) {
            spdlog::warn("ledger: {} is settled: an operator has accepted sha256 {}", key, entry.digest.hex());
            verdict = LedgerVerdict::replace;
        }
        if (verdict == LedgerVerdict::alarm) {
            alarms.push_back(key);
            const auto known = batch.get(Family::ledger, dispute_key(key));
            if (!known)
                return std::unexpected(known.error());
            if (const auto value = encode(entry); *known != value) {
                batch.put(Family::ledger, dispute_key(key), value);
                changed = true;
            }
        }
        if (verdict != LedgerVerdict::replace)
            continue;
        if (*old && (*old)->digest != entry.digest)
            spdlog::warn("ledger: {} was sha256 {} and is {} on a newer or stronger word", key, (*old)->digest.hex(),
                         entry.digest.hex());
        if (*old && (*old)->digest != entry.digest)
            batch.remove(Family::ledger, dispute_key(key));
        batch.put(Family::ledger, key, encode(entry));
        changed = true;
    }
    if (changed)
        if (auto written = catalog.write(batch, Catalog::Sync::no); !written)
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
