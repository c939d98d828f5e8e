#include "config/catalogue.hpp"

#include "config/csv.hpp"
#include "config/embedded.hpp"
#include "config/url.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace yizhan {
namespace {

using Status = Mirror::Status;

constexpr std::array<std::string_view, 12> columns{"kind",  "operator", "family", "fed_by", "url",   "packages",
                                                   "files", "root",     "layout", "status", "order", "note"};
enum Column : std::size_t { kind, operated, family, fed_by, url, packages, files, root, layout, status, order, note };

constexpr std::array<std::pair<std::string_view, Status>, 6> statuses{{
    {"live", Status::live},
    {"alias", Status::alias},
    {"intranet", Status::intranet},
    {"unverified", Status::unverified},
    {"dead", Status::dead},
    {"pattern", Status::pattern},
}};

std::unexpected<Error> complain(std::string_view name, const CsvField& field, std::string what) {
    return fail(Errc::invalid, fmt::format("{}:{}:{}: {}", name, field.line, field.column, what));
}

/// Nothing when `text` is a normalised URL of a folder.
std::optional<std::string> wrong_folder(std::string_view text) {
    const auto parsed = Url::parse(text);
    if (!parsed)
        return parsed.error().message;
    if (parsed->str() != text || !text.ends_with('/') || !parsed->query().empty())
        return fmt::format("\"{}\" should be written as \"{}\", with a slash at the end", text, parsed->str());
    return std::nullopt;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t from = 0; (from = text.find_first_not_of(' ', from)) != std::string_view::npos;) {
        const auto end = std::min(text.find(' ', from), text.size());
        out.emplace_back(text.substr(from, end - from));
        from = end;
    }
    return out;
}

/// Addresses are checked where they are used: in every row that can complete or be a setting.
std::optional<Error> check_addresses(std::string_view name, const CsvRow& row, const Mirror& mirror) {
    if (mirror.status == Status::dead || mirror.status == Status::pattern)
        return std::nullopt;
    std::vector<std::pair<Column, std::string>> addresses{{url, mirror.url}};
    if (!mirror.packages.empty())
        addresses.emplace_back(packages, mirror.packages);
    for (const auto& prefix : mirror.files)
        addresses.emplace_back(files, prefix);
    for (const auto& [column, address] : addresses)
        if (const auto wrong = wrong_folder(address))
            return complain(name, row[column], *wrong).error();
    return std::nullopt;
}

Result<Mirror> read_mirror(std::string_view name, const CsvRow& row) {
    Mirror out;
    out.kind = row[kind].text;
    out.operated = row[operated].text;
    out.family = row[family].text;
    out.fed_by = row[fed_by].text;
    out.url = row[url].text;
    out.packages = row[packages].text;
    out.files = words(row[files].text);
    out.layout = row[layout].text;
    out.note = row[note].text;
    for (const auto column : {kind, operated, family, url})
        if (row[column].text.empty())
            return complain(name, row[column], fmt::format("the {} is missing", columns[column]));
    if (row[root].text != "yes" && !row[root].text.empty())
        return complain(name, row[root], "expected yes or nothing");
    out.root = row[root].text == "yes";
    const auto known = std::ranges::find(statuses, row[status].text, &std::pair<std::string_view, Status>::first);
    if (known == statuses.end())
        return complain(name, row[status], "expected live, alias, intranet, unverified, dead or pattern");
    out.status = known->second;
    if (!row[order].text.empty()) {
        const auto place = read_number(row[order].text);
        if (!place || *place > 1000)
            return complain(name, row[order], "expected a place from 0 to 1000, or nothing");
        if (!out.usable())
            return complain(name, row[order], "only a live mirror can be used by default");
        out.order = static_cast<unsigned>(*place);
    }
    if (auto wrong = check_addresses(name, row, out))
        return std::unexpected(std::move(*wrong));
    return out;
}

/// Host, port where it is not the scheme's, and path without the last slash: the same for http and https.
std::optional<std::string> address_key(std::string_view text) {
    const auto parsed = Url::parse(text);
    if (!parsed || !parsed->query().empty())
        return std::nullopt;
    std::string out = parsed->origin().substr(parsed->scheme().size()) + std::string(parsed->path());
    if (out.ends_with('/'))
        out.pop_back();
    return out;
}

} // namespace

Result<std::vector<Mirror>> parse_catalogue(std::string_view csv, std::string_view name) {
    const auto rows = parse_csv(csv, name);
    if (!rows)
        return std::unexpected(rows.error());
    if (rows->empty() || !std::ranges::equal(rows->front(), columns, {}, &CsvField::text))
        return fail(Errc::invalid, fmt::format("{}:1:1: expected the header {}", name, fmt::join(columns, ",")));
    std::vector<Mirror> out;
    for (std::size_t i = 1; i < rows->size(); ++i) {
        auto mirror = read_mirror(name, (*rows)[i]);
        if (!mirror)
            return std::unexpected(mirror.error());
        out.push_back(std::move(*mirror));
    }
    return out;
}

const std::vector<Mirror>& catalogue() {
    static const std::vector<Mirror> mirrors = [] {
        auto parsed = parse_catalogue(embedded_mirrors(), "config/data/mirrors.csv");
        if (!parsed) // the file is compiled in and a test reads it: only a broken build comes here
            throw std::logic_error(parsed.error().text());
        return std::move(*parsed);
    }();
    return mirrors;
}

std::vector<UpstreamSettings> default_upstreams(std::string_view wanted, std::span<const Mirror> mirrors) {
    std::vector<const Mirror*> chosen;
    for (const auto& mirror : mirrors)
        if (mirror.kind == wanted && mirror.usable() && mirror.order)
            chosen.push_back(&mirror);
    std::ranges::sort(chosen, {}, [](const Mirror* mirror) { return std::pair(*mirror->order, mirror); });
    std::vector<UpstreamSettings> out;
    out.reserve(chosen.size());
    for (const auto* mirror : chosen)
        out.push_back({mirror->url, mirror->files, mirror->packages, mirror->counts_as(), mirror->root,
                       mirror->layout == "flat"});
    return out;
}

const Mirror* find_mirror(std::string_view wanted, std::string_view address, std::span<const Mirror> mirrors) {
    const auto key = address_key(address);
    if (!key)
        return nullptr;
    const auto same = [&](const Mirror& mirror) { return mirror.kind == wanted && address_key(mirror.url) == key; };
    const auto found = std::ranges::find_if(mirrors, same);
    return found == mirrors.end() ? nullptr : &*found;
}

} // namespace yizhan
