#include "proxy/http/descriptors.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace yizhan {
namespace {

constexpr rlim_t most_descriptors = 1'048'576;
constexpr int first_inherited = 3; // SD_LISTEN_FDS_START

/// The number in an environment variable; -1 where there is none.
long number_in_environment(const char* name) {
    const char* text = std::getenv(name); // NOLINT(concurrency-mt-unsafe): called at start, before other threads
    if (!text)
        return -1;
    const std::string_view digits(text);
    long value = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() ? value : -1;
}

} // namespace

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    const auto wanted = std::min(limit.rlim_max, most_descriptors);
    if (limit.rlim_cur < wanted) {
        const auto before = limit.rlim_cur;
        limit.rlim_cur = wanted;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
            return before;
    }
    return limit.rlim_cur;
}

std::vector<int> inherited_listeners() {
    if (number_in_environment("LISTEN_PID") != ::getpid())
        return {};
    std::vector<int> out;
    const auto count = std::clamp(number_in_environment("LISTEN_FDS"), 0L, 64L);
    for (int i = 0; i < count; ++i) {
        const int fd = first_inherited + i;
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
            out.push_back(fd);
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name); // NOLINT(concurrency-mt-unsafe): as above; children must not take the sockets for theirs
    return out;
}

void SpareDescriptor::release() {
    if (fd_ >= 0)
        ::close(fd_);
    fd_ = -1;
}

bool SpareDescriptor::hold() {
    if (fd_ < 0)
        fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd_ >= 0;
}

} // namespace yizhan
