#include "proxy/routes/file_sources.hpp"

#include "proxy/routes/page_upstreams.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

// "aa/bb/<60 hex>/<file>", as every mirror of PyPI lays out its files.
std::string pypi_layout(const LocatedFile& file) {
    const auto hex = file.blake2b->hex();
    return fmt::format("{}/{}/{}/{}", hex.substr(0, 2), hex.substr(2, 2), hex.substr(4),
                       percent_encoded_segment(file.filename));
}

// "cu102/<file>".
std::string place_in_tree(const LocatedFile& file) {
    return file.folder.substr(wheel_tree_folder.size()) + percent_encoded_segment(file.filename);
}

} // namespace

std::vector<Source> file_sources(const Settings::Pypi& rules, const LocatedFile& file, const LedgerEntry* known) {
    std::vector<Source> out;
    const auto& root = root_of(rules);
    for (const auto& upstream : rules.upstream) {
        const bool is_root = &upstream == &root;
        std::string text;
        if (is_root && known && known->grade == Grade::root)
            text = known->source;
        else if (!file.folder.empty())
            text = upstream.url + place_in_tree(file);
        else if (file.blake2b && !upstream.packages.empty())
            text = upstream.packages + pypi_layout(file);
        if (auto url = Url::parse(text))
            out.push_back({.url = std::move(*url),
                           .endpoint = redacted(upstream.url),
                           .family = upstream.family,
                           .root = is_root});
    }
    if (known && known->grade != Grade::root && !file.blake2b && file.folder.empty())
        if (auto url = Url::parse(known->source))
            out.push_back({.url = *url, .endpoint = url->origin(), .family = url->origin(), .root = false});
    return out;
}

} // namespace yizhan
