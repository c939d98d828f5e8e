#include "index/filename.hpp"

#include "index/ascii.hpp"
#include "index/names.hpp"
#include "index/version.hpp"

#include <array>
#include <vector>

namespace yizhan {
namespace {

// PEP 625 allows .tar.gz alone; the others lie on PyPI since before it.
constexpr std::array<std::string_view, 9> sdist_suffixes{".tar.gz", ".zip",   ".tar.bz2", ".tar.xz", ".tgz",
                                                         ".tbz",    ".tar.Z", ".tar.zst", ".tar"};
constexpr std::array<std::string_view, 2> installer_suffixes{".exe", ".msi"};
constexpr std::array<std::string_view, 3> package_suffixes{".rpm", ".deb", ".dmg"};
constexpr std::string_view variants_suffix = "-variants.json";

template <std::size_t N>
std::optional<std::string_view> without_suffix(std::string_view name, const std::array<std::string_view, N>& suffixes) {
    for (const auto suffix : suffixes)
        if (name.size() > suffix.size() && ascii::is(name.substr(name.size() - suffix.size()), ascii::lowered(suffix)))
            return name.substr(0, name.size() - suffix.size());
    return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (true) {
        const auto at = text.find(separator);
        out.push_back(text.substr(0, at));
        if (at == std::string_view::npos)
            return out;
        text.remove_prefix(at + 1);
    }
}

bool is_tag_set(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return ascii::is_alphanumeric(c) || c == '_' || c == '.'; });
}

// A wheel writes the '-' of an implicit post release as '_': "1.0_1" is 1.0.post1.
std::string wheel_version(std::string_view text) {
    if (const auto version = Version::parse(text))
        return version->str();
    std::string with_dashes(text);
    std::ranges::replace(with_dashes, '_', '-');
    return normalized_version(with_dashes);
}

// What stands after "<project>-"; the shortest prefix that normalises to the project decides, as in pip.
std::optional<std::string_view> after_project(std::string_view stem, std::string_view project) {
    for (auto dash = stem.find('-'); dash != std::string_view::npos; dash = stem.find('-', dash + 1)) {
        const auto name = stem.substr(0, dash);
        if (is_project_name(name) && normalized_name(name) == project && dash + 1 < stem.size())
            return stem.substr(dash + 1);
    }
    return std::nullopt;
}

// bdist_dumb's and the installers' platform: "1.0.linux-x86_64", "1.0.win-amd64-py2.7".
std::size_t platform_of_old(std::string_view text) {
    std::size_t at = std::string_view::npos;
    for (const std::string_view word : {".linux-", ".macosx-", ".win32", ".win-"})
        at = std::min(at, text.find(word));
    return at;
}

// A version begins with a digit (PEP 440); a "v" before it is normalised away but occurs in old names.
bool may_begin_version(std::string_view text) {
    if (text.starts_with('v') || text.starts_with('V'))
        text.remove_prefix(1);
    return !text.empty() && ascii::is_digit(text.front());
}

// The name without what says how it is packed.
std::string_view stem_of(std::string_view filename) {
    static constexpr std::array<std::string_view, 3> others{".whl", ".egg", variants_suffix};
    for (const auto& stem : {without_suffix(filename, sdist_suffixes), without_suffix(filename, installer_suffixes),
                             without_suffix(filename, package_suffixes), without_suffix(filename, others)})
        if (stem)
            return *stem;
    return filename;
}

Distribution started(DistributionKind kind, std::string_view name) {
    Distribution out;
    out.kind = kind;
    out.name = name;
    return out;
}

std::optional<Distribution> parse_egg(std::string_view stem, std::string_view project) {
    // In eggs '-' stands between name, version, "py2.7" and platform only; within them it is '_'.
    const auto parts = split(stem, '-');
    if (parts.size() < 2 || !is_project_name(parts[0]) || normalized_name(parts[0]) != project || parts[1].empty())
        return std::nullopt;
    auto out = started(DistributionKind::egg, project);
    out.version = wheel_version(parts[1]);
    if (parts.size() > 2)
        out.python = parts[2];
    if (parts.size() > 3)
        out.platform = stem.substr(static_cast<std::size_t>(parts[3].data() - stem.data()));
    return out;
}

std::optional<Distribution> parse_old(DistributionKind kind, std::string_view stem, std::string_view project) {
    auto version = after_project(stem, project);
    if (!version)
        return std::nullopt;
    auto out = started(kind, project);
    if (const auto platform = platform_of_old(*version); platform != std::string_view::npos) {
        out.platform = version->substr(platform + 1);
        version = version->substr(0, platform);
        if (kind == DistributionKind::sdist)
            out.kind = DistributionKind::other;
    }
    if (kind == DistributionKind::other) // "1.0-1.noarch.rpm": the packaging's own release follows
        version = version->substr(0, version->find('-'));
    if (version->empty())
        return std::nullopt;
    out.version = normalized_version(*version);
    return out;
}

} // namespace

std::optional<Distribution> parse_wheel_filename(std::string_view filename) {
    if (!filename.ends_with(".whl"))
        return std::nullopt;
    auto parts = split(filename.substr(0, filename.size() - 4), '-');
    if (parts.size() < 5 || parts.size() > 7 || !is_project_name(parts[0]) || parts[1].empty())
        return std::nullopt;
    auto out = started(DistributionKind::wheel, normalized_name(parts[0]));
    out.version = wheel_version(parts[1]);
    // A build tag starts with a digit, a Python tag never does: so six parts can be told apart.
    const bool has_build =
        parts.size() == 7 || (parts.size() == 6 && !parts[2].empty() && ascii::is_digit(parts[2][0]));
    if (has_build) {
        if (parts[2].empty() || !ascii::is_digit(parts[2][0]))
            return std::nullopt;
        out.build = parts[2];
        parts.erase(parts.begin() + 2);
    }
    if (!is_tag_set(parts[2]) || !is_tag_set(parts[3]) || !is_tag_set(parts[4]))
        return std::nullopt;
    out.python = parts[2];
    out.abi = parts[3];
    out.platform = parts[4];
    if (parts.size() == 6) {
        if (!is_tag_set(parts[5]))
            return std::nullopt;
        out.variant = parts[5];
    }
    return out;
}

std::optional<Distribution> parse_filename(std::string_view filename, std::string_view project) {
    if (filename.ends_with(".whl")) {
        auto wheel = parse_wheel_filename(filename);
        return wheel && wheel->name == project ? std::move(wheel) : std::nullopt;
    }
    if (const auto stem = without_suffix(filename, sdist_suffixes))
        return parse_old(DistributionKind::sdist, *stem, project);
    if (const auto stem = without_suffix(filename, std::array<std::string_view, 1>{".egg"}))
        return parse_egg(*stem, project);
    if (const auto stem = without_suffix(filename, installer_suffixes))
        return parse_old(DistributionKind::installer, *stem, project);
    if (const auto stem = without_suffix(filename, package_suffixes))
        return parse_old(DistributionKind::other, *stem, project);
    return std::nullopt;
}

bool has_distribution_suffix(std::string_view filename) {
    return ascii::ends_with(filename, ".whl") || ascii::ends_with(filename, ".egg") || is_variants_file(filename) ||
           without_suffix(filename, sdist_suffixes) || without_suffix(filename, installer_suffixes) ||
           without_suffix(filename, package_suffixes);
}

bool is_variants_file(std::string_view filename) {
    return ascii::ends_with(filename, variants_suffix);
}

std::vector<std::string> possible_projects(std::string_view filename) {
    if (auto wheel = parse_wheel_filename(filename))
        return {std::move(wheel->name)};
    const auto stem = stem_of(filename);
    std::vector<std::string> before_version;
    std::vector<std::string> any;
    for (auto end = stem.find('-');; end = stem.find('-', end + 1)) {
        const auto name = stem.substr(0, end);
        if (is_project_name(name)) {
            any.push_back(normalized_name(name));
            if (end != std::string_view::npos && may_begin_version(stem.substr(end + 1)))
                before_version.push_back(any.back());
        }
        if (end == std::string_view::npos)
            return before_version.empty() ? any : before_version;
    }
}

bool is_safe_filename(std::string_view filename) {
    static constexpr std::string_view forbidden = "/\\%\"<>:|?*#&'`$;";
    if (filename.empty() || filename.size() > 255)
        return false;
    if (filename.front() == '.' || filename.front() == '-' || filename.front() == '~' || filename.front() == ' ')
        return false;
    if (filename.back() == '.' || filename.back() == ' ')
        return false;
    return std::ranges::all_of(
        filename, [](char c) { return c >= 0x20 && c < 0x7f && forbidden.find(c) == std::string_view::npos; });
}

} // namespace yizhan
