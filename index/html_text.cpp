#include "index/html_text.hpp"

#include "index/ascii.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace yizhan {
namespace {

constexpr std::uint32_t replacement = 0xfffd;

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

// HTML5 reads 0x80 to 0x9f as windows-1252; 0 stands for the five bytes that have no character there.
constexpr std::array<std::uint16_t, 32> windows_1252{0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                     0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                                     0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                     0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

struct NamedReference {
    std::string_view name;
    std::uint32_t code;
    bool also_bare; // HTML 4 knew it, so it counts without ';' too
};
constexpr std::array<NamedReference, 26> named_references{{
    {"amp", '&', true},     {"lt", '<', true},      {"gt", '>', true},      {"quot", '"', true},
    {"AMP", '&', true},     {"LT", '<', true},      {"GT", '>', true},      {"QUOT", '"', true},
    {"nbsp", 0xa0, true},   {"copy", 0xa9, true},   {"reg", 0xae, true},    {"apos", '\'', false},
    {"plus", '+', false},   {"excl", '!', false},   {"num", '#', false},    {"percnt", '%', false},
    {"sol", '/', false},    {"colon", ':', false},  {"comma", ',', false},  {"semi", ';', false},
    {"period", '.', false}, {"equals", '=', false}, {"lowbar", '_', false}, {"commat", '@', false},
    {"quest", '?', false},  {"ast", '*', false},
}};

// Reads "#43;" or "#x2B" after the '&'; `length` is what was read, 0 where it is no reference.
std::uint32_t numeric_reference(std::string_view text, std::size_t& length) {
    length = 0;
    const bool hex = text.size() > 1 && ascii::lower(text[1]) == 'x';
    std::size_t i = hex ? 2 : 1;
    const std::size_t first = i;
    std::uint32_t code = 0;
    for (; i < text.size(); ++i) {
        const int digit = ascii::hex_value(text[i]);
        if (digit < 0 || (!hex && digit > 9))
            break;
        if (code <= 0x10ffff)
            code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
    }
    if (i == first)
        return 0;
    length = i < text.size() && text[i] == ';' ? i + 1 : i;
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return replacement;
    if (code >= 0x80 && code < 0xa0 && windows_1252[code - 0x80] != 0)
        return windows_1252[code - 0x80];
    return code;
}

std::uint32_t named_reference(std::string_view text, bool in_attribute, std::size_t& length) {
    for (const auto& reference : named_references) {
        if (!text.starts_with(reference.name))
            continue;
        length = reference.name.size();
        if (length < text.size() && text[length] == ';') {
            ++length;
            return reference.code;
        }
        if (!reference.also_bare)
            continue;
        // In an attribute "?a=1&lt=3" is a query, not a '<'.
        const char next = length < text.size() ? text[length] : ' ';
        if (!in_attribute || (next != '=' && !ascii::is_alphanumeric(next)))
            return reference.code;
    }
    length = 0;
    return 0;
}

std::string decoded(std::string_view raw, bool in_attribute) {
    std::string out;
    out.reserve(raw.size());
    while (true) {
        const auto ampersand = raw.find('&');
        out += raw.substr(0, ampersand);
        if (ampersand == std::string_view::npos)
            break;
        raw.remove_prefix(ampersand + 1);
        std::size_t length = 0;
        const auto code =
            raw.starts_with('#') ? numeric_reference(raw, length) : named_reference(raw, in_attribute, length);
        if (length == 0)
            out += '&';
        else
            append_utf8(out, code);
        raw.remove_prefix(length);
    }
    return valid_utf8(out);
}

// Length of the well-formed UTF-8 sequence at the start (Unicode table 3-7), 0 where it is malformed.
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
    const unsigned lead = byte(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return tail(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool second = lead == 0xe0   ? byte(1) >= 0xa0 && byte(1) <= 0xbf
                            : lead == 0xed ? byte(1) >= 0x80 && byte(1) <= 0x9f
                                           : tail(1);
        return second && tail(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool second = lead == 0xf0   ? byte(1) >= 0x90 && byte(1) <= 0xbf
                            : lead == 0xf4 ? byte(1) >= 0x80 && byte(1) <= 0x8f
                                           : tail(1);
        return second && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

// How a byte is written where it may not stand for itself.
std::string_view html_entity(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default: // a control character, which is no HTML in any spelling
        return " ";
    }
}

constexpr auto needs_entity = [] {
    std::array<bool, 256> out{};
    for (std::size_t c = 0; c < 0x20; ++c)
        out[c] = !ascii::is_space(static_cast<char>(c));
    for (const char c : std::string_view("&<>\"'\x7f"))
        out[static_cast<unsigned char>(c)] = true;
    return out;
}();

} // namespace

std::string decoded_attribute(std::string_view raw) {
    return decoded(raw, true);
}
std::string decoded_text(std::string_view raw) {
    return decoded(raw, false);
}

std::string valid_utf8(std::string_view text) {
    std::string out;
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
        return out = text;
    out.reserve(text.size());
    while (!text.empty()) {
        if (const auto length = utf8_sequence(text)) {
            out += text.substr(0, length);
            text.remove_prefix(length);
        } else {
            append_utf8(out, replacement);
            text.remove_prefix(1);
        }
    }
    return out;
}

std::string one_line(std::string_view text) {
    auto out = valid_utf8(text);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return std::string(ascii::trimmed(out));
}

void append_html_escaped(std::string& out, std::string_view text) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!needs_entity[static_cast<unsigned char>(text[i])])
            continue;
        out.append(text, done, i - done);
        out += html_entity(text[i]);
        done = i + 1;
    }
    out.append(text, done);
}

} // namespace yizhan
