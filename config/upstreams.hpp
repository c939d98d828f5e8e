// [[pypi.upstream]]: what the user wrote, completed by what the catalogue knows, and one of them made the root.
#pragma once

#include "config/catalogue.hpp"
#include "config/schema.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yizhan {

/// An upstream as given; what is missing is completed.
struct GivenUpstream {
    std::string url;
    std::optional<std::vector<std::string>> files;
    std::optional<std::string> packages;
    std::optional<std::string> family;
    std::optional<bool> root;
};

/// One key of a [[pypi.upstream]] table, for the reference page.
struct UpstreamKey {
    std::string name;
    std::string type;
    std::string help;
};

/// The keys of [[pypi.upstream]], url first.
const std::vector<UpstreamKey>& upstream_keys();

struct ReadUpstreams {
    std::vector<UpstreamSettings> upstreams;
    Problems problems;
};

/// Reads an array of tables, or a list of bare URLs (from a flag or the environment). The root is the one that says
/// so; else, unless root = false was written, the one that the catalogue knows as root, else the first.
ReadUpstreams read_upstreams(const Written& written, std::span<const Mirror> mirrors);

/// Fills what is missing from the catalogue, with the scheme that the user wrote; for an unknown address: `files` is
/// its origin, `packages` stands beside a path that ends in /simple/, `family` is the host. Leaves `root` alone.
/// Errors: Errc::invalid when an address cannot be read.
Result<UpstreamSettings> complete(const GivenUpstream& given, std::span<const Mirror> mirrors);

/// TOML that read_upstreams reads back to the same: one [[pypi.upstream]] table each.
std::string show_upstreams(const std::vector<UpstreamSettings>& upstreams);

} // namespace yizhan
