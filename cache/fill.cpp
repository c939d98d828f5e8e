#include "cache/fill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <utility>

namespace yizhan {
namespace {

// Write-back is started this often, so that the sync of a large file at the end finds little left to do.
constexpr std::uint64_t writeback_interval = 32 * 1024 * 1024;

Result<void> write_all(int fd, std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return fail_errno("cannot write a download to disk", count < 0 ? errno : EIO);
        offset += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

} // namespace

Result<std::unique_ptr<Fill::State>> Fill::State::begin(const BlobFiles& files, std::shared_ptr<Space> space,
                                                        std::uint64_t size) {
    auto room = Reservation::make(std::move(space), size);
    if (!room)
        return std::unexpected(room.error());
    auto partial = files.create_partial();
    if (!partial)
        return std::unexpected(partial.error());
    return std::make_unique<State>(std::move(*partial), std::move(*room));
}

Fill::State::State(BlobFiles::Partial partial, Reservation reserved)
    : path(std::move(partial.path)), room(std::move(reserved)) {
    auto opened = std::make_shared<Blob::File>();
    opened->descriptor = std::move(partial.descriptor);
    file = std::move(opened);
}

Fill::State::~State() {
    if (!placed)
        unlink(path.c_str()); // where that fails, the next start removes it
}

Result<void> Fill::State::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    constexpr std::uint64_t most = std::numeric_limits<off_t>::max();
    if (failure)
        return std::unexpected(*failure);
    if (offset > most || bytes.size() > most - offset)
        return fail(Errc::invalid, fmt::format("a download cannot have bytes at offset {}", offset));
    auto written = room.need(bytes.size());
    if (written)
        written = write_all(file->descriptor.get(), offset, bytes);
    if (!written) {
        failure = written.error();
        return written;
    }
    room.used(bytes.size());
    extents.add(offset, offset + bytes.size());
    synced = false;
    unflushed += bytes.size();
    if (unflushed >= writeback_interval)
        start_writeback();
    return {};
}

void Fill::State::start_writeback() {
    // Advice only: what fails here fails again, and is reported, at the sync.
    sync_file_range(file->descriptor.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    unflushed = 0;
}

Result<void> Fill::State::whole() const {
    if (failure)
        return std::unexpected(*failure);
    if (!extents.covers(extents.end()))
        return fail(Errc::invalid, fmt::format("the download has holes: {} bytes long, in {} separate parts",
                                               extents.end(), extents.ranges().size()));
    return {};
}

Result<void> Fill::State::sync() {
    synced = fdatasync(file->descriptor.get()) == 0;
    if (synced)
        return {};
    auto failed = fail_errno("cannot make a download durable, it is dropped", errno);
    failure = failed.error();
    return failed;
}

Fill::Fill(std::unique_ptr<State> state) : state_(std::move(state)) {}
Fill::Fill(Fill&&) noexcept = default;
Fill& Fill::operator=(Fill&&) noexcept = default;
Fill::~Fill() = default;

Result<void> Fill::write(std::uint64_t offset, std::span<const std::byte> bytes) {
    return state_->write(offset, bytes);
}

std::uint64_t Fill::written() const {
    return state_->extents.end();
}

std::shared_ptr<const Blob::File> Fill::file() const {
    return state_->file;
}

} // namespace yizhan
