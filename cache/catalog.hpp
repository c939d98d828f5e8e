// The catalog: RocksDB behind the few operations that the store needs. Keys and values are bytes; what they mean is
// row.hpp's and changes.hpp's. Reads from any thread without a lock; a batch belongs to one thread.
// After a crash every synced batch is there whole; unsynced ones are too unless the machine itself went down.
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rocksdb {
class WriteBatch;
}

namespace yizhan {

/// Column families, by the names that `name_of` gives.
enum class Family : std::uint8_t {
    objects,     ///< canonical path → ObjectRow
    blobs,       ///< digest → BlobRow; digest + 'o' + path, digest + 'p' + document key → who leads to the blob
    pages,       ///< document key → PageRow
    ledger,      ///< ledger key → LedgerEntry
    endpoints,   ///< what the relay learnt of whom, in its own words
    collections, ///< reserved
    meta,        ///< "schema", "log", "totals"
};
inline constexpr std::size_t family_count = 7;
std::string_view name_of(Family family);

/// What this yizhan writes. A catalog with a greater one is refused before anything is touched.
inline constexpr std::uint32_t catalog_schema = 1;

class Catalog {
  public:
    /// What lies in a catalog's folder, seen without opening it.
    enum class State {
        absent,
        present,
        damaged, ///< files, but not the one that names the others; or marked as damaged by a former process
    };
    static State look(const std::filesystem::path& folder);

    /// Refuses a newer schema (Errc::refused) by reading only. Errors: corrupt, io.
    static Result<void> check_schema(const std::filesystem::path& folder);

    /// Opens the catalog, or makes an empty one where `look` says absent. Errors: corrupt, io, no_space.
    static Result<std::unique_ptr<Catalog>> open(const std::filesystem::path& folder);
    ~Catalog();
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    /// The state at one moment, for reads that must agree with each other.
    class Snapshot {
      public:
        explicit Snapshot(const Catalog& catalog);
        ~Snapshot();
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;

      private:
        friend class Catalog;
        struct Rep;
        std::unique_ptr<Rep> rep_;
    };

    /// Errors: corrupt, io. The first corrupt block that is met marks the catalog: the next start rebuilds it.
    Result<std::optional<std::string>> get(Family family, std::string_view key, const Snapshot* at = nullptr) const;

    /// Calls `visit` for each key that starts with `prefix`, in order, until it returns false.
    using Visit = std::function<bool(std::string_view key, std::string_view value)>;
    Result<void> scan(Family family, std::string_view prefix, const Visit& visit, const Snapshot* at = nullptr) const;

    /// Changes that become visible and durable together. Reads through it see them already.
    class Batch {
      public:
        explicit Batch(const Catalog& catalog);
        Batch(Batch&&) noexcept;
        Batch& operator=(Batch&&) noexcept;
        ~Batch();

        void put(Family family, std::string_view key, std::string_view value);
        void remove(Family family, std::string_view key);
        Result<std::optional<std::string>> get(Family family, std::string_view key) const;
        Result<void> scan(Family family, std::string_view prefix, const Visit& visit) const;

      private:
        friend class Catalog;
        struct Rep;
        std::unique_ptr<Rep> rep_;
    };

    /// Likewise for who does not read back: of thousands of rows a batch's index costs more than they do. Keys that
    /// come in order are written in half the time.
    class Rows {
      public:
        explicit Rows(const Catalog& catalog);
        ~Rows();
        Rows(const Rows&) = delete;
        Rows& operator=(const Rows&) = delete;

        void put(Family family, std::string_view key, std::string_view value);
        void remove(Family family, std::string_view key);
        bool empty() const;

      private:
        friend class Catalog;
        struct Rep;
        std::unique_ptr<Rep> rep_;
    };

    enum class Sync { no, yes };
    /// Errors: io, no_space, corrupt; nothing of the batch is visible then.
    Result<void> write(const Batch& batch, Sync sync);
    Result<void> write(const Rows& rows, Sync sync);

    /// Leaves word that the next start is to set this catalog aside and rebuild it.
    void mark_damaged(std::string_view why) const;

  private:
    struct Rep;
    explicit Catalog(std::unique_ptr<Rep> rep);
    Result<void> write(rocksdb::WriteBatch& writes, Sync sync);
    std::unique_ptr<Rep> rep_;
};

} // namespace yizhan
