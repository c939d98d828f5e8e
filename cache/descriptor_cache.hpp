// Open descriptors of blobs that were asked for lately, so that a hot file is not opened once per request.
#pragma once

#include "cache/blob_files.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <mutex>
#include <unordered_map>

namespace yizhan {

/// Least recently used descriptors leave first. Any thread; a shard's lock is held for the look-up only, never across
/// a system call.
class DescriptorCache {
  public:
    /// `capacity`: descriptors kept open in all, besides those that Blobs hold.
    DescriptorCache(const BlobFiles& files, std::size_t capacity);

    /// The blob's open file, from the cache or from disk; checked to be linked and of `size` bytes now. The error is
    /// an errno value, ENOENT when the blob is gone or of another size.
    std::expected<BlobFiles::File, int> open(const Sha256& digest, std::uint64_t size);

    /// Forgets a blob that was erased or replaced, so that its disk space is freed when the last reader leaves.
    void drop(const Sha256& digest);

    std::size_t size() const; ///< descriptors held now

  private:
    // 16 locks for a handful of cores: two threads meet on one in a few per cent of look-ups.
    static constexpr std::size_t shard_count = 16;

    struct Shard {
        mutable std::mutex mutex;
        std::list<BlobFiles::File> recent; ///< front: used last
        std::unordered_map<Sha256, std::list<BlobFiles::File>::iterator> by_digest;
    };

    Shard& shard(const Sha256& digest) { return shards_[digest.bytes[Sha256::size - 1] % shard_count]; }
    BlobFiles::File find(const Sha256& digest);
    void insert(const BlobFiles::File& file);
    void clear();

    const BlobFiles& files_;
    std::size_t per_shard_;
    std::array<Shard, shard_count> shards_;
};

} // namespace yizhan
