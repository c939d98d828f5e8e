// The ledger's one rule: which word about a name's digest gives way to which.
#pragma once

#include "cache/catalog.hpp"
#include "cache/store.hpp"

#include <span>
#include <string>
#include <vector>

namespace yizhan {

/// What becomes of an entry when somebody says something about its name again.
enum class LedgerVerdict {
    same,    ///< nothing new: the entry stays as it is
    replace, ///< the new entry takes its place: the first or a stronger word, or more about the same digest
    alarm,   ///< another digest on a word that is not stronger: the entry stays, and somebody should hear of it
};
LedgerVerdict judge(const LedgerEntry& old, const LedgerEntry& entry);

/// Store::put_ledger. One caller at a time.
Result<std::vector<std::string>> write_ledger(Catalog& catalog, std::span<const Store::LedgerRow> rows);

} // namespace yizhan
