#include "tests/origin/request.hpp"

#include <array>
#include <charconv>

namespace yizhan::origin {

namespace {

constexpr std::size_t largest_request = 1 << 20;

bool read_more(Wire& wire, std::string& pending) {
    std::array<char, 16384> block;
    const std::size_t count = pending.size() < largest_request ? wire.read_some(block) : 0;
    pending.append(block.data(), count);
    return count > 0;
}

int hex_value(char digit) {
    int value = -1;
    std::from_chars(&digit, &digit + 1, value, 16);
    return value;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<Exchange> parse_head(std::string_view head) {
    Exchange exchange;
    const auto line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const auto space = line.find(' ');
    const auto second = line.rfind(' ');
    if (space == std::string_view::npos || second == space) {
        return std::nullopt;
    }
    exchange.method = line.substr(0, space);
    exchange.target = line.substr(space + 1, second - space - 1);
    exchange.path = percent_decoded(std::string_view(exchange.target).substr(0, exchange.target.find('?')));
    std::string_view rest = line_end == std::string_view::npos ? std::string_view{} : head.substr(line_end + 2);
    while (!rest.empty()) {
        const std::string_view field_line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(rest.size(), field_line.size() + 2));
        const auto colon = field_line.find(':');
        if (colon != std::string_view::npos) {
            exchange.fields.emplace_back(field_line.substr(0, colon), trimmed(field_line.substr(colon + 1)));
        }
    }
    return exchange;
}

} // namespace

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~/").find(c) != std::string_view::npos;
        if (plain) {
            out += c;
        } else {
            out += {'%', hex[byte >> 4U], hex[byte & 15U]};
        }
    }
    return out;
}

std::optional<ByteRange> parse_range(std::string_view text) {
    constexpr std::string_view unit = "bytes=";
    if (!text.starts_with(unit)) {
        return std::nullopt;
    }
    text.remove_prefix(unit.size());
    const auto dash = text.find('-');
    if (dash == std::string_view::npos || text.size() == 1) {
        return std::nullopt;
    }
    ByteRange range;
    const auto number = [](std::string_view digits, std::optional<std::uint64_t>& out) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (!digits.empty()) {
            out = value;
        }
        return digits.empty() || (error == std::errc() && end == digits.data() + digits.size());
    };
    if (!number(text.substr(0, dash), range.first) || !number(text.substr(dash + 1), range.last)) {
        return std::nullopt;
    }
    return range;
}

std::optional<Exchange> read_request(Wire& wire, std::string& pending) {
    std::size_t end = 0;
    while ((end = pending.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more(wire, pending)) {
            return std::nullopt;
        }
    }
    auto exchange = parse_head(std::string_view(pending).substr(0, end + 2));
    pending.erase(0, end + 4);
    if (!exchange) {
        return std::nullopt;
    }
    const std::string_view length = field(exchange->fields, "Content-Length");
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    while (pending.size() < size) {
        if (!read_more(wire, pending)) {
            return std::nullopt;
        }
    }
    exchange->content = pending.substr(0, size);
    pending.erase(0, size);
    return exchange;
}

} // namespace yizhan::origin
