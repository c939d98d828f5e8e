// Digests by which bytes are known: SHA-256 everywhere, BLAKE2b-256 where a PyPI path spells it, MD5 in old repodata.
#pragma once

#include "config/error.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan {

/// A digest of `Bytes` bytes; the tag keeps algorithms apart at compile time.
template <std::size_t Bytes, class Tag>
struct DigestOf {
    static constexpr std::size_t size = Bytes;
    std::array<std::uint8_t, Bytes> bytes{};

    auto operator<=>(const DigestOf&) const = default;

    /// Lower-case hexadecimal, 2 × size characters.
    std::string hex() const;

    /// Accepts exactly 2 × size hexadecimal digits, either case; anything else is nullopt.
    static std::optional<DigestOf> from_hex(std::string_view text);
};

using Sha256 = DigestOf<32, struct Sha256Tag>;
using Blake2b256 = DigestOf<32, struct Blake2b256Tag>; ///< what PyPI's /packages/aa/bb/<60 hex>/ spells
using Md5 = DigestOf<16, struct Md5Tag>;               ///< weak: only beside a size, only from old repodata

extern template struct DigestOf<32, Sha256Tag>;
extern template struct DigestOf<32, Blake2b256Tag>;
extern template struct DigestOf<16, Md5Tag>;

/// What is known about an object before its bytes are here. Nothing set: the object is unidentified.
struct Identity {
    std::optional<Sha256> sha256;
    std::optional<Blake2b256> blake2b;
    std::optional<Md5> md5;

    bool known() const { return sha256 || blake2b || md5; }
};

/// What a finished stream turned out to be. `sha256` is always computed: it is the blob's name.
struct Digests {
    Sha256 sha256;
    std::optional<Blake2b256> blake2b;
    std::optional<Md5> md5;
};

/// Null when `found` is what `wanted` asks for; else a sentence naming both digests. Where the strongest digest that
/// `wanted` has was not computed the answer is a sentence too, never a match. An empty `wanted` matches anything.
std::optional<std::string> mismatch(const Identity& wanted, const Digests& found);

/// Running digests of one stream, in order. One thread at a time.
class StreamHasher {
  public:
    /// Computes SHA-256, and besides it only what `wanted` needs: BLAKE2b costs twice as much as SHA-256, so it is
    /// left out where a SHA-256 identifies the object already.
    explicit StreamHasher(const Identity& wanted);
    ~StreamHasher();
    StreamHasher(StreamHasher&&) noexcept;
    StreamHasher& operator=(StreamHasher&&) noexcept;

    void update(std::span<const std::byte> bytes);

    /// The digests of everything so far; the hasher is spent afterwards.
    Digests finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

Sha256 sha256(std::span<const std::byte> bytes);
Sha256 sha256(std::string_view bytes);

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

} // namespace yizhan

template <std::size_t Bytes, class Tag>
struct std::hash<yizhan::DigestOf<Bytes, Tag>> {
    std::size_t operator()(const yizhan::DigestOf<Bytes, Tag>& digest) const noexcept {
        std::size_t head; // a digest is uniformly distributed already
        std::memcpy(&head, digest.bytes.data(), sizeof head);
        return head;
    }
};
