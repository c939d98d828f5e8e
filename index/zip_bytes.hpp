// Little-endian fields of ZIP records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan::zip_bytes {

/// The value of `Bytes` bytes at `offset`; the caller has checked that they are there.
template <class T>
T read(std::string_view bytes, std::size_t offset) {
    T out = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        out = static_cast<T>(static_cast<std::uint64_t>(out) << 8 | static_cast<unsigned char>(bytes[offset + i]));
    return out;
}

inline std::uint16_t u16(std::string_view bytes, std::size_t offset) {
    return read<std::uint16_t>(bytes, offset);
}
inline std::uint32_t u32(std::string_view bytes, std::size_t offset) {
    return read<std::uint32_t>(bytes, offset);
}
inline std::uint64_t u64(std::string_view bytes, std::size_t offset) {
    return read<std::uint64_t>(bytes, offset);
}

inline constexpr std::uint16_t zip64_extra = 0x0001;
inline constexpr std::uint16_t unicode_path_extra = 0x7075;

/// The data of the extra field `id`; nullopt where it is absent, occurs twice, or the fields are malformed.
inline std::optional<std::string_view> extra_field(std::string_view extra, std::uint16_t id) {
    std::optional<std::string_view> found;
    while (extra.size() >= 4) {
        const auto size = u16(extra, 2);
        if (extra.size() - 4 < size)
            return std::nullopt;
        if (u16(extra, 0) == id) {
            if (found)
                return std::nullopt;
            found = extra.substr(4, size);
        }
        extra.remove_prefix(4U + size);
    }
    return found;
}

} // namespace yizhan::zip_bytes
