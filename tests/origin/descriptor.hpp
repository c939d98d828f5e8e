// A file descriptor that closes itself, and the event descriptors by which threads wake each other out of poll().
#pragma once

#include <utility>

namespace yizhan::origin {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void close();

  private:
    int fd_ = -1;
};

/// An eventfd that is not readable yet; std::system_error where the system has none left.
Descriptor make_event();

/// Makes it readable until `clear_event`.
void raise_event(const Descriptor& event);
void clear_event(const Descriptor& event);

/// std::system_error from errno.
[[noreturn]] void throw_errno(const char* doing);

} // namespace yizhan::origin
