// The steps of a commit and of an erasure, named so that tests can kill the process or fail the operating system at
// each of them.
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace yizhan {

/// In the order in which they happen. Design: the file is durable before it has a name, the name before objects.log
/// tells of it, and the log before the catalog does; unlinking comes after all of them.
enum class CommitStep : std::uint8_t {
    sync_data,   ///< fdatasync of the partial file
    rename_blob, ///< partial → blobs/sha256/…
    sync_folder, ///< fsync of the folder renamed into
    append_log,  ///< write of objects.log's lines
    sync_log,    ///< fdatasync of objects.log
    write_batch, ///< the synced RocksDB batch
    unlink_blob, ///< the file of a blob that nothing leads to any more
    acknowledge, ///< before the handlers are called
    rewrite_log, ///< objects.log is written anew from the catalog
    replace_log, ///< … and renamed over the old one
};

/// Asked before each step, for tests: 0 goes on, anything else is the errno with which the step fails. It may also end
/// the process. Runs on the commit thread, or on the opening one.
using StepHook = std::function<int(CommitStep)>;

/// Runs the hook where there is one; an error it orders reads "<doing>: <strerror>".
inline Result<void> before(const StepHook& hook, CommitStep step, std::string_view doing) {
    if (hook)
        if (const int error = hook(step))
            return fail_errno(doing, error);
    return {};
}

} // namespace yizhan
