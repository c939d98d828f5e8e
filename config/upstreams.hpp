// [[pypi.upstream]] and [[pytorch.upstream]]: what the user wrote, completed by what the catalogue knows, and one of
// them made the root.
#pragma once

#include "config/catalogue.hpp"
#include "config/schema.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One of the lists of upstreams.
struct UpstreamKind {
    std::string_view setting;   ///< "pypi.upstream"
    std::string_view catalogue; ///< the kind of its rows in the mirror catalogue
    bool has_layout = false;    ///< whether its tables have the key "layout"
    bool has_packages = false;  ///< and "packages"
};
inline constexpr UpstreamKind pypi_upstreams{"pypi.upstream", "pypi", false, true};
inline constexpr UpstreamKind pytorch_upstreams{"pytorch.upstream", "pytorch-wheels", true, false};

/// An upstream as given; what is missing is completed.
struct GivenUpstream {
    std::string url;
    std::optional<std::vector<std::string>> files;
    std::optional<std::string> packages;
    std::optional<std::string> family;
    std::optional<bool> root;
    std::optional<bool> flat{};
};

/// One key of such a table, for the reference page.
struct UpstreamKey {
    std::string name;
    std::string type;
    std::string help;
};

/// The keys of its tables, url first.
std::vector<UpstreamKey> upstream_keys(const UpstreamKind& kind = pypi_upstreams);

struct ReadUpstreams {
    std::vector<UpstreamSettings> upstreams;
    Problems problems;
};

/// Reads an array of tables, or a list of bare URLs (from a flag or the environment). The root is the one that says
/// so; else, unless root = false was written, the one that the catalogue knows as root, else the first
/// that is no flat listing, else the first.
ReadUpstreams read_upstreams(const Written& written, std::span<const Mirror> mirrors,
                             const UpstreamKind& kind = pypi_upstreams);

/// Fills what is missing from the catalogue, with the scheme that the user wrote; for an unknown address: `files` is
/// its origin, `packages` stands beside a path that ends in /simple/, `family` is the host. Leaves `root` alone.
/// Errors: Errc::invalid when an address cannot be read.
Result<UpstreamSettings> complete(const GivenUpstream& given, std::span<const Mirror> mirrors,
                                  const UpstreamKind& kind = pypi_upstreams);

/// TOML that read_upstreams reads back to the same: one table each.
std::string show_upstreams(const std::vector<UpstreamSettings>& upstreams, const UpstreamKind& kind = pypi_upstreams);

} // namespace yizhan
