#include "cache/folder_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/file.h>

namespace yizhan {
namespace {

/// What the holder wrote after it had locked; empty in the moment before it writes.
std::string holder(int fd) {
    char text[20]; // a process id has at most 10 digits
    const auto count = pread(fd, text, sizeof text, 0);
    if (count <= 0)
        return "";
    const std::string_view read(text, static_cast<std::size_t>(count));
    const auto end = std::ranges::find_if_not(read, [](unsigned char c) { return std::isdigit(c); });
    const std::string digits(read.begin(), end);
    return digits.empty() ? "" : " (process " + digits + ")";
}

} // namespace

Result<FolderLock> FolderLock::acquire(const std::filesystem::path& data) {
    const auto path = data / "lock";
    Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!descriptor)
        return fail_errno("cannot open " + path.string(), errno);
    if (flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno("cannot lock " + path.string(), errno);
        return fail(Errc::refused, fmt::format("the data folder {} is in use by another yizhan{}; stop that one, or "
                                               "give this one a folder of its own with --data",
                                               data.string(), holder(descriptor.get())));
    }
    const auto pid = std::to_string(getpid()) + "\n";
    if (ftruncate(descriptor.get(), 0) != 0 ||
        pwrite(descriptor.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return fail_errno("cannot write " + path.string(), errno);
    return FolderLock(std::move(descriptor));
}

} // namespace yizhan
