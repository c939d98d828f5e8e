#include "tests/origin/body.hpp"

#include <openssl/evp.h>
#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>

namespace yizhan::origin {

namespace {

/// Word `index` of the stream `seed`: SplitMix64 (Steele, Lea, Flood 2014), which allows reading at any offset.
std::uint64_t random_word(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = seed * 0xd1342543de82ef95ULL + (index + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void read_random(std::uint64_t seed, std::uint64_t offset, std::span<char> out) {
    const auto part = [&](std::size_t done) { // up to one word that is not wholly wanted
        const std::uint64_t word = random_word(seed, (offset + done) / 8);
        const std::size_t skip = (offset + done) % 8;
        const std::size_t count = std::min(out.size() - done, 8 - skip);
        std::memcpy(out.data() + done, reinterpret_cast<const char*>(&word) + skip, count);
        return count;
    };
    std::size_t done = offset % 8 == 0 || out.empty() ? 0 : part(0);
    for (; out.size() - done >= 8; done += 8) {
        const std::uint64_t word = random_word(seed, (offset + done) / 8);
        std::memcpy(out.data() + done, &word, 8);
    }
    if (done < out.size()) {
        part(done);
    }
}

struct Piece {
    std::shared_ptr<const std::string> text; ///< null: random
    std::uint64_t seed = 0;
    std::uint64_t size = 0;

    void read(std::uint64_t offset, std::span<char> out) const {
        if (text) {
            std::memcpy(out.data(), text->data() + offset, out.size());
        } else {
            read_random(seed, offset, out);
        }
    }
};

std::string hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : bytes) {
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

} // namespace

struct Body::State {
    std::vector<Piece> pieces;
    std::map<std::uint64_t, unsigned char> flips; ///< offset → bits to turn over
    std::uint64_t size = 0;
    std::once_flag sha256_once, blake2b_once, crc32_once;
    std::string sha256, blake2b;
    std::uint32_t crc32 = 0;

    void add(Piece piece) {
        size += piece.size;
        if (piece.size > 0) {
            pieces.push_back(std::move(piece));
        }
    }

    void each_block(const Body& body, const std::function<void(std::span<const char>)>& take) const {
        std::vector<char> block(1 << 18);
        for (std::uint64_t at = 0; at < size;) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size - at));
            body.read(at, {block.data(), count});
            take({block.data(), count});
            at += count;
        }
    }
};

Body::Body() : state_(std::make_shared<State>()) {}
Body::Body(std::shared_ptr<State> state) : state_(std::move(state)) {}

Body Body::text(std::string text) {
    auto state = std::make_shared<State>();
    const std::uint64_t size = text.size();
    state->add({std::make_shared<const std::string>(std::move(text)), 0, size});
    return Body(std::move(state));
}

Body Body::random(std::uint64_t seed, std::uint64_t size) {
    auto state = std::make_shared<State>();
    state->add({nullptr, seed, size});
    return Body(std::move(state));
}

Body Body::concat(const std::vector<Body>& parts) {
    auto state = std::make_shared<State>();
    for (const Body& part : parts) {
        for (const auto& [offset, bits] : part.state_->flips) {
            state->flips[state->size + offset] ^= bits;
        }
        for (const Piece& piece : part.state_->pieces) {
            state->add(piece);
        }
    }
    return Body(std::move(state));
}

Body Body::flipped(std::uint64_t offset, unsigned bit) const {
    if (offset >= size() || bit > 7) {
        throw std::out_of_range("Body::flipped: no such bit");
    }
    Body copy = concat({*this});
    copy.state_->flips[offset] ^= static_cast<unsigned char>(1U << bit);
    return copy;
}

std::uint64_t Body::size() const {
    return state_->size;
}

void Body::read(std::uint64_t offset, std::span<char> out) const {
    if (offset > size() || out.size() > size() - offset) {
        throw std::out_of_range("Body::read: past the end");
    }
    std::uint64_t begin = 0; // of the piece, in the body
    std::size_t done = 0;
    for (const Piece& piece : state_->pieces) {
        const std::uint64_t at = offset + done;
        if (done < out.size() && at < begin + piece.size) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(out.size() - done, begin + piece.size - at));
            piece.read(at - begin, out.subspan(done, count));
            done += count;
        }
        begin += piece.size;
    }
    const auto& flips = state_->flips;
    for (auto flip = flips.lower_bound(offset); flip != flips.end() && flip->first - offset < out.size(); ++flip) {
        char& byte = out[static_cast<std::size_t>(flip->first - offset)];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ flip->second);
    }
}

std::string Body::str() const {
    std::string out(static_cast<std::size_t>(size()), '\0');
    read(0, out);
    return out;
}

bool Body::equals_at(std::uint64_t offset, std::span<const char> bytes) const {
    if (offset > size() || bytes.size() > size() - offset) {
        return false;
    }
    std::array<char, 1 << 14> block;
    for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t count = std::min(block.size(), bytes.size() - done);
        read(offset + done, {block.data(), count});
        if (std::memcmp(block.data(), bytes.data() + done, count) != 0) {
            return false;
        }
        done += count;
    }
    return true;
}

const std::string& Body::sha256() const {
    std::call_once(state_->sha256_once, [this] {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
        state_->each_block(
            *this, [&](std::span<const char> block) { EVP_DigestUpdate(context.get(), block.data(), block.size()); });
        std::array<unsigned char, 32> digest;
        EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
        state_->sha256 = hex(digest);
    });
    return state_->sha256;
}

const std::string& Body::blake2b() const {
    std::call_once(state_->blake2b_once, [this] {
        if (sodium_init() < 0) {
            throw std::runtime_error("libsodium does not start");
        }
        crypto_generichash_state hash;
        std::array<unsigned char, 32> digest;
        crypto_generichash_init(&hash, nullptr, 0, digest.size());
        state_->each_block(*this, [&](std::span<const char> block) {
            crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(block.data()), block.size());
        });
        crypto_generichash_final(&hash, digest.data(), digest.size());
        state_->blake2b = hex(digest);
    });
    return state_->blake2b;
}

std::uint32_t Body::crc32() const {
    std::call_once(state_->crc32_once, [this] {
        uLong crc = ::crc32(0, nullptr, 0);
        state_->each_block(*this, [&](std::span<const char> block) {
            crc = ::crc32(crc, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(block.size()));
        });
        state_->crc32 = static_cast<std::uint32_t>(crc);
    });
    return state_->crc32;
}

std::string Body::pypi_folder() const {
    const std::string& digest = blake2b();
    return digest.substr(0, 2) + "/" + digest.substr(2, 2) + "/" + digest.substr(4);
}

std::string sha256_hex(std::span<const char> bytes) {
    return Body::text({bytes.data(), bytes.size()}).sha256();
}

} // namespace yizhan::origin
