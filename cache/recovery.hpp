// What happens between finding a data folder and serving from it: nothing on a clean end, the last lines of objects.log
// after a crash, everything from objects.log where the catalog is lost.
#pragma once

#include "cache/blob_files.hpp"
#include "cache/catalog.hpp"
#include "cache/commit_step.hpp"
#include "cache/objects_log.hpp"
#include "cache/row.hpp"

#include <filesystem>
#include <memory>

namespace yizhan {

struct Recovered {
    std::unique_ptr<Catalog> catalog;
    ObjectsLog log;
    LogPosition position;
    bool rebuilt = false; ///< the catalog had to be made anew
    bool clean = false;   ///< files and rows are known to fit; else somebody should compare them
    bool checked = false; ///< the rows add up; a large catalog's are left to be added up in the background
};

/// Refuses a folder that a newer yizhan wrote (Errc::refused), touching nothing. Damage is not an error here.
Result<void> check_versions(const std::filesystem::path& data);

/// Opens catalog and log, and makes them agree. The folder is locked and its folders are made; `populated`: it was no
/// empty folder, so an empty catalog is a lost one. Blocks; bounded memory. Errors: io, no_space.
Result<Recovered> recover(const std::filesystem::path& data, const BlobFiles& files, bool populated,
                          const StepHook& hook);

} // namespace yizhan
