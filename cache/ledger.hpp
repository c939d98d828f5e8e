// The ledger's one rule: which word about a name's digest gives way to which.
#pragma once

#include "cache/catalog.hpp"
#include "cache/store.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// What becomes of an entry when somebody says something about its name again.
enum class LedgerVerdict {
    same,    ///< nothing new: the entry stays as it is
    replace, ///< the new entry takes its place: the first or a stronger word, or more about the same digest
    alarm,   ///< another digest on a word that is not stronger: the entry stays, and somebody should hear of it
};
LedgerVerdict judge(const LedgerEntry& old, const LedgerEntry& entry);

/// Whether an operator has settled that `key` stands for `digest`.
using Accepted = std::function<bool(std::string_view key, const Sha256& digest)>;

/// Store::put_ledger. One caller at a time.
Result<std::vector<std::string>> write_ledger(Catalog& catalog, std::span<const Store::LedgerRow> rows,
                                              const Accepted& accepted);

/// Store::disputes. Errors: corrupt, io.
Result<std::vector<Store::Dispute>> read_disputes(const Catalog& catalog, std::string_view prefix, std::size_t limit);

} // namespace yizhan
