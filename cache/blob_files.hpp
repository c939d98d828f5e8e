// The files of the data folder: blobs/sha256/<2 hex>/<64 hex>, and partial/ for bytes on their way in.
// A user's string never becomes part of a path here: blobs are named by digest, partials by number or by digest.
#pragma once

#include "cache/blob_file.hpp"
#include "cache/parking.hpp"
#include "config/digest.hpp"
#include "config/error.hpp"

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace yizhan {

/// fsync of a folder, which makes renames into it and new names in it durable.
Result<void> sync_folder(const std::filesystem::path& folder);

/// Stateless but for the paths; any thread.
class BlobFiles {
  public:
    using File = std::shared_ptr<const Blob::File>;

    /// One folder per first byte of a digest: 400 blobs each at 100,000, a size every file system is quick with.
    static constexpr unsigned folders = 256;

    explicit BlobFiles(const std::filesystem::path& data);

    /// Makes the folders that are missing, durably.
    Result<void> prepare() const;

    /// Deletes what a former process left half done, but for what can be taken up again; returns how many files went.
    Result<std::uint64_t> remove_partials() const { return parking_->sweep(); }

    struct Partial {
        std::filesystem::path path;
        Descriptor descriptor;             ///< read and write
        std::unique_ptr<Berth> berth = {}; ///< where it can be taken up again
    };
    /// A new file, which is gone with its process. Read-only from its birth, as blobs are.
    Result<Partial> create_partial() const;
    /// The file that a former fill of this identity left, or a new one that a later fill will find. Where somebody is
    /// filling it just now, or nothing identifies the object: as create_partial.
    Result<Partial> open_partial(const Identity& identity) const;

    std::filesystem::path path(const Sha256& digest) const;

    /// Opens a blob for reading. The error is an errno value: ENOENT when there is no regular file of `size` bytes.
    std::expected<File, int> open(const Sha256& digest, std::uint64_t size) const;

    /// True when there is no regular file of `size` bytes; not when it merely cannot be looked at just now.
    bool gone(const Sha256& digest, std::uint64_t size) const;

    /// Gives a finished partial its blob's name, replacing what stood there. Not durable before sync(digest's folder).
    Result<void> place(const std::filesystem::path& partial, const Sha256& digest) const;

    /// The folder a digest's blob lives in, 0 to 255.
    static unsigned folder(const Sha256& digest) { return digest.bytes[0]; }
    Result<void> sync(unsigned folder) const;

    /// Deletes a blob's file; that there is none is no error.
    Result<void> remove(const Sha256& digest) const;

    struct Listed {
        Sha256 digest;
        std::uint64_t size = 0;
    };
    /// The blobs that lie in one folder, in order of digest; names that are no digest are passed over.
    Result<std::vector<Listed>> list(unsigned folder) const;

  private:
    std::string folder_path(unsigned folder) const;

    std::string blobs_;
    std::filesystem::path partials_;
    std::shared_ptr<Parking> parking_;
};

} // namespace yizhan
