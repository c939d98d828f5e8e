// Large buffers through which file bytes pass on their way to a socket. One pool per core, no locks.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace yizhan {

class BufferPool;

/// Memory of its own mapping, so that it goes back to the system when a burst is over. Movable; returns to its pool.
class Buffer {
  public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;
    ~Buffer();

    explicit operator bool() const { return data_ != nullptr; }
    std::span<char> bytes() const;

    // pread and send of 256 KiB cost least CPU per byte on two machines measured; the page more is room for what
    // chunked framing puts around them.
    static constexpr std::size_t payload = 256UL * 1024;
    static constexpr std::size_t margin = 4096;

  private:
    friend class BufferPool;
    Buffer(BufferPool* pool, char* data) : pool_(pool), data_(data) {}

    BufferPool* pool_ = nullptr;
    char* data_ = nullptr;
};

/// Lives on one core and outlives its buffers.
class BufferPool {
  public:
    BufferPool() = default;
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    /// A buffer of payload + margin bytes with undefined contents. Throws std::bad_alloc.
    Buffer take();

    /// True when so many are out that a sender that waits for its client should give its buffer back and read again
    /// later: a thousand slow readers must not cost a thousand buffers.
    bool crowded() const { return taken_ > most_taken; }

  private:
    friend class Buffer;
    void give_back(char* data);

    static constexpr std::size_t most_taken = 64; // 16 MiB per core
    static constexpr std::size_t most_spare = 4;

    std::size_t taken_ = 0;
    std::vector<char*> spare_;
};

} // namespace yizhan
