// The newest bytes of a delivery that no disk takes, in memory: a row of chunks, each a file without a name, so that
// they are sent like any others. A chunk lives as long as somebody still sends from it.
// Any thread.
#pragma once

#include "proxy/http/message.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace yizhan {

class Window {
  public:
    static constexpr std::uint64_t chunk_size = std::uint64_t{1} * 1024 * 1024;
    /// Bytes between the slowest reader and the newest byte; more is waited with.
    static constexpr std::uint64_t most = 8 * chunk_size;

    /// What is appended first has this offset in the object.
    explicit Window(std::uint64_t begin) : first_(begin), begin_(begin), end_(begin) {}

    /// Errors: io (no memory).
    Result<void> append(std::span<const std::byte> bytes);

    /// Bytes at `offset` below `limit`, as many as lie in one chunk; nothing where they have been dropped.
    std::optional<Extent> find(std::uint64_t offset, std::uint64_t limit) const;

    /// Lets go of the chunks that lie wholly below `offset`.
    void drop_below(std::uint64_t offset);

    std::uint64_t first() const { return first_; } ///< where it began; what is below lies elsewhere
    std::uint64_t begin() const;                   ///< the oldest byte that is still here
    std::uint64_t end() const;

  private:
    struct Chunk {
        std::uint64_t offset;
        std::shared_ptr<const Blob::File> file;
    };

    mutable std::mutex mutex_; // held for a chunk's copy at the most
    std::deque<Chunk> chunks_;
    const std::uint64_t first_;
    std::uint64_t begin_, end_;
};

} // namespace yizhan
