// Who sent which part of a fill, and a checksum of each part: what tells a torn disk from a lying mirror afterwards.
// Written beside a partial as text, a line per piece, so that a killed process's work is taken up again:
//
//   yizhan-piece 2 <offset> <size> <XXH3, 16 hex> <XXH64 of the line before this field, 16 hex> <source>
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

struct Piece {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t checksum = 0; ///< XXH3 of its bytes, 64 bits
    std::string source;         ///< who sent it; no line ends, at most 1 KiB

    std::uint64_t end() const { return offset + size; }
    bool operator==(const Piece&) const = default;
};

/// One line with its end.
std::string encode(const Piece& piece);

/// The lines up to the first that is not whole; never more than 100,000.
std::vector<Piece> decode_pieces(std::string_view text);

/// A running XXH3 of 64 bits. One thread at a time.
class Checksum {
  public:
    Checksum();
    void update(std::span<const std::byte> bytes);
    std::uint64_t value() const;

  private:
    struct Free {
        void operator()(void* state) const;
    };
    std::unique_ptr<void, Free> state_;
};

/// Cuts what is written to a fill into pieces, each from one source and contiguous. One thread at a time.
class PieceWriter {
  public:
    /// Bytes: what a kill costs at most, for one line per 8 MiB.
    static constexpr std::uint64_t piece_size = std::uint64_t{8} * 1024 * 1024;

    void add(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source);

    /// Ends the pieces that are still growing.
    void close();

    /// Takes out all pieces of `source`, growing ones too.
    std::vector<Piece> forget(std::string_view source);

    /// Those that have ended, in the order of their ends.
    const std::vector<Piece>& closed() const { return closed_; }

    /// Those of a former process, found to be right.
    void adopt(Piece piece) { closed_.push_back(std::move(piece)); }

  private:
    struct Open {
        Piece piece;
        Checksum checksum;
    };
    void close(Open& open);

    std::vector<Open> open_; // one per stream that is being written: a handful
    std::vector<Piece> closed_;
};

} // namespace yizhan
