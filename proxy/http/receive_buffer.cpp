#include "proxy/http/receive_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace yizhan {
namespace {

// Ten times the head that pip or uv sends.
constexpr std::size_t small = 4096;

} // namespace

std::span<char> ReceiveBuffer::prepare() {
    const auto held = end_ - begin_;
    if (end_ == capacity_ && held < most_) {
        const auto wanted = std::clamp(held * 2, std::min(small, most_), most_);
        if (wanted > capacity_) {
            auto larger = std::make_unique_for_overwrite<char[]>(wanted);
            if (held > 0)
                std::memcpy(larger.get(), data_.get() + begin_, held);
            data_ = std::move(larger);
            capacity_ = wanted;
        } else {
            std::memmove(data_.get(), data_.get() + begin_, held);
        }
        begin_ = 0;
        end_ = held;
    }
    return {data_.get() + end_, capacity_ - end_};
}

void ReceiveBuffer::consume(std::size_t size) {
    begin_ += std::min(size, end_ - begin_);
    if (begin_ != end_)
        return;
    begin_ = end_ = 0;
    if (capacity_ > small) {
        data_.reset();
        capacity_ = 0;
    }
}

} // namespace yizhan
