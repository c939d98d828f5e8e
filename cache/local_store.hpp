// The Store on a local disk: what Store::open gives. Puts the parts together; each is described in its own header.
#pragma once

#include "cache/blob_files.hpp"
#include "cache/catalog.hpp"
#include "cache/committer.hpp"
#include "cache/descriptor_cache.hpp"
#include "cache/folder_lock.hpp"
#include "cache/recent_paths.hpp"
#include "cache/recovery.hpp"
#include "cache/space.hpp"
#include "cache/store.hpp"
#include "cache/sweep.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace yizhan {

class LocalStore final : public Store {
  public:
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& data, const Options& options);
    ~LocalStore() override;

    std::optional<Blob> find(const PathKey& path) const override;
    std::optional<Blob> find(const Sha256& digest) const override;
    Result<Fill> begin(const Identity& identity, std::optional<std::uint64_t> size) override;
    void commit(Fill fill, const Sha256& digest, Provenance provenance, Committed handler) override;
    void link(const Sha256& digest, Provenance provenance, Committed handler) override;
    void hurry() override { committer_->hurry(); }
    void erase(const Sha256& digest, std::move_only_function<void(Result<void>)> handler) override;
    void put_document(std::string_view key, std::string_view bytes, Document document, Committed handler) override;
    std::optional<Document> find_document(std::string_view key) const override;
    Result<void> touch_document(std::string_view key, std::int64_t checked_at) override;
    std::vector<std::string> document_keys(std::string_view prefix, std::size_t limit) const override;
    Result<std::vector<std::string>> put_ledger(std::span<const LedgerRow> rows) override;
    std::optional<LedgerEntry> find_ledger(std::string_view key) const override;
    std::vector<Dispute> disputes(std::string_view prefix, std::size_t limit) const override;
    Result<void> put_learnt(std::span<const LearntRow> rows) override;
    std::vector<LearntRow> learnt() const override;
    StoreStats stats() const override;

  private:
    LocalStore(FolderLock lock, const std::filesystem::path& data, const Options& options);
    Result<void> start(const std::filesystem::path& data, const StepHook& hook);

    std::optional<Blob> open_blob(const Sha256& digest, std::uint64_t size) const;
    void keep(std::unique_ptr<Fill::State> fill, const Sha256& digest, Provenance provenance, Committed handler);
    Result<Operation> document_operation(std::string_view key, std::string_view bytes, Document document);
    bool on_commit_thread() const override;

    std::filesystem::path data_;
    FolderLock lock_;
    BlobFiles files_;
    std::shared_ptr<Space> space_;
    mutable DescriptorCache descriptors_;
    mutable RecentPaths paths_;
    std::unique_ptr<Catalog> catalog_;
    bool rebuilt_ = false;
    std::uint64_t partials_removed_ = 0;
    std::mutex ledger_mutex_; // held by put_ledger from reading the old rows to writing the new
    std::unique_ptr<Committer> committer_;
    std::optional<Sweep> sweep_; // last: it uses the others
};

} // namespace yizhan
