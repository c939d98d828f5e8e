#include "cache/catalog.hpp"

#include "cache/row.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t MiB = 1024 * 1024;
constexpr std::string_view damage_mark = "DAMAGED";
constexpr std::string_view schema_key = "schema";

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& slice) {
    return {slice.data(), slice.size()};
}

/// RocksDB's own log, warnings and worse, as lines of ours; so it writes no LOG files.
class RocksLog final : public rocksdb::Logger {
  public:
    RocksLog() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

    using rocksdb::Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
    }
    void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < rocksdb::InfoLogLevel::WARN_LEVEL || level > rocksdb::InfoLogLevel::FATAL_LEVEL)
            return;
        std::array<char, 1024> line{}; // longer ones are cut: they are for a person
        std::vsnprintf(line.data(), line.size(), format, arguments);
        spdlog::warn("catalog: {}", line.data());
    }
};

rocksdb::DBOptions database_options() {
    rocksdb::DBOptions options;
    options.info_log = std::make_shared<RocksLog>();
    options.paranoid_checks = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.max_background_jobs = 2;
    options.max_open_files = 256;
    options.max_total_wal_size = 64 * MiB;
    options.db_write_buffer_size = 32 * MiB; // over all families
    options.skip_stats_update_on_db_open = true;
    return options;
}

rocksdb::ColumnFamilyOptions family_options() {
    static const auto block_cache = rocksdb::NewLRUCache(32 * MiB);
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = block_cache;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10)); // 10 bits per key: 1 % of misses read a block
    table.whole_key_filtering = true;
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.format_version = 5;
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = 16 * MiB;
    options.compression = rocksdb::kLZ4Compression; // half of a row is digests, which nothing makes smaller
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

bool damaged(const rocksdb::Status& status) {
    return status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound();
}

std::unexpected<Error> fail_status(std::string_view doing, const rocksdb::Status& status) {
    const auto code = damaged(status) ? Errc::corrupt : status.IsNoSpace() ? Errc::no_space : Errc::io;
    return fail(code, fmt::format("cannot {} the catalog: {}", doing, status.ToString()));
}

rocksdb::WriteBatchWithIndex new_batch() {
    return rocksdb::WriteBatchWithIndex(rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true);
}

Result<void> walk(std::unique_ptr<rocksdb::Iterator> at, std::string_view prefix, const Catalog::Visit& visit) {
    for (at->Seek(slice(prefix)); at->Valid() && view(at->key()).starts_with(prefix); at->Next())
        if (!visit(view(at->key()), view(at->value())))
            break;
    if (const auto status = at->status(); !status.ok())
        return fail_status("scan", status);
    return {};
}

/// Scans walk over much that will not be asked for again.
rocksdb::ReadOptions scan_options() {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    return options;
}

} // namespace

std::string_view name_of(Family family) {
    static constexpr std::array<std::string_view, family_count> names{"objects",   "blobs",       "pages", "ledger",
                                                                      "endpoints", "collections", "meta"};
    return names[std::to_underlying(family)];
}

struct Catalog::Rep {
    fs::path folder;
    std::unique_ptr<rocksdb::DB> database;
    std::array<rocksdb::ColumnFamilyHandle*, family_count> families{};
    rocksdb::ColumnFamilyHandle* unnamed = nullptr; // RocksDB's own "default", which it insists on
    mutable std::atomic<bool> marked{false};
    /// The last write, of several threads: RocksDB takes no further ones until it is told to resume.
    std::atomic<bool> failed{false};

    ~Rep() {
        if (!database)
            return;
        for (auto* family : families)
            if (family)
                database->DestroyColumnFamilyHandle(family);
        if (unnamed)
            database->DestroyColumnFamilyHandle(unnamed);
        database->Close();
    }

    rocksdb::ColumnFamilyHandle* handle(Family family) const { return families[std::to_underlying(family)]; }
};

struct Catalog::Snapshot::Rep {
    rocksdb::ManagedSnapshot snapshot;
};

struct Catalog::Rows::Rep {
    const Catalog* catalog;
    rocksdb::WriteBatch writes;
};

struct Catalog::Batch::Rep {
    const Catalog* catalog;
    mutable rocksdb::WriteBatchWithIndex writes = new_batch();
};

Catalog::State Catalog::look(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder / damage_mark, error))
        return State::damaged;
    if (fs::exists(folder / "CURRENT", error))
        return State::present;
    // RocksDB makes a new database where CURRENT is missing, whatever else lies there; that would be silently empty.
    const fs::directory_iterator first(folder, error);
    return error || first == fs::directory_iterator() ? State::absent : State::damaged;
}

Result<void> Catalog::check_schema(const fs::path& folder) {
    const auto meta = std::string(name_of(Family::meta));
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::OpenForReadOnly(
        database_options(), folder.string(),
        {{rocksdb::kDefaultColumnFamilyName, family_options()}, {meta, family_options()}}, &handles, &raw);
    if (!status.ok())
        return fail_status("read", status);
    const std::unique_ptr<rocksdb::DB> database(raw);
    std::string value;
    const auto found = database->Get({}, handles[1], slice(schema_key), &value);
    for (auto* handle : handles)
        database->DestroyColumnFamilyHandle(handle);
    if (!found.ok())
        return fail_status("find the schema of", found);
    const auto schema = decode_schema(value);
    if (!schema)
        return std::unexpected(schema.error());
    if (*schema > catalog_schema)
        return fail(Errc::refused, fmt::format("the data folder {} was written by a newer yizhan (schema {}, this one "
                                               "knows {}); upgrade, or choose another folder with --data",
                                               folder.parent_path().string(), *schema, catalog_schema));
    return {};
}

Result<std::unique_ptr<Catalog>> Catalog::open(const fs::path& folder) {
    auto options = database_options();
    options.create_if_missing = look(folder) == State::absent;
    std::error_code exists; // RocksDB makes it too, but not without complaining first
    fs::create_directory(folder, exists);
    options.create_missing_column_families = true;
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, family_options()}};
    for (std::size_t i = 0; i < family_count; ++i)
        families.emplace_back(std::string(name_of(static_cast<Family>(i))), family_options());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::Open(options, folder.string(), families, &handles, &raw);
    if (!status.ok())
        return fail_status("open", status);
    auto rep = std::make_unique<Rep>();
    rep->folder = folder;
    rep->database.reset(raw);
    rep->unnamed = handles[0];
    std::copy(handles.begin() + 1, handles.end(), rep->families.begin());
    std::unique_ptr<Catalog> catalog(new Catalog(std::move(rep)));
    if (options.create_if_missing) {
        Batch first(*catalog);
        first.put(Family::meta, schema_key, encode_schema(catalog_schema));
        if (auto written = catalog->write(first, Sync::yes); !written)
            return std::unexpected(written.error());
    }
    return catalog;
}

Catalog::Catalog(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Catalog::~Catalog() = default;

Catalog::Snapshot::Snapshot(const Catalog& catalog)
    : rep_(new Rep{rocksdb::ManagedSnapshot(catalog.rep_->database.get())}) {}
Catalog::Snapshot::~Snapshot() = default;

Result<std::optional<std::string>> Catalog::get(Family family, std::string_view key, const Snapshot* at) const {
    rocksdb::ReadOptions options;
    options.snapshot = at ? at->rep_->snapshot.snapshot() : nullptr;
    std::string value;
    const auto status = rep_->database->Get(options, rep_->handle(family), slice(key), &value);
    if (status.ok())
        return value;
    if (status.IsNotFound())
        return std::nullopt;
    if (status.IsCorruption())
        mark_damaged(status.ToString());
    return fail_status("read", status);
}

Result<void> Catalog::scan(Family family, std::string_view prefix, const Visit& visit, const Snapshot* at) const {
    auto options = scan_options();
    options.snapshot = at ? at->rep_->snapshot.snapshot() : nullptr;
    auto walked = walk(std::unique_ptr<rocksdb::Iterator>(rep_->database->NewIterator(options, rep_->handle(family))),
                       prefix, visit);
    if (!walked && walked.error().code == Errc::corrupt)
        mark_damaged(walked.error().message);
    return walked;
}

Result<void> Catalog::write(const Batch& batch, Sync sync) {
    return write(*batch.rep_->writes.GetWriteBatch(), sync);
}

Result<void> Catalog::write(const Rows& rows, Sync sync) {
    return write(rows.rep_->writes, sync);
}

Result<void> Catalog::write(rocksdb::WriteBatch& writes, Sync sync) {
    // A full disk may have room again. "Busy" says that RocksDB looks for itself, every 5 s; the write below then tells
    // what it waits for.
    if (rep_->failed)
        if (const auto resumed = rep_->database->Resume(); !resumed.ok() && !resumed.IsBusy())
            return fail_status("write to", resumed);
    rocksdb::WriteOptions options;
    options.sync = sync == Sync::yes;
    const auto status = rep_->database->Write(options, &writes);
    rep_->failed = !status.ok();
    if (status.ok())
        return {};
    if (damaged(status)) // a compaction has met it, and RocksDB takes no more writes
        mark_damaged(status.ToString());
    return fail_status("write to", status);
}

void Catalog::mark_damaged(std::string_view why) const {
    if (rep_->marked.exchange(true))
        return;
    spdlog::error("the catalog is damaged ({}); what it cannot tell is fetched again, and the next start of yizhan "
                  "rebuilds it from objects.log and the blobs",
                  why);
    std::ofstream(rep_->folder / damage_mark) << why << '\n';
}

Catalog::Rows::Rows(const Catalog& catalog) : rep_(std::make_unique<Rep>(&catalog)) {}
Catalog::Rows::~Rows() = default;

void Catalog::Rows::put(Family family, std::string_view key, std::string_view value) {
    rep_->writes.Put(rep_->catalog->rep_->handle(family), slice(key), slice(value));
}

void Catalog::Rows::remove(Family family, std::string_view key) {
    rep_->writes.Delete(rep_->catalog->rep_->handle(family), slice(key));
}

bool Catalog::Rows::empty() const {
    return rep_->writes.Count() == 0;
}

Catalog::Batch::Batch(const Catalog& catalog) : rep_(std::make_unique<Rep>(&catalog)) {}
Catalog::Batch::Batch(Batch&&) noexcept = default;
Catalog::Batch& Catalog::Batch::operator=(Batch&&) noexcept = default;
Catalog::Batch::~Batch() = default;

void Catalog::Batch::put(Family family, std::string_view key, std::string_view value) {
    rep_->writes.Put(rep_->catalog->rep_->handle(family), slice(key), slice(value));
}

void Catalog::Batch::remove(Family family, std::string_view key) {
    rep_->writes.Delete(rep_->catalog->rep_->handle(family), slice(key));
}

Result<std::optional<std::string>> Catalog::Batch::get(Family family, std::string_view key) const {
    const auto& catalog = *rep_->catalog->rep_;
    std::string value;
    const auto status =
        rep_->writes.GetFromBatchAndDB(catalog.database.get(), {}, catalog.handle(family), slice(key), &value);
    if (status.ok())
        return value;
    if (status.IsNotFound())
        return std::nullopt;
    if (status.IsCorruption())
        rep_->catalog->mark_damaged(status.ToString());
    return fail_status("read", status);
}

Result<void> Catalog::Batch::scan(Family family, std::string_view prefix, const Visit& visit) const {
    const auto& catalog = *rep_->catalog->rep_;
    auto* handle = catalog.handle(family);
    auto* base = catalog.database->NewIterator(scan_options(), handle);
    return walk(std::unique_ptr<rocksdb::Iterator>(rep_->writes.NewIteratorWithBase(handle, base)), prefix, visit);
}

} // namespace yizhan
