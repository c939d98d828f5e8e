// The open file behind a Blob, and a descriptor that closes itself.
#pragma once

#include "cache/store.hpp"

#include <unistd.h>
#include <utility>

namespace yizhan {

/// Owns one file descriptor; -1 is none.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// Shared by every copy of a Blob. A running fill's file has neither digest nor size yet.
struct Blob::File {
    Sha256 digest;
    std::uint64_t size = 0;
    Descriptor descriptor;
};

} // namespace yizhan
