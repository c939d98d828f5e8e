// One process owns a data folder: an exclusive flock on <data>/lock, for as long as this object lives.
#pragma once

#include "cache/blob_file.hpp"
#include "config/error.hpp"

#include <filesystem>

namespace yizhan {

/// The kernel lets go of the lock when the process ends, however it ends.
class FolderLock {
  public:
    /// Errors: `refused`, naming the process that holds it; `io`.
    static Result<FolderLock> acquire(const std::filesystem::path& data);

  private:
    explicit FolderLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    Descriptor descriptor_;
};

} // namespace yizhan
