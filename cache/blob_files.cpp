#include "cache/blob_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

std::string doing(std::string_view what, const fs::path& path) {
    return fmt::format("cannot {} {}", what, path.string());
}

Result<void> make_folder(const fs::path& folder) {
    if (mkdir(folder.c_str(), 0777) == 0 || errno == EEXIST)
        return {};
    return fail_errno(doing("make the folder", folder), errno);
}

/// Numbers partials; process-wide, so that a fill which outlives its store can never delete another store's partial.
std::atomic<std::uint64_t> next_partial{1};

} // namespace

Result<void> sync_folder(const fs::path& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor)
        return fail_errno(doing("open the folder", folder), errno);
    if (fsync(descriptor.get()) != 0)
        return fail_errno(doing("sync the folder", folder), errno);
    return {};
}

BlobFiles::BlobFiles(const fs::path& data)
    : blobs_((data / "blobs" / "sha256").string()), partials_(data / "partial"),
      parking_(std::make_shared<Parking>(partials_)) {}

Result<void> BlobFiles::prepare() const {
    const auto blobs = fs::path(blobs_).parent_path();
    // The last folder made is the mark that all were: a cut in between is mended by making them again.
    std::error_code error;
    const bool complete = fs::exists(folder_path(folders - 1), error) && fs::exists(partials_, error);
    if (complete)
        return {};
    for (const auto& folder : {blobs, fs::path(blobs_), partials_})
        if (auto made = make_folder(folder); !made)
            return made;
    for (unsigned i = 0; i < folders; ++i)
        if (auto made = make_folder(folder_path(i)); !made)
            return made;
    for (const auto& folder : {fs::path(blobs_), blobs, blobs.parent_path()})
        if (auto synced = sync_folder(folder); !synced)
            return synced;
    return {};
}

Result<BlobFiles::Partial> BlobFiles::create_partial() const {
    auto path = partials_ / std::to_string(next_partial.fetch_add(1, std::memory_order_relaxed));
    Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    if (!descriptor)
        return fail_errno(doing("create", path), errno);
    return Partial{std::move(path), std::move(descriptor), nullptr};
}

Result<BlobFiles::Partial> BlobFiles::open_partial(const Identity& identity) const {
    auto berth = parking_->take(Parking::name(identity));
    if (!berth)
        return create_partial();
    // Written by its owner until it becomes a blob: another process of the same user may have to go on with it.
    Descriptor descriptor(::open(berth->part().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!descriptor)
        return fail_errno(doing("open", berth->part()), errno);
    return Partial{berth->part(), std::move(descriptor), std::move(berth)};
}

std::string BlobFiles::folder_path(unsigned folder) const {
    return fmt::format("{}/{:02x}", blobs_, folder);
}

fs::path BlobFiles::path(const Sha256& digest) const {
    const auto hex = digest.hex();
    return fs::path(blobs_ + "/" + hex.substr(0, 2) + "/" + hex);
}

std::expected<BlobFiles::File, int> BlobFiles::open(const Sha256& digest, std::uint64_t size) const {
    Descriptor descriptor(::open(path(digest).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!descriptor)
        return std::unexpected(errno == ELOOP ? ENOENT : errno);
    struct stat info{};
    if (fstat(descriptor.get(), &info) != 0)
        return std::unexpected(errno);
    if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size)
        return std::unexpected(ENOENT);
    auto file = std::make_shared<Blob::File>();
    file->digest = digest;
    file->size = size;
    file->descriptor = std::move(descriptor);
    return file;
}

bool BlobFiles::gone(const Sha256& digest, std::uint64_t size) const {
    struct stat info{};
    if (lstat(path(digest).c_str(), &info) != 0)
        return errno == ENOENT;
    return !S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size;
}

Result<void> BlobFiles::place(const fs::path& partial, const Sha256& digest) const {
    const auto target = path(digest);
    if (chmod(partial.c_str(), 0444) != 0 || std::rename(partial.c_str(), target.c_str()) != 0)
        return fail_errno(doing("rename a finished download to", target), errno);
    return {};
}

Result<void> BlobFiles::sync(unsigned folder) const {
    return sync_folder(folder_path(folder));
}

Result<void> BlobFiles::remove(const Sha256& digest) const {
    const auto target = path(digest);
    if (unlink(target.c_str()) != 0 && errno != ENOENT)
        return fail_errno(doing("delete", target), errno);
    return {};
}

Result<std::vector<BlobFiles::Listed>> BlobFiles::list(unsigned folder) const {
    std::error_code error;
    std::vector<Listed> out;
    for (fs::directory_iterator entry(folder_path(folder), error), end; !error && entry != end;
         entry.increment(error)) {
        const auto digest = Sha256::from_hex(entry->path().filename().native());
        std::error_code gone; // between listing and asking: not there then
        const auto size = entry->file_size(gone);
        if (digest && !gone && BlobFiles::folder(*digest) == folder && entry->is_regular_file(gone))
            out.push_back({*digest, size});
    }
    if (error)
        return fail_errno(doing("list", folder_path(folder)), error.value());
    std::ranges::sort(out, {}, &Listed::digest);
    return out;
}

} // namespace yizhan
