// What a fuzz target uses to say that a property does not hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace yizhan::fuzz {

/// Ends the process, so that libFuzzer keeps the input, where `holds` is false.
inline void require(bool holds, std::string_view property) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
    std::abort();
}

/// Both texts are printed where they differ.
inline void require_equal(std::string_view a, std::string_view b, std::string_view property) {
    if (a != b)
        std::fprintf(stderr, "one:\n%.*s\nother:\n%.*s\n", static_cast<int>(a.size()), a.data(),
                     static_cast<int>(b.size()), b.data());
    require(a == b, property);
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace yizhan::fuzz
