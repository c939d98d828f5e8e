#include "proxy/http/residency.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace yizhan {
namespace {

// linux/mman.h of Linux 6.5; Debian 12's headers are older than the kernels that it may run on.
struct CachestatRange {
    std::uint64_t offset;
    std::uint64_t size;
};
struct Cachestat {
    std::uint64_t cached;
    std::uint64_t dirty;
    std::uint64_t writeback;
    std::uint64_t evicted;
    std::uint64_t recently_evicted;
};
constexpr long cachestat_number = 451; // the same on every architecture

// What readahead reads at least; a hole in between is met by one wait of the core.
constexpr std::uint64_t probe_distance = 128UL * 1024;
constexpr std::int64_t second = 1'000'000'000;

std::int64_t coarse_now() {
    std::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * second + now.tv_nsec;
}

bool has_byte(int fd, std::uint64_t offset) {
    char byte = 0;
    const iovec part{&byte, 1};
    return ::preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
}

} // namespace

bool is_resident_by_probe(int fd, std::uint64_t offset, std::uint64_t size) {
    for (std::uint64_t at = 0; at < size; at += probe_distance)
        if (!has_byte(fd, offset + at))
            return false;
    return size == 0 || has_byte(fd, offset + size - 1);
}

bool is_resident(int fd, std::uint64_t offset, std::uint64_t size) {
    static std::atomic<bool> unknown = false;
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (size == 0)
        return true;
    if (!unknown.load(std::memory_order_relaxed)) {
        CachestatRange range{offset, size};
        Cachestat stat{};
        if (::syscall(cachestat_number, fd, &range, &stat, 0) == 0)
            return stat.cached >= (offset + size - 1) / page - offset / page + 1;
        // ENOSYS: an older kernel; EPERM: a container's filter that is older than the kernel.
        if (errno == ENOSYS || errno == EPERM)
            unknown.store(true, std::memory_order_relaxed);
    }
    return is_resident_by_probe(fd, offset, size);
}

bool Residency::has(int fd, std::uint64_t offset, std::uint64_t size) {
    auto& known = known_[(static_cast<std::size_t>(fd) * 31 + offset / 4096) % known_.size()];
    const auto now = coarse_now();
    if (known.fd == fd && known.offset == offset && known.size == size && now < known.until)
        return true;
    if (!is_resident(fd, offset, size))
        return false;
    known = {.fd = fd, .offset = offset, .size = size, .until = now + second};
    return true;
}

} // namespace yizhan
