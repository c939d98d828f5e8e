#include "proxy/http/buffer_pool.hpp"

#include <new>
#include <sys/mman.h>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t mapped = Buffer::payload + Buffer::margin;

} // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), data_(std::exchange(other.data_, nullptr)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    return *this;
}

Buffer::~Buffer() {
    if (data_)
        pool_->give_back(data_);
}

std::span<char> Buffer::bytes() const {
    return {data_, mapped};
}

BufferPool::~BufferPool() {
    for (char* data : spare_)
        ::munmap(data, mapped);
}

Buffer BufferPool::take() {
    char* data = nullptr;
    if (!spare_.empty()) {
        data = spare_.back();
        spare_.pop_back();
    } else {
        void* mapping = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED)
            throw std::bad_alloc();
        data = static_cast<char*>(mapping);
    }
    ++taken_;
    return {this, data};
}

void BufferPool::give_back(char* data) {
    --taken_;
    if (spare_.size() < most_spare)
        spare_.push_back(data);
    else
        ::munmap(data, mapped);
}

} // namespace yizhan
