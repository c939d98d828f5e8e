#include "cache/descriptor_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <utility>

namespace yizhan {
namespace {

/// One fstat, a third of a microsecond: it finds a file that somebody deleted or cut behind our back.
bool sound(const Blob::File& file, std::uint64_t size) {
    struct stat info{};
    return file.size == size && fstat(file.descriptor.get(), &info) == 0 && info.st_nlink > 0 &&
           static_cast<std::uint64_t>(info.st_size) == size;
}

} // namespace

DescriptorCache::DescriptorCache(const BlobFiles& files, std::size_t capacity)
    : files_(files), per_shard_(std::max<std::size_t>(1, capacity / shard_count)) {}

std::expected<BlobFiles::File, int> DescriptorCache::open(const Sha256& digest, std::uint64_t size) {
    if (auto cached = find(digest)) {
        if (sound(*cached, size))
            return cached;
        drop(digest);
    }
    auto opened = files_.open(digest, size);
    if (!opened && (opened.error() == EMFILE || opened.error() == ENFILE)) {
        clear(); // ours are the descriptors that nobody needs just now
        opened = files_.open(digest, size);
    }
    if (opened)
        insert(*opened);
    return opened;
}

BlobFiles::File DescriptorCache::find(const Sha256& digest) {
    auto& shard = this->shard(digest);
    const std::lock_guard lock(shard.mutex);
    const auto entry = shard.by_digest.find(digest);
    if (entry == shard.by_digest.end())
        return nullptr;
    shard.recent.splice(shard.recent.begin(), shard.recent, entry->second);
    return *entry->second;
}

void DescriptorCache::insert(const BlobFiles::File& file) {
    BlobFiles::File leaving; // closed after the lock is let go
    auto& shard = this->shard(file->digest);
    const std::lock_guard lock(shard.mutex);
    if (const auto entry = shard.by_digest.find(file->digest); entry != shard.by_digest.end()) {
        leaving = std::exchange(*entry->second, file);
        shard.recent.splice(shard.recent.begin(), shard.recent, entry->second);
        return;
    }
    shard.recent.push_front(file);
    shard.by_digest.emplace(file->digest, shard.recent.begin());
    if (shard.recent.size() <= per_shard_)
        return;
    leaving = std::move(shard.recent.back());
    shard.by_digest.erase(leaving->digest);
    shard.recent.pop_back();
}

void DescriptorCache::drop(const Sha256& digest) {
    BlobFiles::File leaving;
    auto& shard = this->shard(digest);
    const std::lock_guard lock(shard.mutex);
    const auto entry = shard.by_digest.find(digest);
    if (entry == shard.by_digest.end())
        return;
    leaving = std::move(*entry->second);
    shard.recent.erase(entry->second);
    shard.by_digest.erase(entry);
}

void DescriptorCache::clear() {
    for (auto& shard : shards_) {
        std::list<BlobFiles::File> leaving;
        const std::lock_guard lock(shard.mutex);
        shard.by_digest.clear();
        leaving.swap(shard.recent);
    }
}

std::size_t DescriptorCache::size() const {
    std::size_t sum = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        sum += shard.recent.size();
    }
    return sum;
}

} // namespace yizhan
