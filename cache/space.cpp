#include "cache/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sys/statvfs.h>
#include <utility>

namespace yizhan {
namespace {

constexpr std::uint64_t MiB = 1024 * 1024;
// A fill of unknown length asks for room in steps: statvfs costs a microsecond, so once per MiB is nothing, and a
// small document is not refused for want of a large step.
constexpr std::uint64_t step = MiB;
// min_free's upper bound, as a divisor: 5 % of the file system.
constexpr std::uint64_t total_per_floor = 20;

} // namespace

Result<FileSystemSpace> file_system_space(const std::filesystem::path& folder) {
    struct statvfs info{};
    if (statvfs(folder.c_str(), &info) != 0)
        return fail_errno("cannot ask for the free space of " + folder.string(), errno);
    return FileSystemSpace{info.f_bavail * info.f_frsize, info.f_blocks * info.f_frsize};
}

Result<void> Space::promise(std::uint64_t bytes) {
    const auto space = probe_();
    if (!space)
        return std::unexpected(space.error());
    const auto floor = std::min(min_free_, space->total / total_per_floor);
    const std::lock_guard lock(mutex_);
    const auto taken = promised_ + floor;
    if (space->available < taken || space->available - taken < bytes)
        return fail(Errc::no_space,
                    fmt::format("no room for {} more bytes in the data folder: {} MiB are free, {} MiB promised to "
                                "running downloads, {} MiB kept free (cache.min_free); make room or lower the setting",
                                bytes, space->available / MiB, promised_ / MiB, floor / MiB));
    promised_ += bytes;
    return {};
}

void Space::settle(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    promised_ -= std::min(bytes, promised_);
}

Result<Reservation> Reservation::make(std::shared_ptr<Space> space, std::uint64_t bytes) {
    if (auto promised = space->promise(bytes); !promised)
        return std::unexpected(promised.error());
    return Reservation(std::move(space), bytes);
}

Reservation::Reservation(Reservation&& other) noexcept
    : space_(std::move(other.space_)), left_(std::exchange(other.left_, 0)) {}

Reservation::~Reservation() {
    if (space_)
        space_->settle(left_);
}

Result<void> Reservation::need(std::uint64_t bytes) {
    if (bytes <= left_)
        return {};
    const auto more = (bytes - left_ + step - 1) / step * step;
    if (auto promised = space_->promise(more); !promised)
        return promised;
    left_ += more;
    return {};
}

void Reservation::used(std::uint64_t bytes) {
    const auto part = std::min(bytes, left_);
    left_ -= part;
    space_->settle(part);
}

} // namespace yizhan
