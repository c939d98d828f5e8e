#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace yizhan {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first: show_… takes the first that divides.
constexpr std::array size_units{
    Unit{"EiB", 1ull << 60},
    Unit{"PiB", 1ull << 50},
    Unit{"TiB", 1ull << 40},
    Unit{"GiB", 1ull << 30},
    Unit{"MiB", 1ull << 20},
    Unit{"KiB", 1ull << 10},
    Unit{"B", 1},
    Unit{"TB", 1'000'000'000'000u},
    Unit{"GB", 1'000'000'000u},
    Unit{"MB", 1'000'000u},
    Unit{"kB", 1000},
    Unit{"KB", 1000},
};
constexpr std::array time_units{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"min", 60'000}, Unit{"s", 1000}, Unit{"ms", 1},
};

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<std::uint64_t> digits(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > largest)
        return std::nullopt;
    return value;
}

struct Quantity {
    std::uint64_t whole = 0;
    std::uint64_t thousandths = 0; ///< three digits of a fraction are all that a setting needs
    std::string_view unit;
};

std::optional<Quantity> split_quantity(std::string_view text) {
    text = trimmed(text);
    const auto number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = text.substr(0, number_end);
    const auto dot = std::min(number.find('.'), number.size());
    const auto whole = digits(number.substr(0, dot));
    if (!whole)
        return std::nullopt;
    Quantity out{*whole, 0, trimmed(text.substr(number_end))};
    if (dot == number.size())
        return out;
    std::string fraction(number.substr(dot + 1));
    if (fraction.empty() || fraction.size() > 3)
        return std::nullopt;
    fraction.resize(3, '0');
    const auto thousandths = digits(fraction);
    if (!thousandths)
        return std::nullopt;
    out.thousandths = *thousandths;
    return out;
}

/// Nothing where the product is over 2^63-1 or not whole.
std::optional<std::uint64_t> multiplied(const Quantity& quantity, std::uint64_t factor) {
    if (quantity.whole > largest / factor || quantity.thousandths * (factor % 1000) % 1000 != 0)
        return std::nullopt;
    const std::uint64_t fraction =
        quantity.thousandths * (factor / 1000) + quantity.thousandths * (factor % 1000) / 1000;
    const std::uint64_t value = quantity.whole * factor;
    if (fraction > largest - value)
        return std::nullopt;
    return value + fraction;
}

Read<std::uint64_t> read_quantity(std::string_view text, std::span<const Unit> units, std::string_view expected) {
    const auto quantity = split_quantity(text);
    if (!quantity)
        return std::unexpected(fmt::format("expected {}", expected));
    for (const auto& unit : units) {
        if (unit.name != quantity->unit)
            continue;
        if (const auto value = multiplied(*quantity, unit.factor))
            return *value;
        return std::unexpected(fmt::format("cannot be counted exactly; expected {}", expected));
    }
    for (const auto& unit : units) // "200gib", "4S", "200G", "10m": the writer's meaning is guessed, not assumed
        if (!quantity->unit.empty() && lower(unit.name).starts_with(lower(quantity->unit)))
            return std::unexpected(fmt::format("unknown unit \"{}\", did you mean \"{}\"? Expected {}", quantity->unit,
                                               unit.name, expected));
    return std::unexpected(quantity->unit.empty()
                               ? fmt::format("the unit is missing; expected {}", expected)
                               : fmt::format("unknown unit \"{}\"; expected {}", quantity->unit, expected));
}

std::string show_quantity(std::uint64_t value, std::span<const Unit> units, std::string_view zero) {
    if (value == 0)
        return std::string(zero);
    for (const auto& unit : units)
        if (value % unit.factor == 0)
            return fmt::format("{}{}", value / unit.factor, unit.name);
    return fmt::format("{}{}", value, units.back().name);
}

constexpr std::string_view a_size = "a size such as \"200GiB\", \"64KiB\" or a number of bytes";
constexpr std::string_view a_duration = "a time span such as \"1500ms\", \"4s\", \"10min\", \"1h\" or \"7d\"";

} // namespace

Read<bool> read_switch(std::string_view text) {
    const auto word = lower(trimmed(text));
    if (word == "true" || word == "yes" || word == "on" || word == "1")
        return true;
    if (word == "false" || word == "no" || word == "off" || word == "0")
        return false;
    return std::unexpected("expected true or false");
}

Read<std::uint64_t> read_number(std::string_view text) {
    if (const auto value = digits(trimmed(text)))
        return *value;
    return std::unexpected("expected a whole number");
}

Read<std::uint64_t> read_size(std::string_view text) {
    if (const auto bytes = digits(trimmed(text)))
        return *bytes;
    return read_quantity(text, size_units, a_size);
}

Read<std::chrono::milliseconds> read_duration(std::string_view text) {
    if (trimmed(text) == "0")
        return std::chrono::milliseconds(0);
    const auto value = read_quantity(text, time_units, a_duration);
    if (!value)
        return std::unexpected(value.error());
    return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string show_size(std::uint64_t bytes) {
    return show_quantity(bytes, size_units, "0B");
}

std::string show_duration(std::chrono::milliseconds time) {
    return show_quantity(static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)), time_units, "0s");
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    if (trimmed(text).empty())
        return out;
    for (std::size_t from = 0; from <= text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        out.emplace_back(trimmed(text.substr(from, comma - from)));
        from = comma + 1;
    }
    return out;
}

std::string toml_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\u{:04X}", byte);
        else
            out += c;
    }
    return out + '"';
}

std::string toml_list(const std::vector<std::string>& items) {
    std::string out = "[";
    for (const auto& item : items) {
        if (out.size() > 1)
            out += ", ";
        out += toml_quoted(item);
    }
    return out + "]";
}

} // namespace yizhan
