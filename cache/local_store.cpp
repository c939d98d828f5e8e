#include "cache/local_store.hpp"

#include "cache/accepted.hpp"
#include "cache/changes.hpp"
#include "cache/ledger.hpp"
#include "cache/log_rewrite.hpp"
#include "cache/row.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <stdexcept>
#include <sys/resource.h>
#include <utility>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

// Bounds of what goes into one line of objects.log; the URLs and paths of real indexes stay below 2 KiB.
constexpr std::size_t max_text = 8192;

// Bytes: twice what most projects' pages have. A file costs the caller 100 µs, and a resolver asks for hundreds of
// pages.
constexpr std::size_t small_document = std::size_t{64} * 1024;

/// A quarter of what the process may open, so that connections and upstreams have theirs.
std::size_t descriptor_capacity() {
    constexpr std::size_t most = 4096;
    struct rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur / 4, most));
}

Result<void> bounded(std::string_view what, std::string_view text) {
    if (text.size() <= max_text)
        return {};
    return fail(Errc::invalid,
                fmt::format("the {} of an object has {} bytes; {} is the most", what, text.size(), max_text));
}

Result<void> bounded(std::string_view key, const Document& document) {
    auto result = bounded("key", key);
    for (const std::string_view text : {std::string_view(document.url), std::string_view(document.content_type),
                                        std::string_view(document.etag), std::string_view(document.last_modified)})
        if (result)
            result = bounded("URL or field", text);
    return result;
}

} // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& data, const Options& options) {
    return LocalStore::open(data, options);
}

Store::~Store() = default;

Result<Blob> Store::put_document(std::string_view key, std::string_view bytes, Document document) {
    if (on_commit_thread())
        throw std::logic_error("put_document waits for the commit thread and was called on it");
    std::promise<Result<Blob>> promise;
    auto stored = promise.get_future();
    put_document(key, bytes, std::move(document),
                 [&promise](Result<Blob> result) { promise.set_value(std::move(result)); });
    hurry();
    return stored.get();
}

Result<void> Store::accept(const fs::path& data, std::string_view key, const Sha256& digest) {
    return accept_digest(data, key, digest);
}

Result<std::unique_ptr<Store>> LocalStore::open(const fs::path& data, const Options& options) {
    std::error_code error;
    const bool made = fs::create_directories(data, error);
    if (error)
        return fail_errno("cannot make the data folder " + data.string(), error.value());
    if (made)
        if (auto synced = sync_folder(fs::absolute(data, error).parent_path()); !synced)
            return std::unexpected(synced.error());
    auto lock = FolderLock::acquire(data);
    if (!lock)
        return std::unexpected(lock.error());
    if (auto checked = check_versions(data); !checked)
        return std::unexpected(checked.error());
    std::unique_ptr<LocalStore> store(new LocalStore(std::move(*lock), data, options));
    if (auto started = store->start(data, options.on_step); !started)
        return std::unexpected(started.error());
    return store;
}

LocalStore::LocalStore(FolderLock lock, const fs::path& data, const Options& options)
    : data_(data), lock_(std::move(lock)), files_(data),
      space_(std::make_shared<Space>(options.min_free, [data] { return file_system_space(data); })),
      descriptors_(files_, descriptor_capacity()) {}

LocalStore::~LocalStore() = default;

Result<void> LocalStore::start(const fs::path& data, const StepHook& hook) {
    std::error_code error;
    const bool populated = fs::exists(data / "blobs", error);
    if (auto prepared = files_.prepare(); !prepared)
        return prepared;
    const auto removed = files_.remove_partials();
    if (!removed)
        return std::unexpected(removed.error());
    partials_removed_ = *removed;
    auto recovered = recover(data, files_, populated, hook);
    // It opened, and was found damaged only when it was written to: it is marked now, and set aside by a second try.
    if (!recovered && recovered.error().code == Errc::corrupt)
        recovered = recover(data, files_, populated, hook);
    if (!recovered)
        return std::unexpected(recovered.error());
    catalog_ = std::move(recovered->catalog);
    rebuilt_ = recovered->rebuilt;
    const auto totals = read_totals(*catalog_);
    if (!totals)
        return std::unexpected(totals.error());
    const bool rewrite = overlong(recovered->position, *totals);
    committer_ =
        std::make_unique<Committer>(Committer::Parts{*catalog_, files_, space_, descriptors_, paths_, data, hook},
                                    std::move(recovered->log), recovered->position);
    if (rewrite) {
        Operation operation;
        operation.kind = Operation::Kind::rewrite;
        committer_->push(std::move(operation));
    }
    const bool fresh = !populated && totals->blobs == 0; // neither file nor row: nothing to compare
    const bool clean = recovered->clean || fresh;
    if (clean)
        committer_->swept();
    if (!clean || !recovered->checked)
        sweep_.emplace(*catalog_, files_, *committer_, Sweep::Work{!clean, !recovered->checked});
    return {};
}

std::optional<Blob> LocalStore::find(const PathKey& path) const {
    if (const auto known = paths_.find(path))
        return open_blob(known->digest, known->size);
    const auto version = paths_.version();
    const auto value = catalog_->get(Family::objects, path);
    if (!value || !*value)
        return std::nullopt;
    const auto row = decode_object(**value);
    if (!row) {
        catalog_->mark_damaged(row.error().message);
        return std::nullopt;
    }
    paths_.remember(path, {.digest = row->digest, .size = row->size}, version);
    return open_blob(row->digest, row->size);
}

std::optional<Blob> LocalStore::find(const Sha256& digest) const {
    const auto value = catalog_->get(Family::blobs, key_of(digest));
    if (!value || !*value)
        return std::nullopt;
    const auto row = decode_blob(**value);
    if (!row) {
        catalog_->mark_damaged(row.error().message);
        return std::nullopt;
    }
    return open_blob(digest, row->size);
}

std::optional<Blob> LocalStore::open_blob(const Sha256& digest, std::uint64_t size) const {
    auto file = descriptors_.open(digest, size);
    if (file)
        return Blob(std::move(*file));
    if (file.error() == ENOENT) {
        Operation operation;
        operation.kind = Operation::Kind::forget;
        operation.digest = digest;
        committer_->push(std::move(operation));
    } else {
        spdlog::warn("{}", fail_errno("cannot open blob " + digest.hex(), file.error()).error().message);
    }
    return std::nullopt;
}

Result<Fill> LocalStore::begin(const Identity& identity, std::optional<std::uint64_t> size) {
    auto state = Fill::State::begin(files_, space_, identity, size.value_or(0));
    if (!state)
        return std::unexpected(state.error());
    return Fill(std::move(*state));
}

void LocalStore::commit(Fill fill, const Sha256& digest, Provenance provenance, Committed handler) {
    keep(std::move(fill.state_), digest, std::move(provenance), std::move(handler));
}

void LocalStore::link(const Sha256& digest, Provenance provenance, Committed handler) {
    keep(nullptr, digest, std::move(provenance), std::move(handler));
}

void LocalStore::keep(std::unique_ptr<Fill::State> fill, const Sha256& digest, Provenance provenance,
                      Committed handler) {
    Operation operation;
    operation.kind = Operation::Kind::keep;
    operation.digest = digest;
    operation.fill = std::move(fill);
    operation.committed = std::move(handler);
    auto fits = bounded("path", provenance.path);
    if (fits)
        fits = bounded("source", provenance.source);
    if (!fits)
        operation.failure = fits.error();
    if (provenance.path.empty())
        operation.record = BlobRecord{digest, 0};
    else
        operation.record =
            ObjectRecord{digest, 0, provenance.grade, std::move(provenance.path), std::move(provenance.source)};
    committer_->push(std::move(operation));
}

void LocalStore::erase(const Sha256& digest, std::move_only_function<void(Result<void>)> handler) {
    Operation operation;
    operation.kind = Operation::Kind::erase;
    operation.digest = digest;
    operation.done = std::move(handler);
    committer_->push(std::move(operation));
}

void LocalStore::put_document(std::string_view key, std::string_view bytes, Document document, Committed handler) {
    auto operation = document_operation(key, bytes, std::move(document));
    if (!operation)
        return handler(std::unexpected(std::move(operation.error())));
    operation->committed = std::move(handler);
    committer_->push(std::move(*operation));
}

// Whether the bytes are here already when the commit's turn comes is known there only. Small ones wait for that in
// memory, where they are at most 32 MiB with the group that is at work; of others the file that was not needed is
// dropped unsynced.
Result<Operation> LocalStore::document_operation(std::string_view key, std::string_view bytes, Document document) {
    if (auto fits = bounded(key, document); !fits)
        return std::unexpected(fits.error());
    if (const auto found = sha256(bytes); found != document.digest)
        return fail(Errc::digest_mismatch, fmt::format("document {} should have sha256 {} but has {}", key,
                                                       document.digest.hex(), found.hex()));
    Operation operation;
    operation.kind = Operation::Kind::keep;
    operation.digest = document.digest;
    operation.record = PageRecord{std::string(key), std::move(document), 0};
    if (bytes.size() <= small_document && !committer_->crowded()) {
        operation.bytes = bytes;
        return operation;
    }
    auto fill = Fill::State::begin(files_, space_, Identity{}, bytes.size());
    if (!fill)
        return std::unexpected(fill.error());
    if (auto written = (*fill)->write(0, as_bytes(bytes), {}); !written)
        return std::unexpected(written.error());
    operation.fill = std::move(*fill);
    return operation;
}

bool LocalStore::on_commit_thread() const {
    return committer_->on_thread();
}

std::optional<Document> LocalStore::find_document(std::string_view key) const {
    const auto value = catalog_->get(Family::pages, key);
    if (!value || !*value)
        return std::nullopt;
    auto row = decode_page(**value);
    if (!row) {
        catalog_->mark_damaged(row.error().message);
        return std::nullopt;
    }
    return std::move(row->document);
}

Result<void> LocalStore::touch_document(std::string_view key, std::int64_t checked_at) {
    const std::lock_guard lock(committer_->pages_mutex());
    const auto value = catalog_->get(Family::pages, key);
    if (!value)
        return std::unexpected(value.error());
    if (!*value)
        return fail(Errc::not_found, fmt::format("there is no document {} to confirm", key));
    auto row = decode_page(**value);
    if (!row)
        return std::unexpected(row.error());
    row->document.checked_at = checked_at;
    Catalog::Batch batch(*catalog_);
    batch.put(Family::pages, key, encode(*row));
    return catalog_->write(batch, Catalog::Sync::no);
}

std::vector<std::string> LocalStore::document_keys(std::string_view prefix, std::size_t limit) const {
    std::vector<std::string> keys;
    if (limit == 0)
        return keys;
    const auto scanned = catalog_->scan(Family::pages, prefix, [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return keys.size() < limit;
    });
    if (!scanned)
        spdlog::warn("{}; the list of documents is not complete", scanned.error().message);
    return keys;
}

std::optional<LedgerEntry> LocalStore::find_ledger(std::string_view key) const {
    const auto value = catalog_->get(Family::ledger, key);
    if (!value || !*value)
        return std::nullopt;
    auto row = decode_ledger(**value);
    if (!row) {
        catalog_->mark_damaged(row.error().message);
        return std::nullopt;
    }
    return std::move(*row);
}

Result<std::vector<std::string>> LocalStore::put_ledger(std::span<const LedgerRow> rows) {
    const std::lock_guard lock(ledger_mutex_);
    return write_ledger(*catalog_, rows, [this](std::string_view key, const Sha256& digest) {
        return accepted_digest(data_, key) == digest;
    });
}

std::vector<Store::Dispute> LocalStore::disputes(std::string_view prefix, std::size_t limit) const {
    auto found = read_disputes(*catalog_, prefix, limit);
    if (!found)
        spdlog::warn("{}; some disputes are not shown", found.error().message);
    return found.value_or(std::vector<Dispute>{});
}

Result<void> LocalStore::put_learnt(std::span<const LearntRow> rows) {
    Catalog::Batch batch(*catalog_);
    for (const auto& [key, value] : rows)
        batch.put(Family::endpoints, key, value);
    return catalog_->write(batch, Catalog::Sync::no);
}

std::vector<Store::LearntRow> LocalStore::learnt() const {
    std::vector<LearntRow> out;
    const auto scanned = catalog_->scan(Family::endpoints, {}, [&](std::string_view key, std::string_view value) {
        out.emplace_back(key, value);
        return true;
    });
    if (!scanned)
        spdlog::warn("{}; some of what was learnt of mirrors is forgotten", scanned.error().message);
    return out;
}

StoreStats LocalStore::stats() const {
    StoreStats out;
    if (const auto totals = read_totals(*catalog_)) {
        out.blobs = totals->blobs;
        out.bytes = totals->bytes;
        out.objects = totals->objects;
        out.documents = totals->documents;
    }
    out.rebuilt = rebuilt_;
    out.partials_removed = partials_removed_;
    return out;
}

} // namespace yizhan
