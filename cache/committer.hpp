// The store's one writer: commits, erasures and repairs of objects, blobs and documents, one group after another on its
// own thread. The order within a group is CommitStep's.
#pragma once

#include "cache/changes.hpp"
#include "cache/commit_queue.hpp"
#include "cache/commit_step.hpp"
#include "cache/descriptor_cache.hpp"
#include "cache/fill.hpp"
#include "cache/objects_log.hpp"
#include "cache/recent_paths.hpp"
#include "cache/space.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace yizhan {

/// One thing to be done by the writer.
struct Operation {
    enum class Kind {
        keep,    ///< make `fill` the blob, unless it is here, and take `record` in
        erase,   ///< the blob and all that leads to it
        forget,  ///< as erase, where the blob's file is gone or of another size
        adopt,   ///< a file without a row, whose digest was found right: it becomes a kept blob
        discard, ///< a file without a row, whose digest was found wrong: it is deleted
        rewrite, ///< objects.log anew
    };
    Kind kind = Kind::keep;
    Sha256 digest;
    std::uint64_t size = 0;                           ///< adopt
    std::optional<Record> record;                     ///< keep; its size is filled in
    std::unique_ptr<Fill::State> fill;                ///< keep; none: there are `bytes`, or the blob must be here
    std::optional<std::string> bytes;                 ///< keep: a fill's, written where the blob is not here
    Store::Committed committed;                       ///< keep
    std::move_only_function<void(Result<void>)> done; ///< the others; may be empty

    std::optional<Blob> blob;     // the outcome, or
    std::optional<Error> failure; // why there is none
};

class Committer {
  public:
    struct Parts {
        Catalog& catalog;
        const BlobFiles& files;
        std::shared_ptr<Space> space;
        DescriptorCache& descriptors;
        RecentPaths& paths;
        std::filesystem::path data;
        StepHook hook;
    };

    Committer(Parts parts, ObjectsLog log, LogPosition position);
    ~Committer(); ///< does what waits, then leaves word of a clean end where `swept` was called

    /// Any thread; the operation's handler runs on the commit thread.
    void push(Operation operation) { queue_->push(std::move(operation)); }
    bool on_thread() const { return queue_->on_thread(); }
    /// Somebody waits for what was pushed.
    void hurry() { queue_->hurry(); }
    /// A whole group or more waits.
    bool crowded() const { return queue_->crowded(); }

    /// Whoever changes a document's row elsewhere holds this meanwhile.
    std::mutex& pages_mutex() { return pages_mutex_; }

    /// Every blob file is known to have its row.
    void swept() { swept_ = true; }

  private:
    struct Staged;

    void run(std::vector<Operation>& group);
    void sync_data(std::vector<Operation>& group);
    Result<void> write_out(Operation& operation);
    Result<void> sync_fill(Operation& operation);
    Result<void> commit(std::vector<Operation>& group);
    Result<void> stage(Operation& operation, Staged& staged);
    Result<void> stage_keep(Operation& operation, Staged& staged);
    Result<void> place(Operation& operation, Staged& staged);
    Result<void> take_in(const Record& record, Staged& staged);
    Result<void> remove(const Sha256& digest, const Record& why, Staged& staged);
    Result<void> make_durable(Staged& staged);
    Result<void> write_log(const Staged& staged);
    Result<void> mend_log();
    void unlink(const std::vector<Sha256>& digests);
    void acknowledge(std::vector<Operation>& group);
    bool has_row(const Sha256& digest) const;
    void say_goodbye();

    Parts parts_;
    ObjectsLog log_;
    LogPosition position_;
    bool log_broken_ = false;
    std::atomic<bool> swept_{false};
    std::mutex pages_mutex_;
    std::optional<CommitQueue<Operation>> queue_; // last: its thread uses all of the above
};

} // namespace yizhan
