#include "cache/parking.hpp"

#include "cache/blob_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_suffix = ".part";
constexpr std::string_view pieces_suffix = ".pieces";
constexpr std::uintmax_t max_notes = 64ULL << 20; // bytes of a list that is read

std::string read_bounded(const fs::path& path) {
    std::error_code error;
    if (fs::file_size(path, error) > max_notes || error)
        return {};
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// A list of pieces in the order in which they ended: by offset, those that the file still holds, each byte once.
std::vector<Piece> apart(std::vector<Piece> pieces, std::uint64_t file_size) {
    std::ranges::sort(pieces, {}, &Piece::offset);
    std::vector<Piece> out;
    std::uint64_t end = 0;
    for (auto& piece : pieces) {
        if (piece.offset < end || piece.end() > file_size)
            continue;
        end = piece.end();
        out.push_back(std::move(piece));
    }
    return out;
}

} // namespace

Berth::Berth(std::shared_ptr<Parking> parking, std::string name)
    : parking_(std::move(parking)), name_(std::move(name)),
      part_(parking_->folder_ / (name_ + std::string(part_suffix))),
      pieces_(parking_->folder_ / (name_ + std::string(pieces_suffix))) {}

Berth::~Berth() {
    parking_->give_back(name_);
}

std::vector<Piece> Berth::noted() const {
    std::error_code error;
    const auto size = fs::file_size(part_, error);
    if (error)
        return {};
    return apart(decode_pieces(read_bounded(pieces_)), size);
}

Result<void> Berth::note(const Piece& piece) const {
    const Descriptor file(::open(pieces_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const auto line = encode(piece);
    if (!file || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return fail_errno("cannot note what has arrived in " + pieces_.string(), errno);
    return {};
}

void Berth::forget() const {
    std::error_code ignored; // what stays is checked against its checksums
    fs::remove(pieces_, ignored);
}

void Berth::remove() const {
    std::error_code ignored; // what stays is found at the next start
    fs::remove(part_, ignored);
    fs::remove(pieces_, ignored);
}

std::string Parking::name(const Identity& identity) {
    if (identity.sha256)
        return "sha256-" + identity.sha256->hex();
    if (identity.blake2b)
        return "blake2b-" + identity.blake2b->hex();
    return {}; // an MD5 is weak: bytes that only it vouches for are not mixed across restarts
}

std::unique_ptr<Berth> Parking::take(const std::string& name) {
    if (name.empty())
        return nullptr;
    {
        const std::scoped_lock lock(mutex_);
        if (!taken_.insert(name).second)
            return nullptr;
    }
    return std::make_unique<Berth>(shared_from_this(), name);
}

void Parking::give_back(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    taken_.erase(name);
}

Result<std::uint64_t> Parking::sweep() const {
    std::error_code error;
    std::uint64_t removed = 0;
    std::vector<std::pair<fs::file_time_type, std::string>> parked; // the newest first, later
    const auto oldest = fs::file_time_type::clock::now() - patience;
    std::vector<fs::path> all;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error))
        all.push_back(entry->path());
    if (error)
        return fail_errno("cannot list " + folder_.string(), error.value());
    for (const auto& path : all) {
        if (path.extension() != part_suffix)
            continue;
        std::error_code missing;
        const auto touched = fs::last_write_time(path, missing);
        auto pieces = path;
        pieces.replace_extension(pieces_suffix);
        if (!missing && touched > oldest && fs::exists(pieces, missing))
            parked.emplace_back(touched, path.stem().string());
    }
    std::ranges::sort(parked, std::greater{});
    parked.resize(std::min(parked.size(), most));
    for (const auto& path : all) {
        const auto name = path.stem().string();
        const bool kept =
            (path.extension() == part_suffix || path.extension() == pieces_suffix) &&
            std::ranges::find(parked, name, &std::pair<fs::file_time_type, std::string>::second) != parked.end();
        std::error_code ignored; // a leftover that stays is found again at the next start
        if (!kept && fs::remove(path, ignored))
            ++removed;
    }
    return removed;
}

} // namespace yizhan
