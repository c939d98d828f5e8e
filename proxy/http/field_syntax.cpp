#include "proxy/http/field_syntax.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace yizhan {
namespace {

constexpr auto token_chars = [] {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

// One bit per byte of a word, in its highest place.
constexpr std::uint64_t each = 0x0101010101010101;

/// Nonzero when a byte of the word is a control character or, unless allowed, beyond ASCII.
std::uint64_t suspicious(std::uint64_t word, bool beyond_ascii) {
    const auto below_space = (word - each * 0x20) & ~word;
    const auto del = word ^ (each * 0x7f);
    const auto is_del = (del - each) & ~del;
    return (below_space | is_del | (beyond_ascii ? 0 : word)) & (each * 0x80);
}

std::uint64_t word_at(const char* data) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, sizeof word);
    return word;
}

/// Every field of every request and response passes here: eight bytes at a time, the last eight overlapping; only what
/// is suspicious (a tab is) gets looked at byte by byte.
bool is_value(std::string_view text, bool beyond_ascii) {
    const auto size = text.size();
    std::uint64_t found = size < 8;
    for (std::size_t done = 0; done + 8 <= size; done += 8)
        found |= suspicious(word_at(text.data() + done), beyond_ascii);
    if (size > 8)
        found |= suspicious(word_at(text.data() + size - 8), beyond_ascii);
    return found == 0 || std::ranges::all_of(text, [beyond_ascii](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte >= 0x80 ? beyond_ascii : (byte >= 0x20 && byte != 0x7f) || byte == '\t';
           });
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool is_token_char(char c) {
    return token_chars[static_cast<unsigned char>(c)];
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) {
    return is_value(text, true);
}

bool is_plain_field_value(std::string_view text) {
    return is_value(text, false);
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::string_view next_list_element(std::string_view& rest) {
    std::size_t end = 0;
    for (bool quoted = false; end < rest.size() && (quoted || rest[end] != ','); ++end)
        if (rest[end] == '"')
            quoted = !quoted;
    const auto element = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trimmed(element);
}

bool list_has(std::string_view list, std::string_view token) {
    while (!list.empty())
        if (same_name(next_list_element(list), token))
            return true;
    return false;
}

std::string printable(std::string_view text, std::string_view::size_type limit) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : text.substr(0, limit)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            out += c;
            continue;
        }
        out += "\\x";
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

} // namespace yizhan
