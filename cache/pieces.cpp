#include "cache/pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <new>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h> // AVX2 or AVX-512 where the machine has it: 0.03 CPU seconds a GiB, 0.07 without, XXH64 0.09
#endif

namespace yizhan {
namespace {

constexpr std::string_view tag = "yizhan-piece 2 ";
constexpr std::size_t max_source = 1024;
constexpr std::size_t max_pieces = 100'000; // 800 GB at 8 MiB each

std::uint64_t line_checksum(std::string_view head, std::string_view source) {
    return XXH64(source.data(), source.size(), XXH64(head.data(), head.size(), 0));
}

bool take(std::string_view& text, std::uint64_t& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end == text.data() + text.size() || *end != ' ')
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return true;
}

bool decode(std::string_view line, Piece& piece) {
    if (!line.starts_with(tag))
        return false;
    auto rest = line.substr(tag.size());
    std::uint64_t check = 0;
    if (!take(rest, piece.offset, 10) || !take(rest, piece.size, 10) || !take(rest, piece.checksum, 16))
        return false;
    const auto head = line.substr(0, line.size() - rest.size());
    if (!take(rest, check, 16) || check != line_checksum(head, rest) || rest.size() > max_source)
        return false;
    piece.source = rest;
    return piece.size > 0 && piece.offset <= UINT64_MAX - piece.size;
}

} // namespace

std::string encode(const Piece& piece) {
    auto source = piece.source.substr(0, max_source);
    std::ranges::replace_if(source, [](char c) { return c == '\n' || c == '\r'; }, '?');
    const auto head = fmt::format("{}{} {} {:016x} ", tag, piece.offset, piece.size, piece.checksum);
    return fmt::format("{}{:016x} {}\n", head, line_checksum(head, source), source);
}

std::vector<Piece> decode_pieces(std::string_view text) {
    std::vector<Piece> out;
    while (out.size() < max_pieces) {
        const auto end = text.find('\n');
        Piece piece;
        if (end == std::string_view::npos || !decode(text.substr(0, end), piece))
            break;
        out.push_back(std::move(piece));
        text.remove_prefix(end + 1);
    }
    return out;
}

Checksum::Checksum() : state_(XXH3_createState()) {
    if (!state_)
        throw std::bad_alloc();
    XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_.get()));
}

void Checksum::Free::operator()(void* state) const {
    XXH3_freeState(static_cast<XXH3_state_t*>(state));
}

void Checksum::update(std::span<const std::byte> bytes) {
    XXH3_64bits_update(static_cast<XXH3_state_t*>(state_.get()), bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
    return XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_.get()));
}

void PieceWriter::add(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source) {
    auto at = std::ranges::find(open_, offset, [](const Open& open) { return open.piece.end(); });
    if (at != open_.end() && at->piece.source != source) { // another one goes on where this one stopped
        close(*at);
        open_.erase(at);
        at = open_.end();
    }
    if (at == open_.end()) {
        open_.push_back(
            {.piece = {.offset = offset, .size = 0, .checksum = 0, .source = std::string(source)}, .checksum = {}});
        at = std::prev(open_.end());
    }
    at->checksum.update(bytes);
    at->piece.size += bytes.size();
    if (at->piece.size >= piece_size) {
        close(*at);
        open_.erase(at);
    }
}

void PieceWriter::close() {
    for (auto& open : open_)
        close(open);
    open_.clear();
}

std::vector<Piece> PieceWriter::forget(std::string_view source) {
    close();
    const auto its = [&](const Piece& piece) { return piece.source == source; };
    std::vector<Piece> out;
    std::ranges::copy_if(closed_, std::back_inserter(out), its);
    std::erase_if(closed_, its);
    return out;
}

void PieceWriter::close(Open& open) {
    if (open.piece.size == 0)
        return;
    open.piece.checksum = open.checksum.value();
    closed_.push_back(std::move(open.piece));
}

} // namespace yizhan
