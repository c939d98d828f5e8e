#include "index/negotiate.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

// Real fields have under 200 bytes; the guard allows headers of some KiB.
constexpr std::size_t max_field = 8UL * 1024;

// Thousandths, as RFC 9110 gives q at most three digits: "0.5" is 500. nullopt: no q by the grammar.
std::optional<int> weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    int out = (text[0] - '0') * 1000;
    for (std::size_t i = 2, place = 100; i < text.size(); ++i, place /= 10) {
        if (!ascii::is_digit(text[i]))
            return std::nullopt;
        out += (text[i] - '0') * static_cast<int>(place);
    }
    return out <= 1000 ? std::optional(out) : std::nullopt;
}

struct Element {
    std::string_view range; ///< "text/html", "gzip", "*"
    int q = 1000;
};

// Takes the next comma-separated element off the list. Commas inside quoted parameters do not occur in these fields;
// an element that breaks the grammar of q counts as refused, which only ever costs the client a better format.
std::optional<Element> next_element(std::string_view& list) {
    while (!list.empty()) {
        auto piece = list.substr(0, list.find(','));
        list.remove_prefix(std::min(piece.size() + 1, list.size()));
        Element out{.range = ascii::trimmed(piece.substr(0, piece.find(';')))};
        while (piece.find(';') != std::string_view::npos) {
            piece.remove_prefix(piece.find(';') + 1);
            const auto parameter = ascii::trimmed(piece.substr(0, piece.find(';')));
            if (ascii::starts_with(parameter, "q="))
                out.q = weight(parameter.substr(2)).value_or(0);
        }
        if (!out.range.empty())
            return out;
    }
    return std::nullopt;
}

struct Offer {
    std::array<std::string_view, 2> names; ///< the second is an alias, or empty
    std::string_view group;                ///< "text/*"
};
constexpr std::array<Offer, 3> offers{{
    {{"text/html", ""}, "text/*"},
    {{"application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html"}, "application/*"},
    {{"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json"}, "application/*"},
}};

constexpr std::array formats{PageFormat::html_legacy, PageFormat::html_v1, PageFormat::json_v1}; // as in `offers`

// How closely a range names an offer: 0 not at all, 1 by "*/*", 2 by its group, 3 by name.
int specificity(std::string_view range, const Offer& offer) {
    if (ascii::is(range, offer.names[0]) || (!offer.names[1].empty() && ascii::is(range, offer.names[1])))
        return 3;
    if (ascii::is(range, offer.group))
        return 2;
    return range == "*/*" || range == "*" ? 1 : 0; // a bare "*" is what Java's URLConnection sends
}

/// The weight that the closest range gives; of equally close ones the highest.
struct BuildVerdict {
    int closeness = 0;
    int q = 0;

    void hear(int how_close, int weight_given) {
        if (how_close > closeness || (how_close == closeness && how_close > 0 && weight_given > q)) {
            closeness = how_close;
            q = weight_given;
        }
    }
};

} // namespace

std::string_view media_type(PageFormat format) {
    return offers[static_cast<std::size_t>(format)].names[0];
}

std::optional<PageFormat> page_format(std::string_view media_type) {
    const auto bare = ascii::trimmed(media_type.substr(0, media_type.find(';')));
    for (std::size_t i = 0; i < offers.size(); ++i)
        if (specificity(bare, offers[i]) == 3)
            return formats[i];
    return std::nullopt;
}

PageFormat negotiate_format(std::string_view accept) {
    std::array<BuildVerdict, offers.size()> judgements;
    auto list = accept.substr(0, max_field);
    while (const auto element = next_element(list))
        for (std::size_t i = 0; i < offers.size(); ++i)
            judgements[i].hear(specificity(element->range, offers[i]), element->q);
    const auto best = std::ranges::max_element(judgements, {}, &BuildVerdict::q); // the first of equals
    return formats[static_cast<std::size_t>(best - judgements.begin())];
}

Encoding negotiate_encoding(std::string_view accept_encoding) {
    BuildVerdict identity;
    BuildVerdict gzip;
    BuildVerdict zstd;
    auto list = accept_encoding.substr(0, max_field);
    while (const auto element = next_element(list)) {
        const auto range = element->range;
        if (range == "*")
            for (auto* const judgement : {&identity, &gzip, &zstd})
                judgement->hear(1, element->q);
        else if (ascii::is(range, "gzip") || ascii::is(range, "x-gzip"))
            gzip.hear(2, element->q);
        else if (ascii::is(range, "zstd"))
            zstd.hear(2, element->q);
        else if (ascii::is(range, "identity"))
            identity.hear(2, element->q);
    }
    // Compressed only for who names it: a bare "*" comes from tools that then store what they get, undecoded.
    const int floor = identity.closeness == 2 ? std::max(identity.q, 1) : 1;
    if (zstd.closeness == 2 && zstd.q >= floor && zstd.q >= gzip.q)
        return Encoding::zstd;
    if (gzip.closeness == 2 && gzip.q >= floor)
        return Encoding::gzip;
    return Encoding::identity;
}

std::string_view content_coding(Encoding encoding) {
    static constexpr std::array<std::string_view, 3> names{"", "gzip", "zstd"};
    return names[static_cast<std::size_t>(encoding)];
}

} // namespace yizhan
