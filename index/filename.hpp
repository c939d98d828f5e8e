// Names of distribution files: wheels (PEP 427, 491), sdists (PEP 625 and what came before), and the formats of old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

enum class DistributionKind : std::uint8_t {
    wheel,
    sdist,
    egg,       ///< PyPI takes none since 2023 (PEP 715), but keeps them
    installer, ///< .exe, .msi: what bdist_wininst and bdist_msi made
    other,     ///< .rpm, .deb, .dmg, and archives of bdist_dumb
};

/// What a file name says of its file.
struct Distribution {
    DistributionKind kind = DistributionKind::other;
    std::string name;    ///< normalised (PEP 503)
    std::string version; ///< normalised (PEP 440) where it is a version, else as the name spells it
    std::string build;   ///< wheels: the build tag, "1" or "1_cuda"; mostly empty
    std::string python;  ///< wheels: "cp310", "py2.py3", with their dots
    std::string abi;
    std::string platform;
    std::string variant; ///< wheels: the label of PEP 817/825, never part of `platform`
    bool operator==(const Distribution&) const = default;
};

/// Reads a file name that stands on the page of `project` (normalised), which alone tells where in "a-b-1.0.tar.gz"
/// the version begins. nullopt: a shape that no specification names, or a file of another project.
std::optional<Distribution> parse_filename(std::string_view filename, std::string_view project);

/// Reads a wheel's name without knowing its project; in wheels '-' stands between the parts and nowhere else.
std::optional<Distribution> parse_wheel_filename(std::string_view filename);

/// True when `filename` ends as distribution files do, whatever stands before: .whl, .tar.gz, .zip, .egg, …, and the
/// mutable "<name>-<version>-variants.json" of PEP 817.
bool has_distribution_suffix(std::string_view filename);

/// True for "<name>-<version>-variants.json" (PEP 817): alone of all files it may change under its name.
bool is_variants_file(std::string_view filename);

/// The projects (normalised) that a file of this name may be of where no page tells which: a wheel's own; of others
/// every beginning before what could be a version, for "a-2b-1.0.tar.gz" may be of "a" and of "a-2b"; where nothing
/// could be one ("a-b-dev.zip") every beginning. A rule about names that guesses wrong is none.
std::vector<std::string> possible_projects(std::string_view filename);

/// True for a name that may stand in our URLs, pages and folders of clients: one path segment of 1 to 255 printable
/// ASCII bytes without '/', '\', '%' (pip decodes twice: CVE-2026-13346) or what HTML, a shell or Windows gives a
/// meaning; it neither starts with '.', '-', '~' or a space nor ends with '.' or a space.
bool is_safe_filename(std::string_view filename);

} // namespace yizhan
