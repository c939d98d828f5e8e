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

// The tree is three deep at most (lts/1.8/cu102); its folders are tags, versions and words.
constexpr std::size_t deepest_tree = 6;

bool is_tree_folder(std::string_view name) {
    return !name.empty() && name.size() <= 64 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
        return ascii::is_alphanumeric(c) || c == '.' || c == '_' || c == '-' || c == '+';
    });
}

// "cu102/torch-1.9.0%2Bcu102-….whl" → "cu102/"; nullopt where the folders are odd or the file is another.
std::optional<std::string> tree_folder(std::string_view rest, std::string_view filename) {
    std::string out;
    std::size_t depth = 0;
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        const auto name = percent_decoded(rest.substr(0, slash));
        if (!name || !is_tree_folder(*name) || ++depth > deepest_tree)
            return std::nullopt;
        out += *name + '/';
        rest.remove_prefix(slash + 1);
    }
    return percent_decoded(rest) == filename ? std::optional(std::move(out)) : std::nullopt;
}

bool is_distribution_name(std::string_view name) {
    return is_safe_filename(name) && !ascii::ends_with(name, metadata_suffix);
}

} // namespace

std::string LocatedFile::path() const {
    std::string out;
    out.reserve(96 + filename.size());
    if (!folder.empty()) {
        out += folder + filename;
        return metadata ? out.append(metadata_suffix) : out;
    }
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
    if (!file.folder.empty()) {
        out.folder = file.folder;
        return out;
    }
    out.blake2b = spelled_digest(spelled_in(file.url, file.filename));
    if (!out.blake2b)
        out.sha256 = Sha256::from_hex(sha256_hex(file));
    return out.blake2b || out.sha256 ? std::optional(std::move(out)) : std::nullopt;
}

bool append_located_folder(std::string& out, const ProjectFile& file) {
    if (!is_distribution_name(file.filename))
        return false;
    if (!file.folder.empty()) {
        out += file.folder;
        return true;
    }
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
           (!file.folder.empty() || !sha256_hex(file).empty() || !spelled_in(file.url, file.filename).empty());
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

void place_in_wheel_tree(ProjectPage& page, std::span<const std::string> trees) {
    for (auto& file : page.files)
        for (const auto& tree : trees)
            if (const std::string_view url = file.url; file.folder.empty() && url.starts_with(tree))
                if (const auto folder = tree_folder(url.substr(tree.size()), file.filename))
                    file.folder = std::string(wheel_tree_folder) + *folder;
}

std::optional<LocatedFile> parse_in_wheel_tree(std::span<const std::string> segments) {
    if (segments.empty() || segments.size() > deepest_tree + 1)
        return std::nullopt;
    LocatedFile out;
    out.folder = wheel_tree_folder;
    for (const auto& name : segments.first(segments.size() - 1)) {
        if (!is_tree_folder(name))
            return std::nullopt;
        out.folder += name + '/';
    }
    std::string_view name = segments.back();
    if (name.ends_with(metadata_suffix)) {
        out.metadata = true;
        name.remove_suffix(metadata_suffix.size());
    }
    out.filename = name;
    const bool is_file = is_distribution_name(name) && has_distribution_suffix(name);
    return is_file ? std::optional(std::move(out)) : std::nullopt;
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
        if (names.insert(file.folder + file.filename).second)
            return false;
        parsed.dropped.push_back({file.filename, "the page lists another file of that name before it"});
        return true;
    });
}

} // namespace yizhan
