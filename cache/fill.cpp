#include "cache/fill.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <utility>

namespace yizhan {
namespace {

// Write-back is started this often, so that the sync of a large file at the end finds little left to do.
constexpr std::uint64_t writeback_interval = std::uint64_t{32} * 1024 * 1024;

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

std::uint64_t total(std::span<const Piece> pieces) {
    std::uint64_t out = 0;
    for (const auto& piece : pieces)
        out += piece.size;
    return out;
}

} // namespace

Result<std::unique_ptr<Fill::State>> Fill::State::begin(const BlobFiles& files, std::shared_ptr<Space> space,
                                                        const Identity& identity, std::uint64_t size) {
    auto partial = files.open_partial(identity);
    if (!partial)
        return std::unexpected(partial.error());
    auto noted = partial->berth ? partial->berth->noted() : std::vector<Piece>{};
    const auto here = total(noted);
    auto room = Reservation::make(std::move(space), size - std::min(size, here));
    if (!room) {
        if (here == 0)
            unlink(partial->path.c_str());
        return std::unexpected(room.error());
    }
    auto state = std::make_unique<State>(std::move(*partial), std::move(*room));
    state->inheritance = std::move(noted);
    if (here == 0) // bytes that nothing vouches for
        if (auto emptied = state->cut_off(); !emptied)
            return std::unexpected(emptied.error());
    return state;
}

Fill::State::State(BlobFiles::Partial partial, Reservation reserved)
    : path(std::move(partial.path)), room(std::move(reserved)), berth(std::move(partial.berth)) {
    auto opened = std::make_shared<Blob::File>();
    opened->descriptor = std::move(partial.descriptor);
    file = std::move(opened);
}

Fill::State::~State() {
    if (berth && !parked)
        berth->remove(); // of a placed one only the notes are left
    else if (!berth && !placed)
        unlink(path.c_str()); // where that fails, the next start removes it
}

std::uint64_t Fill::State::left_behind() const {
    return extents.size() + total(inheritance);
}

// A piece is read whole before any of it counts: its checksum is known at its end only.
Result<std::optional<Fill::Inherited>> Fill::State::take_over() {
    while (!inheritance.empty()) {
        auto piece = std::move(inheritance.front());
        inheritance.erase(inheritance.begin());
        Inherited out{.offset = piece.offset, .bytes = std::vector<std::byte>(piece.size)};
        Checksum checksum;
        if (Blob(file).read(piece.offset, out.bytes)) {
            checksum.update(out.bytes);
            if (checksum.value() == piece.checksum) {
                extents.add(piece.offset, piece.end());
                pieces.adopt(std::move(piece));
                ++noted;
                return out;
            }
        }
        // The disk has lost it (a power cut): nobody's lie.
        spdlog::warn("cache: what was left of {} is not what was written in bytes {} to {}; they are fetched again",
                     path.filename().string(), piece.offset, piece.end() - 1);
    }
    if (auto cut = cut_off(); !cut)
        return std::unexpected(cut.error());
    return std::nullopt;
}

// Nothing behind what was taken over may be there when the rest is written, and become part of a blob.
Result<void> Fill::State::cut_off() {
    if (ftruncate(file->descriptor.get(), static_cast<off_t>(extents.end())) != 0)
        return fail_errno("cannot go on with " + path.string(), errno);
    if (berth && extents.end() == 0)
        berth->forget();
    return {};
}

void Fill::State::note_pieces() {
    if (!berth)
        return;
    for (; noted < pieces.closed().size(); ++noted)
        if (const auto done = berth->note(pieces.closed()[noted]); !done) {
            spdlog::warn("{}; after a restart this part is fetched again", done.error().message);
            noted = pieces.closed().size();
            return;
        }
}

bool Fill::State::park() {
    constexpr std::uint64_t worth_it =
        std::uint64_t{1024} * 1024; // less is fetched again in the time that a look here takes
    pieces.close();
    note_pieces();
    parked = berth && !placed && !failure && extents.size() >= worth_it;
    return parked;
}

std::vector<Piece> Fill::State::forget(std::string_view source) {
    auto out = pieces.forget(source);
    for (const auto& piece : out)
        extents.remove(piece.offset, piece.end());
    if (berth && !out.empty()) { // a note is never taken back: those that stay are written once more
        berth->forget();
        noted = 0;
        note_pieces();
    }
    return out;
}

Result<void> Fill::State::write(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source) {
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
    pieces.add(offset, bytes, source);
    note_pieces();
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

Result<void> Fill::write(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source) {
    return state_->write(offset, bytes, source);
}

std::uint64_t Fill::left_behind() const {
    return state_->left_behind();
}

Result<std::optional<Fill::Inherited>> Fill::take_over() {
    return state_->take_over();
}

std::vector<Piece> Fill::pieces() {
    state_->pieces.close();
    return state_->pieces.closed();
}

std::vector<Piece> Fill::forget(std::string_view source) {
    return state_->forget(source);
}

bool Fill::park() {
    return state_->park();
}

std::uint64_t Fill::written() const {
    return state_->extents.end();
}

std::shared_ptr<const Blob::File> Fill::file() const {
    return state_->file;
}

} // namespace yizhan
