#include "cache/blob_file.hpp"
#include "cache/store.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace yizhan {

const Sha256& Blob::digest() const {
    return file_->digest;
}

std::uint64_t Blob::size() const {
    return file_->size;
}

int Blob::fd() const {
    return file_->descriptor.get();
}

Result<void> Blob::read(std::uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
        const auto count = pread(fd(), into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno("cannot read a file of the store", errno);
        if (count == 0)
            return fail(Errc::corrupt,
                        fmt::format("a file of the store ends at byte {}, {} too soon", offset, into.size()));
        offset += static_cast<std::uint64_t>(count);
        into = into.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::string> Blob::read_all(std::uint64_t limit) const {
    if (size() > limit)
        return fail(Errc::invalid, fmt::format("blob {} has {} bytes, more than the {} that may be read at once",
                                               digest().hex(), size(), limit));
    std::string out(size(), '\0');
    if (auto read_it = read(0, {reinterpret_cast<std::byte*>(out.data()), out.size()}); !read_it)
        return fail(read_it.error().code, "blob " + digest().hex() + ": " + read_it.error().message);
    return out;
}

} // namespace yizhan
