#include "config/digest.hpp"

#include <openssl/evp.h>
#include <sodium/crypto_generichash.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace yizhan {
namespace {

// A table, since the digits of a digest are random and a branch on each is guessed wrong every other time; a page of
// 5,000 files has 640,000 of them.
constexpr auto nibbles = [] {
    std::array<std::int8_t, 256> out{};
    out.fill(-1);
    for (std::int8_t value = 0; value < 16; ++value)
        for (const std::string_view digits : {"0123456789abcdef", "0123456789ABCDEF"})
            out[static_cast<unsigned char>(digits[static_cast<std::size_t>(value)])] = value;
    return out;
}();

int nibble(char c) {
    return nibbles[static_cast<unsigned char>(c)];
}

struct EvpDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using EvpContext = std::unique_ptr<EVP_MD_CTX, EvpDeleter>;

EvpContext evp(const EVP_MD* algorithm) {
    EvpContext context(EVP_MD_CTX_new());
    if (!context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot start a digest");
    return context;
}

template <class D>
D finish_evp(EVP_MD_CTX* context) {
    D out;
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context, out.bytes.data(), &length) != 1 || length != D::size)
        throw std::runtime_error("OpenSSL cannot finish a digest");
    return out;
}

} // namespace

template <std::size_t Bytes, class Tag>
std::string DigestOf<Bytes, Tag>::hex() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(2 * Bytes, '0');
    for (std::size_t i = 0; i < Bytes; ++i) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return out;
}

template <std::size_t Bytes, class Tag>
std::optional<DigestOf<Bytes, Tag>> DigestOf<Bytes, Tag>::from_hex(std::string_view text) {
    if (text.size() != 2 * Bytes)
        return std::nullopt;
    DigestOf out;
    for (std::size_t i = 0; i < Bytes; ++i) {
        const int high = nibble(text[2 * i]);
        const int low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        out.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return out;
}

template struct DigestOf<32, Sha256Tag>;
template struct DigestOf<32, Blake2b256Tag>;
template struct DigestOf<16, Md5Tag>;

std::optional<std::string> mismatch(const Identity& wanted, const Digests& found) {
    const auto differ = [](std::string_view algorithm, const auto& want, const auto& got) {
        return std::string(algorithm) + " should be " + want.hex() + " but is " + got.hex();
    };
    if (wanted.sha256 && *wanted.sha256 != found.sha256)
        return differ("sha256", *wanted.sha256, found.sha256);
    if (wanted.blake2b && found.blake2b && *wanted.blake2b != *found.blake2b)
        return differ("blake2b-256", *wanted.blake2b, *found.blake2b);
    if (wanted.md5 && found.md5 && *wanted.md5 != *found.md5)
        return differ("md5", *wanted.md5, *found.md5);
    const bool compared = wanted.sha256 || (wanted.blake2b && found.blake2b) || (!wanted.blake2b && found.md5);
    if (wanted.known() && !compared) // a hasher made for another identity: silence must not pass for proof
        return wanted.blake2b ? "blake2b-256 should be " + wanted.blake2b->hex() + " but was not computed"
                              : "md5 should be " + wanted.md5->hex() + " but was not computed";
    return std::nullopt;
}

struct StreamHasher::State {
    EvpContext sha256 = evp(EVP_sha256());
    EvpContext md5;
    std::optional<crypto_generichash_state> blake2b;
};

StreamHasher::StreamHasher(const Identity& wanted) : state_(std::make_unique<State>()) {
    if (wanted.md5)
        state_->md5 = evp(EVP_md5());
    if (wanted.blake2b && !wanted.sha256) {
        state_->blake2b.emplace();
        crypto_generichash_init(&*state_->blake2b, nullptr, 0, Blake2b256::size);
    }
}

StreamHasher::~StreamHasher() = default;
StreamHasher::StreamHasher(StreamHasher&&) noexcept = default;
StreamHasher& StreamHasher::operator=(StreamHasher&&) noexcept = default;

void StreamHasher::update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(state_->sha256.get(), bytes.data(), bytes.size());
    if (state_->md5)
        EVP_DigestUpdate(state_->md5.get(), bytes.data(), bytes.size());
    if (state_->blake2b)
        crypto_generichash_update(&*state_->blake2b, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
}

Digests StreamHasher::finish() {
    Digests out;
    out.sha256 = finish_evp<Sha256>(state_->sha256.get());
    if (state_->md5)
        out.md5 = finish_evp<Md5>(state_->md5.get());
    if (state_->blake2b) {
        out.blake2b.emplace();
        crypto_generichash_final(&*state_->blake2b, out.blake2b->bytes.data(), Blake2b256::size);
    }
    return out;
}

Sha256 sha256(std::span<const std::byte> bytes) {
    StreamHasher hasher{Identity{}};
    hasher.update(bytes);
    return hasher.finish().sha256;
}

Sha256 sha256(std::string_view bytes) {
    return sha256(as_bytes(bytes));
}

} // namespace yizhan
