// What a connection has received and not yet answered. Grows from one page to the largest head, and shrinks again, so
// that a thousand idle connections cost a thousand pages.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace yizhan {

/// Lives on its connection's core. Views stay valid until the next prepare().
class ReceiveBuffer {
  public:
    /// `most`: bytes that may be held at once.
    explicit ReceiveBuffer(std::size_t most) : most_(most) {}

    std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }

    /// Room for more bytes; empty when `most` bytes are held.
    std::span<char> prepare();
    /// `size` bytes were written into the prepared room.
    void commit(std::size_t size) { end_ += size; }
    /// The first `size` bytes are done with.
    void consume(std::size_t size);

  private:
    std::size_t most_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::unique_ptr<char[]> data_;
};

} // namespace yizhan
