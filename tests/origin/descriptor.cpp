#include "tests/origin/descriptor.hpp"

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace yizhan::origin {

Descriptor::~Descriptor() {
    close();
}

void Descriptor::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

Descriptor make_event() {
    Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) {
        throw_errno("eventfd");
    }
    return event;
}

void raise_event(const Descriptor& event) {
    // Fails only when the counter is full, and then it is readable anyway.
    static_cast<void>(::eventfd_write(event.get(), 1));
}

void clear_event(const Descriptor& event) {
    eventfd_t value = 0;
    static_cast<void>(::eventfd_read(event.get(), &value));
}

void throw_errno(const char* doing) {
    throw std::system_error(errno, std::generic_category(), doing);
}

} // namespace yizhan::origin
