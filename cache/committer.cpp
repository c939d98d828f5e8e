#include "cache/committer.hpp"

#include "cache/log_rewrite.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <string>
#include <utility>

namespace yizhan {
namespace {

// A group shares its syncs; more than this in one would only make the first of them wait for the last.
constexpr std::size_t group_size = 256;

Error not_here(const Sha256& digest) {
    return {Errc::not_found, "blob " + digest.hex() + " is not in the store", {}};
}

void set_size(Record& record, std::uint64_t size) {
    std::visit(
        [size](auto& one) {
            if constexpr (requires { one.size; })
                one.size = size;
        },
        record);
}

} // namespace

/// One group on its way into log and catalog.
struct Committer::Staged {
    explicit Staged(Changes started) : changes(std::move(started)) {}

    Changes changes;
    std::string lines; // for objects.log
    std::uint64_t line_count = 0;
    std::optional<std::uint64_t> erasure;    // where in `lines` the first removal stands
    std::bitset<BlobFiles::folders> folders; // renamed into
    std::vector<Sha256> placed;              // files that are new
    std::vector<Sha256> erased;              // files to delete afterwards, unless a row leads to them again
};

Committer::Committer(Parts parts, ObjectsLog log, LogPosition position)
    : parts_(std::move(parts)), log_(std::move(log)), position_(position) {
    queue_.emplace(group_size, [this](std::vector<Operation>& group) { run(group); });
}

Committer::~Committer() {
    queue_.reset();
    say_goodbye();
}

void Committer::run(std::vector<Operation>& group) {
    sync_data(group);
    if (const auto done = commit(group); !done)
        for (auto& operation : group)
            if (!operation.failure)
                operation.failure = done.error();
    acknowledge(group);
}

void Committer::sync_data(std::vector<Operation>& group) {
    for (auto& operation : group)
        if (operation.bytes && !has_row(operation.digest))
            if (auto written = write_out(operation); !written)
                operation.failure = written.error();
    // Write-back of all is started before the first is waited for: one journal commit of the file system then serves
    // most of them. 32 fills of 1 MiB: 60 ms one by one, 25 ms so.
    for (auto& operation : group)
        if (operation.fill)
            operation.fill->start_writeback();
    for (auto& operation : group)
        if (operation.fill && !has_row(operation.digest))
            if (auto synced = sync_fill(operation); !synced)
                operation.failure = synced.error();
}

Result<void> Committer::write_out(Operation& operation) {
    const auto bytes = std::move(*std::exchange(operation.bytes, std::nullopt));
    auto fill = Fill::State::begin(parts_.files, parts_.space, Identity{}, bytes.size());
    if (!fill)
        return std::unexpected(fill.error());
    operation.fill = std::move(*fill);
    return operation.fill->write(0, as_bytes(bytes), {});
}

Result<void> Committer::sync_fill(Operation& operation) {
    auto& fill = *operation.fill;
    auto result = fill.whole();
    if (result)
        result = before(parts_.hook, CommitStep::sync_data, "cannot make a download durable, it is dropped");
    if (result)
        result = fill.sync();
    if (!result && !fill.failure)
        fill.failure = result.error();
    return result;
}

Result<void> Committer::commit(std::vector<Operation>& group) {
    if (log_broken_)
        if (auto mended = mend_log(); !mended)
            return mended;
    const std::lock_guard pages(pages_mutex_);
    auto changes = Changes::start(parts_.catalog);
    if (!changes)
        return std::unexpected(changes.error());
    Staged staged(std::move(*changes));
    Result<void> result;
    for (auto& operation : group)
        if (result && !operation.failure)
            result = stage(operation, staged);
    if (result && staged.line_count > 0)
        result = make_durable(staged);
    unlink(result ? staged.erased : staged.placed);
    return result;
}

/// An error is the whole group's; what concerns one operation alone is put down there.
Result<void> Committer::stage(Operation& operation, Staged& staged) {
    using enum Operation::Kind;
    const auto& digest = operation.digest;
    const auto row = staged.changes.blob(digest);
    if (!row)
        return std::unexpected(row.error());
    switch (operation.kind) {
    case keep:
        return stage_keep(operation, staged);
    case erase:
        return remove(digest, EraseRecord{digest}, staged);
    case forget:
        if (!*row || !parts_.files.gone(digest, (*row)->size))
            return {};
        spdlog::warn("blob {} is gone from the disk or has another size; it is forgotten", digest.hex());
        return remove(digest, EraseRecord{digest}, staged);
    case adopt:
        if (*row || !parts_.files.open(digest, operation.size))
            return {};
        spdlog::info("blob {} was left by an interrupted run; its bytes are right and it is kept", digest.hex());
        return take_in(BlobRecord{digest, operation.size}, staged);
    case discard:
        if (*row)
            return {};
        spdlog::warn("blob {} holds other bytes than its name says; it is deleted", digest.hex());
        staged.erased.push_back(digest);
        return {};
    case rewrite:
        if (auto rewritten = mend_log(); !rewritten)
            operation.failure = rewritten.error();
        return {};
    }
    return {};
}

Result<void> Committer::stage_keep(Operation& operation, Staged& staged) {
    if (const auto* object = std::get_if<ObjectRecord>(&*operation.record)) {
        const auto admitted = staged.changes.admit(*object);
        if (!admitted && admitted.error().code != Errc::refused)
            return admitted;
        if (!admitted) {
            operation.failure = admitted.error();
            return {};
        }
    }
    const auto row = staged.changes.blob(operation.digest);
    if (!row)
        return std::unexpected(row.error());
    if (*row)
        if (auto file = parts_.descriptors.open(operation.digest, (*row)->size))
            operation.blob.emplace(std::move(*file));
    if (!operation.blob) {
        const auto placed = place(operation, staged);
        if (!placed) {
            operation.failure = placed.error();
            return {};
        }
    }
    set_size(*operation.record, operation.blob->size());
    return take_in(*operation.record, staged);
}

/// Gives a fill's file its blob's name and opens it under that.
Result<void> Committer::place(Operation& operation, Staged& staged) {
    if (operation.bytes)
        if (auto written = write_out(operation); !written)
            return written;
    if (!operation.fill)
        return std::unexpected(not_here(operation.digest));
    auto& fill = *operation.fill;
    if (!fill.synced)
        if (auto synced = sync_fill(operation); !synced)
            return synced;
    auto result = before(parts_.hook, CommitStep::rename_blob, "cannot rename a finished download");
    if (result)
        result = parts_.files.place(fill.path, operation.digest);
    if (!result)
        return result;
    fill.placed = true;
    staged.placed.push_back(operation.digest);
    staged.folders.set(BlobFiles::folder(operation.digest));
    parts_.descriptors.drop(operation.digest);
    auto file = parts_.descriptors.open(operation.digest, fill.extents.end());
    if (!file)
        return fail_errno("cannot open the finished download " + operation.digest.hex(), file.error());
    operation.blob.emplace(std::move(*file));
    return {};
}

Result<void> Committer::take_in(const Record& record, Staged& staged) {
    staged.lines += encode_line(record);
    ++staged.line_count;
    if (auto applied = staged.changes.apply(record); !applied)
        return applied;
    const auto unreferenced = staged.changes.take_unreferenced();
    if (!unreferenced)
        return std::unexpected(unreferenced.error());
    for (const auto& digest : *unreferenced)
        if (auto dropped = remove(digest, DropRecord{digest}, staged); !dropped)
            return dropped;
    return {};
}

Result<void> Committer::remove(const Sha256& digest, const Record& why, Staged& staged) {
    staged.erased.push_back(digest);
    if (!staged.erasure)
        staged.erasure = staged.lines.size();
    staged.lines += encode_line(why);
    ++staged.line_count;
    return staged.changes.apply(why);
}

Result<void> Committer::make_durable(Staged& staged) {
    for (unsigned folder = 0; folder < staged.folders.size(); ++folder) {
        if (!staged.folders[folder])
            continue;
        auto synced = before(parts_.hook, CommitStep::sync_folder, "cannot sync a blob folder");
        if (synced)
            synced = parts_.files.sync(folder);
        if (!synced)
            return synced;
    }
    const auto start = log_.end();
    auto result = write_log(staged);
    if (!result)
        return result;
    auto position = position_;
    // A removal is applied again at the next start until the file is known to be deleted: the batch after this one
    // moves the position past it.
    position.offset = staged.erasure ? start + *staged.erasure : log_.end();
    position.lines += staged.line_count;
    result = before(parts_.hook, CommitStep::write_batch, "cannot write to the catalog");
    if (result)
        result = parts_.catalog.write(staged.changes.finish(position), Catalog::Sync::yes);
    parts_.paths.forget_all();
    if (result)
        position_ = position;
    else if (!log_.truncate(start))
        log_broken_ = true;
    return result;
}

Result<void> Committer::write_log(const Staged& staged) {
    const auto start = log_.end();
    auto result = before(parts_.hook, CommitStep::append_log, "cannot write objects.log");
    if (result)
        result = log_.append(staged.lines);
    if (!result) {
        log_broken_ = !log_.truncate(start);
        return result;
    }
    result = before(parts_.hook, CommitStep::sync_log, "cannot make objects.log durable");
    if (result)
        result = log_.sync();
    if (result)
        return result;
    // After a failed sync the kernel takes the pages for clean: only a new file can be trusted again. The lines are cut
    // off all the same, before their blobs are deleted.
    log_broken_ = true;
    if (auto cut = log_.truncate(start); !cut)
        spdlog::warn("{}", cut.error().message);
    return result;
}

Result<void> Committer::mend_log() {
    auto rewritten = rewrite_log(parts_.catalog, parts_.data, parts_.hook);
    // It may have failed after the rename: then ours is a file without a name, and no line may go there any more.
    log_broken_ = !rewritten;
    if (!rewritten)
        return std::unexpected(rewritten.error());
    log_ = std::move(rewritten->log);
    position_ = rewritten->position;
    return {};
}

void Committer::unlink(const std::vector<Sha256>& digests) {
    for (const auto& digest : digests) {
        if (has_row(digest))
            continue;
        parts_.descriptors.drop(digest);
        auto removed = before(parts_.hook, CommitStep::unlink_blob, "cannot delete a blob");
        if (removed)
            removed = parts_.files.remove(digest);
        if (!removed)
            spdlog::warn("{}; the space is not freed before the next start", removed.error().message);
    }
}

void Committer::acknowledge(std::vector<Operation>& group) {
    if (parts_.hook)
        parts_.hook(CommitStep::acknowledge);
    for (auto& operation : group) {
        operation.fill.reset(); // the partial is gone and its room given back before anybody is told
        if (operation.committed && operation.failure)
            operation.committed(std::unexpected(std::move(*operation.failure)));
        else if (operation.committed)
            operation.committed(std::move(*operation.blob));
        else if (operation.done && operation.failure)
            operation.done(std::unexpected(std::move(*operation.failure)));
        else if (operation.done)
            operation.done({});
        else if (operation.failure)
            spdlog::warn("{}", operation.failure->message);
    }
}

bool Committer::has_row(const Sha256& digest) const {
    const auto row = parts_.catalog.get(Family::blobs, key_of(digest));
    return !row || *row; // unknown counts as yes: nothing is deleted on a doubt
}

void Committer::say_goodbye() {
    if (log_broken_ || !swept_)
        return;
    auto changes = Changes::start(parts_.catalog);
    if (!changes)
        return;
    position_.offset = log_.end();
    position_.clean = true;
    if (auto written = parts_.catalog.write(changes->finish(position_), Catalog::Sync::yes); !written)
        spdlog::warn("{}; the next start looks through all blobs", written.error().message);
}

} // namespace yizhan
