// ASCII letters, digits and cases, whatever the locale says: index formats are defined over ASCII.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace yizhan::ascii {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z');
}
constexpr bool is_alphanumeric(char c) {
    return is_digit(c) || is_letter(c);
}
constexpr char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// HTML's and HTTP's white space; no vertical tab.
constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/// The value of a hexadecimal digit of either case, or -1. A table: pages hold hundreds of digits per file.
inline constexpr auto hex_values = [] {
    std::array<signed char, 256> out{};
    out.fill(-1);
    for (signed char i = 0; i < 16; ++i)
        out[static_cast<unsigned char>("0123456789abcdef"[i])] =
            out[static_cast<unsigned char>("0123456789ABCDEF"[i])] = i;
    return out;
}();
constexpr int hex_value(char c) {
    return hex_values[static_cast<unsigned char>(c)];
}

/// True for `length` hexadecimal digits of either case, and nothing else.
inline bool is_hex(std::string_view text, std::size_t length) {
    return text.size() == length && std::ranges::all_of(text, [](char c) { return hex_value(c) >= 0; });
}

inline bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

inline std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

/// Compares without regard to case; `lower_case` has none that is not lower already.
inline bool is(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, {}, lower);
}

inline bool starts_with(std::string_view text, std::string_view lower_case) {
    return text.size() >= lower_case.size() && is(text.substr(0, lower_case.size()), lower_case);
}

inline bool ends_with(std::string_view text, std::string_view lower_case) {
    return text.size() >= lower_case.size() && is(text.substr(text.size() - lower_case.size()), lower_case);
}

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

} // namespace yizhan::ascii
