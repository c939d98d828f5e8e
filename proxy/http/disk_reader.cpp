#include "proxy/http/disk_reader.hpp"

#include "proxy/run_on.hpp"

#include <cerrno>
#include <sys/uio.h>
#include <unistd.h>

namespace yizhan {
namespace {

Result<std::size_t> read_blocking(int fd, std::span<char> into, std::uint64_t offset) {
    ssize_t got = 0;
    do
        got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_errno("reading a stored file", errno);
    if (got == 0)
        return fail(Errc::io, "a stored file is shorter than it was");
    return static_cast<std::size_t>(got);
}

} // namespace

std::size_t DiskReader::read_cached(int fd, std::span<char> into, std::uint64_t offset) {
    const iovec part{into.data(), into.size()};
    ssize_t got = 0;
    do
        got = ::preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    while (got < 0 && errno == EINTR);
    // Some file systems do not know RWF_NOWAIT and are read on the pool always; none that a store lives on does.
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

Task<Result<std::size_t>> DiskReader::read(int fd, std::span<char> into, std::uint64_t offset) {
    if (const auto cached = read_cached(fd, into, offset); cached > 0)
        co_return cached;
    auto blocking = [fd, into, offset] { return read_blocking(fd, into, offset); };
    co_return co_await run_on(pool_.get_executor(), blocking);
}

} // namespace yizhan
