#include "proxy/routes/query.hpp"

#include "config/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace yizhan {

Result<Query> read_query(std::string_view query, std::initializer_list<std::string_view> known) {
    Query out;
    while (!query.empty()) {
        const auto piece = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(piece.size() + 1, query.size()));
        const auto equals = std::min(piece.find('='), piece.size());
        const auto key = piece.substr(0, equals);
        auto value = percent_decoded(piece.substr(std::min(equals + 1, piece.size())));
        if (std::ranges::find(known, key) == known.end())
            return fail(Errc::invalid,
                        fmt::format("the query has \"{}\"; expected {}", key.substr(0, 40), fmt::join(known, ", ")));
        if (!value || std::ranges::any_of(*value, [](char c) { return c < 0x20 || c == 0x7f; }))
            return fail(Errc::invalid, fmt::format("the query's {} is not readable", key));
        if (!out.emplace(key, std::move(*value)).second)
            return fail(Errc::invalid, fmt::format("the query has {} twice", key));
    }
    return out;
}

std::string_view value_of(const Query& query, std::string_view key) {
    const auto at = query.find(key);
    return at == query.end() ? std::string_view() : std::string_view(at->second);
}

} // namespace yizhan
