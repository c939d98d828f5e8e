#include "index/locate.hpp"

#include "index/ascii.hpp"
#include "index/filename.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

constexpr std::string_view metadata_suffix = ".metadata";

constexpr std::string_view packages_folder = "pypi/packages/";
constexpr std::string_view sha256_folder = "pypi/files/sha256/";

bool is_lower_hex(std::string_view text, std::size_t length) {
    return ascii::is_hex(text, length) && std::ranges::none_of(text, ascii::is_upper);
}

// "aa/bb/<60 hex>": how PyPI spells a BLAKE2b-256.
constexpr std::size_t spelled_size = 2 + 1 + 2 + 1 + 60;

bool is_spelled_digest(std::string_view text) {
    return text.size() == spelled_size && text[2] == '/' && text[5] == '/' && is_lower_hex(text.substr(0, 2), 2) &&
           is_lower_hex(text.substr(3, 2), 2) && is_lower_hex(text.substr(6), 60);
}

std::optional<Blake2b256> spelled_digest(std::string_view text) {
    if (!is_spelled_digest(text))
        return std::nullopt;
    std::string hex(text.substr(0, 2));
    hex += text.substr(3, 2);
    hex += text.substr(6);
    return Blake2b256::from_hex(hex);
}

// The "aa/bb/<60 hex>" of a URL whose path ends in "/packages/aa/bb/<60 hex>/<file name>"; else empty.
std::string_view spelled_in(std::string_view url, std::string_view filename) {
    const auto path = url.substr(0, url.find('?'));
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || slash < spelled_size)
        return {};
    const auto leaf = path.substr(slash + 1);
    const auto spelled = path.substr(slash - spelled_size, spelled_size);
    if (!path.substr(0, slash - spelled_size).ends_with("/packages/") || !is_spelled_digest(spelled))
        return {};
    return leaf == filename || percent_decoded(leaf) == filename ? spelled : std::string_view();
}

// The page's sha256 where it is well-formed; else empty.
std::string_view sha256_hex(const ProjectFile& file) {
    const auto found =
        std::ranges::find(file.hashes, "sha256", [](const auto& hash) { return std::string_view(hash.first); });
    return found != file.hashes.end() && is_lower_hex(found->second, 64) ? found->second : std::string_view();
}

bool is_distribution_name(std::string_view name) {
    return is_safe_filename(name) && !ascii::ends_with(name, metadata_suffix);
}

} // namespace

std::string LocatedFile::path() const {
    std::string out;
    out.reserve(96 + filename.size());
    if (blake2b) {
        const auto hex = blake2b->hex();
        out += packages_folder;
        out.append(hex, 0, 2) += '/';
        out.append(hex, 2, 2) += '/';
        out.append(hex, 4);
    } else if (sha256) {
        out += sha256_folder;
        out += sha256->hex();
    }
    out += '/';
    out += filename;
    if (metadata)
        out += metadata_suffix;
    return out;
}

std::optional<LocatedFile> locate(const ProjectFile& file) {
    if (!is_distribution_name(file.filename))
        return std::nullopt;
    LocatedFile out;
    out.filename = file.filename;
    out.blake2b = spelled_digest(spelled_in(file.url, file.filename));
    if (!out.blake2b)
        out.sha256 = Sha256::from_hex(sha256_hex(file));
    return out.blake2b || out.sha256 ? std::optional(std::move(out)) : std::nullopt;
}

bool append_located_folder(std::string& out, const ProjectFile& file) {
    if (!is_distribution_name(file.filename))
        return false;
    const auto spelled = spelled_in(file.url, file.filename);
    const auto sha256 = spelled.empty() ? sha256_hex(file) : std::string_view();
    if (spelled.empty() && sha256.empty())
        return false;
    out += spelled.empty() ? sha256_folder : packages_folder;
    out += spelled.empty() ? sha256 : spelled;
    out += '/';
    return true;
}

bool is_located(const ProjectFile& file) {
    return is_distribution_name(file.filename) &&
           (!sha256_hex(file).empty() || !spelled_in(file.url, file.filename).empty());
}

std::optional<LocatedFile> parse_located(std::span<const std::string> segments) {
    LocatedFile out;
    if (segments.size() == 5 && segments[0] == "packages")
        out.blake2b = spelled_digest(segments[1] + '/' + segments[2] + '/' + segments[3]);
    else if (segments.size() == 4 && segments[0] == "files" && segments[1] == "sha256" && is_lower_hex(segments[2], 64))
        out.sha256 = Sha256::from_hex(segments[2]);
    if (!out.blake2b && !out.sha256)
        return std::nullopt;
    std::string_view name = segments.back();
    if (name.ends_with(metadata_suffix)) {
        out.metadata = true;
        name.remove_suffix(metadata_suffix.size());
    }
    out.filename = name;
    return is_distribution_name(name) ? std::optional(std::move(out)) : std::nullopt;
}

void keep_within(ParsedPage& parsed, std::span<const Url> prefixes) {
    // Files' URLs come from Url, so comparing text compares scheme, host, port and folder.
    std::vector<std::string> folders;
    for (const auto& prefix : prefixes)
        folders.push_back(prefix.origin() + std::string(prefix.path().substr(0, prefix.path().rfind('/') + 1)));
    std::erase_if(parsed.page.files, [&](const ProjectFile& file) {
        if (std::ranges::any_of(folders, [&](const auto& folder) { return file.url.starts_with(folder); }))
            return false;
        parsed.dropped.push_back({file.filename, "its link leads to " + redacted(file.url) +
                                                     ", which is under none of the upstream's files origins"});
        return true;
    });
}

void keep_first_of_each_name(ParsedPage& parsed) {
    std::unordered_set<std::string> names;
    std::erase_if(parsed.page.files, [&](const ProjectFile& file) {
        if (names.insert(file.filename).second)
            return false;
        parsed.dropped.push_back({file.filename, "the page lists another file of that name before it"});
        return true;
    });
}

} // namespace yizhan
