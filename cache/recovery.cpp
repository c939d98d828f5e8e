#include "cache/recovery.hpp"

#include "cache/changes.hpp"
#include "cache/log_rewrite.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <unordered_set>
#include <utility>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

// Records per unsynced batch while replaying: large enough that RocksDB's cost per batch vanishes, small in memory.
constexpr std::uint64_t records_per_batch = 1000;
// Catalogs up to this many rows are added up at every start, which takes about 50 ms; larger ones by the sweep.
constexpr std::uint64_t rows_checked_at_start = 300'000;

fs::path catalog_path(const fs::path& data) {
    return data / "catalog";
}

/// Renames a damaged file or folder to the first free "<name>.damaged-<n>".
Result<void> set_aside(const fs::path& path, std::string_view why) {
    for (int n = 1;; ++n) {
        auto target = path;
        target += fmt::format(".damaged-{}", n);
        std::error_code error;
        if (fs::exists(target, error))
            continue;
        fs::rename(path, target, error);
        if (error)
            return fail_errno(fmt::format("cannot set the damaged {} aside", path.string()), error.value());
        spdlog::error("{} is damaged ({}); it is kept as {} and made anew, and may be deleted", path.string(), why,
                      target.string());
        return {};
    }
}

struct OpenedCatalog {
    std::unique_ptr<Catalog> catalog;
    bool checked = false;
};

/// Whether the rows were few enough to be added up now; they did add up then.
Result<bool> check_small(const Catalog& catalog) {
    const auto totals = read_totals(catalog);
    if (!totals)
        return std::unexpected(totals.error());
    if (totals->blobs + totals->objects + totals->documents > rows_checked_at_start)
        return false;
    if (auto checked = check_totals(catalog); !checked)
        return std::unexpected(checked.error());
    return true;
}

/// An empty catalog where the old one is lost.
Result<OpenedCatalog> open_catalog(const fs::path& data) {
    const auto folder = catalog_path(data);
    Error damage{Errc::corrupt, "files are missing, or a former run found it damaged", {}};
    if (Catalog::look(folder) != Catalog::State::damaged) {
        auto catalog = Catalog::open(folder);
        Result<bool> checked = false;
        if (catalog)
            checked = check_small(**catalog);
        if (catalog && checked)
            return OpenedCatalog{std::move(*catalog), *checked};
        damage = catalog ? checked.error() : catalog.error();
        if (damage.code != Errc::corrupt)
            return std::unexpected(damage);
    } // the damaged one is closed here, before it is renamed
    if (auto aside = set_aside(folder, damage.message); !aside)
        return std::unexpected(aside.error());
    auto fresh = Catalog::open(folder);
    if (!fresh)
        return std::unexpected(fresh.error());
    return OpenedCatalog{std::move(*fresh), true};
}

/// The blob that a record says is here, and its size; null for records of the other kind.
std::optional<BlobRecord> promised(const Record& record) {
    if (const auto* blob = std::get_if<BlobRecord>(&record))
        return *blob;
    if (const auto* object = std::get_if<ObjectRecord>(&record))
        return BlobRecord{object->digest, object->size};
    if (const auto* page = std::get_if<PageRecord>(&record))
        return BlobRecord{page->document.digest, page->size};
    return std::nullopt;
}

/// Applies records in batches, remembering whose files a removal still owes.
class Replayer {
  public:
    Replayer(Catalog& catalog, const BlobFiles& files) : catalog_(catalog), files_(files) {}

    Result<void> take(const Record& record) {
        if (auto started = start(); !started)
            return started;
        // A line whose commit failed after it was written has lost its blob again.
        if (const auto blob = promised(record); blob && files_.gone(blob->digest, blob->size))
            return {};
        if (const auto* erase = std::get_if<EraseRecord>(&record))
            removed_.insert(erase->digest);
        if (const auto* drop = std::get_if<DropRecord>(&record))
            removed_.insert(drop->digest);
        if (auto applied = changes_->apply(record); !applied)
            return applied;
        if (++pending_ < records_per_batch)
            return {};
        return write(std::nullopt, Catalog::Sync::no);
    }

    Result<void> finish(const LogPosition& position) {
        if (auto started = start(); !started)
            return started;
        return write(position, Catalog::Sync::yes);
    }

    /// Deletes the files of blobs that were removed and have not come back.
    void unlink() const {
        for (const auto& digest : removed_)
            if (const auto row = catalog_.get(Family::blobs, key_of(digest)); row && !*row)
                if (auto removed = files_.remove(digest); !removed)
                    spdlog::warn("{}", removed.error().message);
    }

  private:
    Result<void> start() {
        if (changes_)
            return {};
        auto changes = Changes::start(catalog_);
        if (!changes)
            return std::unexpected(changes.error());
        changes_.emplace(std::move(*changes));
        return {};
    }

    Result<void> write(const std::optional<LogPosition>& position, Catalog::Sync sync) {
        auto written = catalog_.write(changes_->finish(position), sync);
        changes_.reset();
        pending_ = 0;
        return written;
    }

    Catalog& catalog_;
    const BlobFiles& files_;
    std::optional<Changes> changes_;
    std::uint64_t pending_ = 0;
    std::unordered_set<Sha256> removed_;
};

struct OpenedLog {
    ObjectsLog log;
    bool sound = true; ///< its first line names a generation
};

/// A log that is missing is made; one without a first line of ours is set aside, but read all the same.
Result<std::optional<OpenedLog>> open_log(const fs::path& data) {
    const auto path = log_path(data);
    auto log = ObjectsLog::open(path);
    if (log)
        return OpenedLog{std::move(*log), true};
    if (log.error().code == Errc::not_found)
        return std::nullopt;
    if (log.error().code != Errc::corrupt)
        return std::unexpected(log.error());
    auto salvaged = ObjectsLog::salvage(path);
    if (!salvaged)
        return std::unexpected(salvaged.error());
    if (auto aside = set_aside(path, log.error().message); !aside)
        return std::unexpected(aside.error());
    return OpenedLog{std::move(*salvaged), false};
}

struct Replayed {
    LogPosition position;
    std::uint64_t records = 0;
    std::uint64_t damaged = 0;
    bool whole = false; ///< from the first line
};

/// Takes into the catalog what it has not taken from the log, and cuts off a torn tail.
Result<Replayed> replay(Catalog& catalog, OpenedLog& opened, const BlobFiles& files) {
    auto& log = opened.log;
    const auto known = read_log_position(catalog);
    if (!known)
        return std::unexpected(known.error());
    Replayed out;
    out.whole = !*known || !opened.sound || (*known)->generation != log.generation() || (*known)->offset > log.end();
    Replayer replayer(catalog, files);
    const auto from = out.whole ? log.begin() : (*known)->offset;
    const auto read = log.replay(from, [&](const Record& record) { return replayer.take(record); });
    if (!read)
        return std::unexpected(read.error());
    if (opened.sound && log.end() > read->end)
        if (auto cut = log.truncate(read->end); !cut)
            return std::unexpected(cut.error());
    out.records = read->records;
    out.damaged = read->damaged;
    out.position = {.generation = log.generation(),
                    .offset = log.end(),
                    .lines = read->records + (out.whole ? 0 : (*known)->lines),
                    .clean = false};
    if (auto finished = replayer.finish(out.position); !finished)
        return std::unexpected(finished.error());
    replayer.unlink();
    return out;
}

} // namespace

Result<void> check_versions(const fs::path& data) {
    const auto unless_refused = [](const auto& result) -> Result<void> {
        if (!result && result.error().code == Errc::refused)
            return std::unexpected(result.error());
        return {};
    };
    auto checked = unless_refused(ObjectsLog::open(log_path(data)));
    const auto folder = catalog_path(data);
    if (checked && Catalog::look(folder) == Catalog::State::present)
        checked = unless_refused(Catalog::check_schema(folder));
    return checked;
}

Result<Recovered> recover(const fs::path& data, const BlobFiles& files, bool populated, const StepHook& hook) {
    std::error_code ignored; // a rewrite that was cut short has left it
    fs::remove(fresh_log_path(data), ignored);
    auto opened = open_catalog(data);
    if (!opened)
        return std::unexpected(opened.error());
    auto& catalog = *opened->catalog;
    auto log = open_log(data);
    if (!log)
        return std::unexpected(log.error());
    const auto known = read_log_position(catalog);
    if (!known)
        return std::unexpected(known.error());
    const bool rebuilt = !*known && populated;
    if (rebuilt)
        spdlog::warn("the catalog of {} is lost and is being rebuilt from objects.log and the blobs", data.string());
    Replayed replayed;
    if (*log) {
        auto done = replay(catalog, **log, files);
        if (!done)
            return std::unexpected(done.error());
        replayed = *done;
    }
    if (rebuilt)
        spdlog::warn("the catalog is rebuilt: {} lines of objects.log were taken in", replayed.records);
    if (replayed.damaged > 0)
        spdlog::warn("objects.log: {} lines were torn or damaged and are passed over", replayed.damaged);
    const bool keep_log = *log && (*log)->sound && !(replayed.whole && replayed.damaged > 0);
    if (keep_log)
        return Recovered{std::move(opened->catalog), std::move((*log)->log), replayed.position, rebuilt,
                         *known && (*known)->clean,  opened->checked};
    auto rewritten = rewrite_log(catalog, data, hook);
    if (!rewritten)
        return std::unexpected(rewritten.error());
    return Recovered{
        std::move(opened->catalog), std::move(rewritten->log), rewritten->position, rebuilt, false, opened->checked};
}

} // namespace yizhan
