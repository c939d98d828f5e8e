// The bytes that a mirror sends: literal text, or an endless-looking random stream that costs no memory and is the same
// in every run. A Body is an immutable value; copies are cheap and may be read from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace yizhan::origin {

class Body {
  public:
    /// No bytes.
    Body();

    static Body text(std::string text);

    /// `size` bytes drawn from `seed`; the same seed gives the same bytes, and a longer body starts with a shorter one.
    static Body random(std::uint64_t seed, std::uint64_t size);

    static Body concat(const std::vector<Body>& parts);

    /// The same bytes but for one bit (0 to 7) of the byte at `offset`; flipping twice restores it. An offset past the
    /// end is a bug of the test: std::out_of_range.
    Body flipped(std::uint64_t offset, unsigned bit = 0) const;

    std::uint64_t size() const;

    /// Fills `out` from `offset` on; reading past the end is std::out_of_range.
    void read(std::uint64_t offset, std::span<char> out) const;

    /// Everything as one string; for small bodies.
    std::string str() const;

    /// True where `bytes` are exactly what stands at `offset`; generates and compares, which costs less than hashing.
    bool equals_at(std::uint64_t offset, std::span<const char> bytes) const;

    /// Lower-case hex of SHA-256; computed once, by OpenSSL directly, so that a bug in the code under test cannot hide.
    const std::string& sha256() const;

    /// Lower-case hex of BLAKE2b-256, as PyPI's paths spell it (libsodium).
    const std::string& blake2b() const;

    /// CRC-32 as zip has it; computed once.
    std::uint32_t crc32() const;

    /// "aa/bb/<60 hex>": the folder that PyPI gives a file with these bytes.
    std::string pypi_folder() const;

  private:
    struct State;
    explicit Body(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

/// Lower-case hex of the SHA-256 of `bytes`.
std::string sha256_hex(std::span<const char> bytes);

} // namespace yizhan::origin
