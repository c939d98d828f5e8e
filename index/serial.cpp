#include "index/serial.hpp"

#include <charconv>

namespace yizhan {
namespace {

std::optional<std::uint64_t> number_at_start(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

std::string_view after(std::string_view text, std::size_t at, std::string_view word) {
    return at == std::string_view::npos ? std::string_view{} : text.substr(at + word.size());
}

} // namespace

std::optional<std::uint64_t> peek_serial(std::string_view field, std::string_view body) {
    if (const auto told = number_at_start(field))
        return told;
    constexpr std::string_view trailer = "<!--SERIAL ";
    if (const auto told = number_at_start(after(body, body.rfind(trailer), trailer)))
        return told;
    constexpr std::string_view key = "\"_last-serial\"";
    const auto rest = after(body, body.find(key), key);
    const auto digit = rest.find_first_not_of(" \t\r\n:\"");
    return digit == std::string_view::npos ? std::nullopt : number_at_start(rest.substr(digit));
}

} // namespace yizhan
