// Bytes at rest: blobs named by SHA-256, and the catalog (RocksDB) that says which path and which document is which.
//
// Threads: `find…`, `stats`, `commit`, `link` and `erase` (the last three only queue) from any thread; everything else
// blocks on the disk and belongs on a disk thread. Commits and erasures run one after another on a thread of the store.
//
// After a crash: what was acknowledged is found again; of a fill that was not committed a later one of the same
// identity takes over what proves to be there; a finished blob without a row is read at the next start and adopted
// where its bytes are right. One process owns a data folder.
#pragma once

#include "cache/pieces.hpp"
#include "config/digest.hpp"
#include "config/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yizhan {

/// Whose word a digest is: ordered, a stronger one is never replaced by a weaker one.
enum class Grade : std::uint8_t {
    seen = 1,   ///< computed here from bytes that nothing else identified
    agreed = 2, ///< two independent mirror families say the same
    root = 3,   ///< the root index says so, or PyPI's path spells it
};

constexpr std::string_view name(Grade grade) {
    return grade == Grade::root ? "root" : grade == Grade::agreed ? "agreed" : "seen";
}

/// A canonical path below our own root, without the leading slash and percent-decoded:
/// "pypi/packages/aa/bb/<60 hex>/six-1.17.0-py2.py3-none-any.whl".
using PathKey = std::string;

/// An immutable verified blob. Copies share one open descriptor, which lives as long as any copy, also past an erase.
class Blob {
  public:
    const Sha256& digest() const;
    std::uint64_t size() const;
    int fd() const; ///< open for reading; use pread

    /// Fills `into` with what lies at `offset`, also of a fill that still grows. Errors: io, corrupt (it ends before).
    Result<void> read(std::uint64_t offset, std::span<std::byte> into) const;

    /// The whole blob; refuses to read more than `limit` bytes.
    Result<std::string> read_all(std::uint64_t limit) const;

    struct File;
    explicit Blob(std::shared_ptr<const File> file) : file_(std::move(file)) {}
    const std::shared_ptr<const File>& file() const { return file_; }

  private:
    std::shared_ptr<const File> file_;
};

/// Where an object came from, and under which names it is to be found from now on.
struct Provenance {
    PathKey path; ///< empty: the blob alone
    Grade grade = Grade::seen;
    std::string source; ///< the upstream URL that gave the bytes, redacted
};

/// An upstream document (index page, repodata, manifest): the blob of its bytes and what a revalidation needs.
struct Document {
    Sha256 digest;
    std::string url; ///< after redirects
    std::string content_type;
    std::string etag;            ///< as upstream sent it, empty where it sent none
    std::string last_modified;   ///< likewise
    std::int64_t checked_at = 0; ///< Unix seconds of the last confirmation; in the future means stale (the clock lies)
};

/// What the ledger knows of a file: which digest a name stands for, on whose word, and where to get it.
struct LedgerEntry {
    Sha256 digest;
    Grade grade = Grade::seen;
    std::optional<std::uint64_t> size;
    std::string source;             ///< absolute upstream URL as the index gave it
    std::optional<Sha256> metadata; ///< digest of its core metadata, where the index gives one
    bool metadata_available = false;

    bool operator==(const LedgerEntry&) const = default;
};

struct StoreStats {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;   ///< of blobs
    std::uint64_t objects = 0; ///< paths
    std::uint64_t documents = 0;
    bool rebuilt = false; ///< at this start, from objects.log and the blobs: the ledger is empty, and whoever wrote it
                          ///< makes it again from the documents
    std::uint64_t partials_removed = 0; ///< at this start
};

class Store;
enum class CommitStep : std::uint8_t;

/// Bytes on their way in. Movable; destroying one that was neither committed nor parked removes its partial file and
/// gives the reservation back. One writer at a time; readers may pread `fd()` below what has been written.
class Fill {
  public:
    Fill(Fill&&) noexcept;
    Fill& operator=(Fill&&) noexcept;
    ~Fill();

    /// Writes all of `bytes` at `offset`; starts write-back every 32 MiB so that the final sync is short. `source`: who
    /// sent them. Errors: no_space, io; after one the fill can neither be written nor committed any more, only read and
    /// dropped.
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source = {});

    /// How many bytes a former fill of the same identity left: to be taken over before anything is written.
    std::uint64_t left_behind() const;
    /// Takes over the next piece of that which proves to be what was written then, by offset; what the disk has lost is
    /// passed over. nullopt at the end. Errors: io.
    struct Inherited {
        std::uint64_t offset = 0;
        std::vector<std::byte> bytes; ///< up to some MiB
    };
    Result<std::optional<Inherited>> take_over();

    /// Who sent which part, as far as it is written; parts that grow on count as ended.
    std::vector<Piece> pieces();

    /// Takes back what `source` wrote, and says what that was: holes until it is written again.
    std::vector<Piece> forget(std::string_view source);

    /// Leaves what is written for a later fill of the same identity, also of a later process; drops it where that is
    /// not worth its while, and says which. The fill can only be destroyed afterwards.
    bool park();

    std::uint64_t written() const; ///< end of the furthest byte written

    struct State;
    /// The partial's descriptor, shared so that readers outlive the fill.
    std::shared_ptr<const Blob::File> file() const;

  private:
    friend class LocalStore;
    explicit Fill(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Store {
  public:
    struct Options {
        std::uint64_t min_free = 0; ///< bytes to leave free, but at most 5 % of the file system; begin() refuses below
        std::function<int(CommitStep)> on_step = {}; ///< for tests: see commit_step.hpp
    };

    /// Opens or creates the data folder. Errors: `refused` when another process holds it or its schema is newer.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& data, const Options& options);
    virtual ~Store();

    /// One catalog look-up, in memory where the path was asked for lately; a row whose blob has vanished or has the
    /// wrong size is a miss (and is forgotten).
    virtual std::optional<Blob> find(const PathKey& path) const = 0;
    virtual std::optional<Blob> find(const Sha256& digest) const = 0;

    /// Starts a fill, reserving `size` bytes where it is known. By its identity a parked one is found again, unless
    /// another fill of the same identity is under way. Errors: no_space, io.
    virtual Result<Fill> begin(const Identity& identity, std::optional<std::uint64_t> size) = 0;

    /// Makes the fill's bytes the blob `digest` (computed by the caller on the way in) and names it. The handler runs
    /// on the commit thread once it is acknowledged (durable and visible), or with the error; never inside this call.
    /// It may call anything but the put_document that blocks. A path that stood for other bytes stands for these from
    /// now on, and bytes that nothing leads to any more are erased. Errors: refused (the path has another digest on a
    /// stronger word), invalid (holes, a path or source over 8 KiB), no_space, io (the fill is dropped), corrupt.
    using Committed = std::move_only_function<void(Result<Blob>)>;
    virtual void commit(Fill fill, const Sha256& digest, Provenance provenance, Committed handler) = 0;

    /// Also names a blob that is here already, as commit does. Errors also: not_found.
    virtual void link(const Sha256& digest, Provenance provenance, Committed handler) = 0;

    /// Commits rest in between, so that many share their syncs. Whoever waits for one says so after the call.
    virtual void hurry() = 0;

    /// Forgets the blob and every path and document that leads to it, then deletes its file. None there: no error.
    virtual void erase(const Sha256& digest, std::move_only_function<void(Result<void>)> handler) = 0;

    /// Stores a document's bytes as a blob and its row under `key` in one step. Waits for no sync, and a small one's
    /// bytes are written with the commit only; documents of one key replace each other in the order of the calls. The
    /// handler as commit's, but within this call where it fails at once. The bytes that are replaced are erased unless
    /// something else leads to them. Errors: digest_mismatch (bytes and document.digest differ), invalid (a text over 8
    /// KiB), and commit's.
    virtual void put_document(std::string_view key, std::string_view bytes, Document document, Committed handler) = 0;
    /// Likewise, and blocks until it is durable. Not from a handler.
    Result<Blob> put_document(std::string_view key, std::string_view bytes, Document document);
    virtual std::optional<Document> find_document(std::string_view key) const = 0;
    /// A 304: only `checked_at` changes. Not synced: losing it costs one revalidation. May wait for a commit's syncs,
    /// so it belongs on a disk thread too. Errors: not_found.
    virtual Result<void> touch_document(std::string_view key, std::int64_t checked_at) = 0;
    /// Keys of documents that start with `prefix`, in order, at most `limit`.
    virtual std::vector<std::string> document_keys(std::string_view prefix, std::size_t limit) const = 0;

    /// Writes all entries in one batch, not synced: they can be made again from the documents. An entry with a weaker
    /// grade never replaces a stronger one; the keys for which an equal or stronger entry with another digest stood
    /// already are returned (an alarm), and are left as they were, unless the row gives way.
    struct LedgerRow {
        std::string key;
        LedgerEntry entry;
        /// An equally strong word with another digest takes its place: names that are not PyPI's may change their
        /// bytes.
        bool gives_way = false;
    };
    virtual Result<std::vector<std::string>> put_ledger(std::span<const LedgerRow> rows) = 0;
    virtual std::optional<LedgerEntry> find_ledger(std::string_view key) const = 0;

    /// Two words about one name; the second is not believed.
    struct Dispute {
        std::string key;
        LedgerEntry stands;
        LedgerEntry claimed;
    };
    /// Those whose key begins with `prefix`, by key, at most `limit`. What is settled is none any more once it has been
    /// said again.
    virtual std::vector<Dispute> disputes(std::string_view prefix, std::size_t limit) const = 0;
    /// An operator's word: when `digest` is claimed of `key` the next time, it is believed, whatever stood there. Works
    /// beside a process that has the folder open. Errors: io.
    static Result<void> accept(const std::filesystem::path& data, std::string_view key, const Sha256& digest);

    /// What was learnt of upstream endpoints: rows of the relay's own making, kept for it. Not synced.
    using LearntRow = std::pair<std::string, std::string>;
    virtual Result<void> put_learnt(std::span<const LearntRow> rows) = 0;
    virtual std::vector<LearntRow> learnt() const = 0;

    virtual StoreStats stats() const = 0;

  private:
    virtual bool on_commit_thread() const = 0;
};

} // namespace yizhan
