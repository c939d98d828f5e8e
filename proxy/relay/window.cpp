#include "proxy/relay/window.hpp"

#include "cache/blob_file.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>

namespace yizhan {
namespace {

Result<std::shared_ptr<const Blob::File>> new_chunk() {
    auto file = std::make_shared<Blob::File>();
    file->descriptor = Descriptor(memfd_create("yizhan-window", MFD_CLOEXEC));
    if (!file->descriptor)
        return fail_errno("cannot keep a piece of a download in memory", errno);
    return file;
}

} // namespace

Result<void> Window::append(std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    while (!bytes.empty()) {
        if (chunks_.empty() || end_ - chunks_.back().offset == chunk_size) {
            auto file = new_chunk();
            if (!file)
                return std::unexpected(file.error());
            chunks_.push_back({end_, std::move(*file)});
        }
        const auto& chunk = chunks_.back();
        const auto used = end_ - chunk.offset;
        const auto count = std::min<std::uint64_t>(bytes.size(), chunk_size - used);
        const auto written = pwrite(chunk.file->descriptor.get(), bytes.data(), static_cast<std::size_t>(count),
                                    static_cast<off_t>(used));
        if (written <= 0)
            return fail_errno("cannot keep a piece of a download in memory", written < 0 ? errno : ENOMEM);
        end_ += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

std::optional<Extent> Window::find(std::uint64_t offset, std::uint64_t limit) const {
    const std::scoped_lock lock(mutex_);
    const auto end = std::min(limit, end_);
    if (offset < begin_ || offset >= end)
        return std::nullopt;
    const auto after = std::ranges::upper_bound(chunks_, offset, {}, &Chunk::offset);
    const auto& chunk = *std::prev(after);
    return Extent{.file = chunk.file,
                  .fd = chunk.file->descriptor.get(),
                  .offset = offset,
                  .at = offset - chunk.offset,
                  .size = std::min(end, chunk.offset + chunk_size) - offset};
}

void Window::drop_below(std::uint64_t offset) {
    const std::scoped_lock lock(mutex_);
    while (!chunks_.empty() && chunks_.front().offset + chunk_size <= std::min(offset, end_)) {
        begin_ = chunks_.front().offset + chunk_size;
        chunks_.pop_front();
    }
}

std::uint64_t Window::begin() const {
    const std::scoped_lock lock(mutex_);
    return begin_;
}

std::uint64_t Window::end() const {
    const std::scoped_lock lock(mutex_);
    return end_;
}

} // namespace yizhan
