#include "proxy/http/target.hpp"

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

/// RFC 3986 3.3: pchar without '%'. A table, for every byte of every path passes here.
constexpr auto path_chars = [] {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("-._~!$&'()*+,;=:@"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_path_char(char c) {
    return path_chars[static_cast<unsigned char>(c)];
}

int nibble(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// A decoded byte that a second decoder, a file system or a log could take for something else.
bool is_treacherous(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x7f || c == '/' || c == '\\' || c == '%';
}

std::unexpected<Refusal> refuse(std::string_view sentence) {
    return std::unexpected(Refusal{.status = 400, .sentence = std::string(sentence)});
}

std::expected<std::string, Refusal> decode(std::string_view raw) {
    if (std::ranges::all_of(raw, is_path_char))
        return std::string(raw);
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') {
            if (!is_path_char(raw[i]))
                return refuse("The path holds a character that must be percent-encoded (RFC 3986 section 3.3).");
            out += raw[i];
            continue;
        }
        const int high = i + 2 < raw.size() ? nibble(raw[i + 1]) : -1;
        const int low = i + 2 < raw.size() ? nibble(raw[i + 2]) : -1;
        if (high < 0 || low < 0)
            return refuse("The path holds a '%' that is not followed by two hexadecimal digits.");
        const auto byte = static_cast<char>(high * 16 + low);
        if (is_treacherous(byte))
            return refuse("The path holds an encoded slash, backslash, percent sign, control or non-ASCII byte.");
        out += byte;
        i += 2;
    }
    return out;
}

} // namespace

std::expected<Target, Refusal> take_apart(std::string_view target) {
    Target out;
    const auto question = std::min(target.find('?'), target.size());
    auto path = target.substr(0, question);
    if (question < target.size())
        out.query = target.substr(question + 1);
    if (!path.starts_with('/'))
        return refuse("The request target must be a path that begins with '/'.");
    if (target.contains('#'))
        return refuse("The request target holds a fragment, which clients must keep to themselves.");
    out.segments.reserve(static_cast<std::size_t>(std::ranges::count(path, '/')));
    bool last = false;
    while (!last) {
        path.remove_prefix(1);
        const auto slash = std::min(path.find('/'), path.size());
        last = slash == path.size();
        auto segment = decode(path.substr(0, slash));
        if (!segment)
            return std::unexpected(std::move(segment.error()));
        if (*segment == "." || *segment == "..")
            return refuse("The path holds a '.' or '..' segment; resolve it before asking.");
        if (segment->empty() && !last)
            return std::unexpected(Refusal{.status = 404, .sentence = "The path holds an empty segment (\"//\")."});
        out.segments.push_back(std::move(*segment));
        path.remove_prefix(slash);
    }
    return out;
}

} // namespace yizhan
