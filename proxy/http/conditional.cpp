#include "proxy/http/conditional.hpp"

#include "proxy/http/field_syntax.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace yizhan {
namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

/// RFC 9110 14.1.1: one part of a bytes range, numbers beyond 64 bits taken as the largest.
struct Part {
    std::optional<std::uint64_t> first; ///< absent: the last `last` bytes
    std::optional<std::uint64_t> last;  ///< absent: to the end
};

std::optional<std::uint64_t> number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size() || error == std::errc::invalid_argument)
        return std::nullopt;
    return error == std::errc::result_out_of_range ? most : value;
}

/// Nullopt for several parts, another unit, or what is not a range at all.
std::optional<Part> parse_range(std::string_view value) {
    constexpr std::string_view unit = "bytes=";
    if (!same_name(value.substr(0, unit.size()), unit))
        return std::nullopt;
    const auto text = trimmed(value.substr(unit.size()));
    const auto dash = text.find('-');
    if (dash == std::string_view::npos || text.size() == 1)
        return std::nullopt;
    Part part;
    if (dash > 0 && !(part.first = number(text.substr(0, dash))))
        return std::nullopt;
    if (dash + 1 < text.size() && !(part.last = number(text.substr(dash + 1))))
        return std::nullopt;
    if (part.first && part.last && *part.last < *part.first)
        return std::nullopt;
    return part;
}

/// The window of a part in `size` bytes. No sum here can overflow: every term is at most `size`.
Selection window(const Part& part, std::uint64_t size, Ranges ranges) {
    Selection out{.status = 206, .first = 0, .size = 0};
    if (!part.first) {
        if (part.last == 0U)
            return {.status = 416, .first = 0, .size = 0};
        out.size = std::min(*part.last, size);
        out.first = size - out.size;
    } else {
        if (*part.first >= size)
            return {.status = 416, .first = 0, .size = 0};
        const auto last = std::min(part.last.value_or(most), size - 1);
        out.first = *part.first;
        out.size = last - out.first + 1;
    }
    // An empty representation has no window that Content-Range could name.
    const bool to_end = out.first + out.size == size;
    return out.size == 0 || (ranges == Ranges::to_end && !to_end) ? Selection{} : out;
}

std::string_view opaque(std::string_view etag) {
    return etag.starts_with("W/") ? etag.substr(2) : etag;
}

/// Whether a list of entity tags, or "*", has `etag`; a weak tag counts only in the weak comparison (RFC 9110 8.8.3.2).
bool has_etag(std::string_view list, std::string_view etag, bool weak_too) {
    while (!list.empty()) {
        const auto element = next_list_element(list);
        if (element == "*" || (!etag.empty() && (weak_too ? opaque(element) == opaque(etag) : element == etag)))
            return true;
    }
    return false;
}

/// The fields that matter here; a second Range or If-Range leaves the question open and is counted.
struct Conditions {
    std::string_view range, if_range;
    unsigned ranges = 0, if_ranges = 0;
    bool if_match = false, matched = false; ///< If-Match: present, satisfied
    bool none_match_fails = false;          ///< If-None-Match names what we have
};

Conditions read(const Request& request, const Representation& representation) {
    Conditions out;
    for (const auto& [name, value] : request.fields) {
        if (name.size() == 5 && same_name(name, "range")) {
            out.range = value;
            ++out.ranges;
        } else if (name.size() == 8 && same_name(name, "if-range")) {
            out.if_range = value;
            ++out.if_ranges;
        } else if (name.size() == 8 && same_name(name, "if-match")) {
            out.if_match = true;
            out.matched |= has_etag(value, representation.etag, false);
        } else if (name.size() == 13 && same_name(name, "if-none-match")) {
            out.none_match_fails |= !representation.if_range_only && has_etag(value, representation.etag, true);
        }
    }
    return out;
}

} // namespace

Selection select(const Request& request, const Representation& representation) {
    const auto conditions = read(request, representation);
    if (conditions.if_match && !conditions.matched)
        return {.status = 412, .first = 0, .size = 0};
    if (conditions.none_match_fails)
        return {.status = 304, .first = 0, .size = 0};
    if (request.method == Method::head || conditions.ranges != 1 || representation.ranges == Ranges::none ||
        !representation.size)
        return {};
    const bool same = conditions.if_ranges == 0 || (conditions.if_ranges == 1 && !representation.etag.empty() &&
                                                    conditions.if_range == representation.etag);
    const auto part = parse_range(conditions.range);
    return same && part ? window(*part, *representation.size, representation.ranges) : Selection{};
}

} // namespace yizhan
