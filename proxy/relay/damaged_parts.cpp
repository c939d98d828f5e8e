#include "proxy/relay/damaged_parts.hpp"

#include "cache/extents.hpp"
#include "index/zip_damage.hpp"

#include <algorithm>
#include <span>

namespace yizhan {
namespace {

// Bytes: less is not worth a request of its own.
constexpr std::uint64_t block = 64UL * 1024;
// Ranges: damage that is scattered further than this is another file, and each is a request.
constexpr std::size_t most_ranges = 256;

Result<Piece> part_of(const Blob& archive, std::uint64_t begin, std::uint64_t end, const std::string& source) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(end - begin));
    if (auto got = archive.read(begin, bytes); !got)
        return std::unexpected(std::move(got.error()));
    Checksum checksum;
    checksum.update(bytes);
    return Piece{.offset = begin, .size = end - begin, .checksum = checksum.value(), .source = source};
}

} // namespace

Result<std::vector<Piece>> damaged_parts(const Blob& archive, std::uint64_t size, const std::vector<Piece>& pieces,
                                         const std::stop_token& stop) {
    const auto read = [&](std::uint64_t offset, std::span<char> into) -> Result<void> {
        if (stop.stop_requested())
            return fail(Errc::cancelled, "nobody wants to know any more");
        return archive.read(offset, std::as_writable_bytes(into));
    };
    const auto damage = find_zip_damage(size, read);
    if (!damage)
        return std::unexpected(damage.error());
    Extents suspect;
    for (const auto& range : *damage)
        suspect.add(range.offset / block * block, std::min((range.end() + block - 1) / block * block, size));
    if (suspect.ranges().size() > most_ranges)
        return fail(Errc::protocol, "it is damaged all over");
    std::vector<Piece> out;
    for (const auto& [begin, end] : suspect.ranges())
        for (const auto& piece : pieces) {
            const auto from = std::max(begin, piece.offset);
            const auto to = std::min(end, piece.end());
            if (from >= to)
                continue;
            auto part = part_of(archive, from, to, piece.source);
            if (!part)
                return std::unexpected(std::move(part.error()));
            out.push_back(std::move(*part));
        }
    return out;
}

} // namespace yizhan
