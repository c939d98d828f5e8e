// Reads that never block a core: what the page cache holds is read at once, the rest on the disk pool.
#pragma once

#include "config/error.hpp"
#include "proxy/task.hpp"

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace yizhan {

/// Stateless but for the pool; shared by all cores. The pool must outlive every read.
class DiskReader {
  public:
    explicit DiskReader(asio::thread_pool& pool) : pool_(pool) {}

    /// Bytes at `offset`, as many as the page cache holds; 0 when the disk would have to be waited for, or when
    /// something is wrong: then read() will tell.
    static std::size_t read_cached(int fd, std::span<char> into, std::uint64_t offset);

    /// Bytes at `offset`: at least one, at most into.size(), at once where the page cache holds them. `into` and the
    /// file must live until it returns. Errors: io, also for an offset at or beyond the end of the file.
    Task<Result<std::size_t>> read(int fd, std::span<char> into, std::uint64_t offset);

  private:
    asio::thread_pool& pool_;
};

} // namespace yizhan
