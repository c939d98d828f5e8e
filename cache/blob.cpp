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

Result<std::string> Blob::read_all(std::uint64_t limit) const {
    if (size() > limit)
        return fail(Errc::invalid, fmt::format("blob {} has {} bytes, more than the {} that may be read at once",
                                               digest().hex(), size(), limit));
    std::string out(size(), '\0');
    for (std::size_t have = 0; have < out.size();) {
        const auto count = pread(fd(), out.data() + have, out.size() - have, static_cast<off_t>(have));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno("cannot read blob " + digest().hex(), errno);
        if (count == 0)
            return fail(Errc::corrupt,
                        fmt::format("blob {} ends after {} of its {} bytes", digest().hex(), have, out.size()));
        have += static_cast<std::size_t>(count);
    }
    return out;
}

} // namespace yizhan
