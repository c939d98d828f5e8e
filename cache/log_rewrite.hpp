// objects.log made anew from the catalog: where it is far longer than what it tells of, was damaged, or could not be
// synced.
#pragma once

#include "cache/catalog.hpp"
#include "cache/commit_step.hpp"
#include "cache/objects_log.hpp"
#include "cache/row.hpp"

#include <filesystem>

namespace yizhan {

struct RewrittenLog {
    ObjectsLog log;
    LogPosition position; ///< the catalog holds all of the new log
};

std::filesystem::path log_path(const std::filesystem::path& data);       ///< <data>/objects.log
std::filesystem::path fresh_log_path(const std::filesystem::path& data); ///< <data>/objects.log.new

/// Writes objects.log.new, syncs it, renames it over objects.log, and tells the catalog. A crash at any point leaves
/// one whole log: the catalog takes in all of a log whose generation it does not know.
Result<RewrittenLog> rewrite_log(Catalog& catalog, const std::filesystem::path& data, const StepHook& hook);

/// Worth rewriting: more than four lines per live row, and enough of them to matter.
bool overlong(const LogPosition& position, const Totals& totals);

} // namespace yizhan
