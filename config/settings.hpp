// The settings of a running yizhan, after flags, environment, file and defaults were laid over each other.
// Every field has one row in the schema table (schema.cpp), from which parsing, --help and the reference page come;
// the initialisers here are the defaults, and the rows say why.
#pragma once

#include "config/error.hpp"
#include "config/health_settings.hpp"
#include "config/segment_settings.hpp"
#include "config/sizes.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace yizhan {

enum class Trust { root, agreed, mirror };
enum class LogFormat { text, json };

/// One place that serves an index and its files.
struct UpstreamSettings {
    std::string url;                ///< the index, with a trailing slash
    std::vector<std::string> files; ///< URL prefixes that file links may have; links elsewhere are dropped
    std::string packages; ///< where "aa/bb/<60 hex>/<file>" is appended for PyPI's own paths; empty: not offered
    std::string family;   ///< mirrors fed by each other share one and count once
    bool root = false;    ///< its word says which name is which digest
    bool flat = false;    ///< of PyTorch's: one listing per tag, no pages of projects

    bool operator==(const UpstreamSettings&) const = default;
};

/// What the settings say of a machine ([machines.<name>]); empty means not said.
struct MachineSettings {
    std::vector<std::string> gpu; ///< names or capabilities: "Quadro K620", "5.0", "sm50"
    std::string driver;           ///< "441.22"
    std::string cuda;             ///< "10.2" or "cu102", instead of a driver
    std::string cudnn;            ///< "7.6"
    std::string python;           ///< "3.6" or "cp36"
    std::string platform;         ///< "win_amd64"; the only one that must be said
    bool wsl2 = false;
    bool only = false;

    bool operator==(const MachineSettings&) const = default;
};

/// "yizhan/<version>": short and honest; mirrors block by User-Agent content (facts: mirrors).
std::string default_user_agent();

struct Settings {
    std::vector<std::string> listen{"127.0.0.1:8080"};
    std::filesystem::path data; ///< set by load_settings; empty only in a Settings made by hand
    bool offline = false;
    unsigned threads = 0; ///< 0: one per core

    struct Log {
        LogFormat format = LogFormat::text;
        std::string level = "info";
        bool operator==(const Log&) const = default;
    } log;

    struct Cache {
        std::uint64_t max_size = 200 * GiB;
        std::uint64_t min_free = 10 * GiB; ///< the store takes the lesser of this and 5 % of the file system
        bool operator==(const Cache&) const = default;
    } cache;

    struct Http {
        std::chrono::milliseconds header_timeout{10'000};
        std::chrono::milliseconds idle_timeout{60'000};
        std::chrono::milliseconds drain_timeout{30'000};
        std::uint64_t min_write_rate = 1 * KiB; ///< bytes per second
        unsigned max_connections = 4096;
        unsigned max_connections_per_client = 1024;
        std::uint64_t max_header = 16 * KiB; ///< bytes of request line and fields together
        bool operator==(const Http&) const = default;
    } http;

    struct Relay {
        std::chrono::milliseconds connect_timeout{1500};
        std::chrono::milliseconds stall_timeout{4000};
        std::chrono::milliseconds reader_grace{60'000}; ///< how long a transfer goes on with nobody reading
        std::uint64_t verify_first = 4 * MiB;           ///< bytes: objects up to this are verified before they leave
        std::chrono::milliseconds verify_first_patience{8000};
        std::uint64_t hold_back = 256 * KiB; ///< bytes at the end of a larger object that wait for the digest
        std::uint64_t in_flight = 4 * MiB;   ///< bytes received but not yet written, per transfer
        std::uint64_t in_flight_total = 64 * MiB;
        std::uint64_t max_document = 64 * MiB; ///< bytes of an index page
        unsigned max_redirects = 5;
        std::string user_agent = default_user_agent();
        std::string ca_file;
        std::string proxy; ///< HTTP proxy for upstream requests; empty: http_proxy/https_proxy/no_proxy are read
        HealthSettings health;
        SegmentSettings segments = {};
        bool operator==(const Relay&) const = default;
    } relay;

    struct Pypi {
        Trust trust = Trust::root;
        std::chrono::seconds page_ttl{600};
        std::chrono::milliseconds stale_after{
            1000}; ///< how long a client waits for a revalidation before the stale page
        std::chrono::milliseconds root_patience{2000};
        std::vector<std::string> private_names; ///< globs over normalised names, never asked upstream
        std::vector<std::string> deny;          ///< globs over normalised names, never served
        bool serve_quarantined = false;
        std::chrono::seconds min_age{0};        ///< files younger than this are not listed; 0: all are
        std::vector<UpstreamSettings> upstream; ///< in the order given; never empty after loading
        bool operator==(const Pypi&) const = default;
    } pypi;

    /// PyTorch's own index; whatever else [pypi] says holds for it too.
    struct Pytorch {
        std::vector<UpstreamSettings> upstream; ///< in the order given; never empty after loading
        bool operator==(const Pytorch&) const = default;
    } pytorch;

    std::map<std::string, MachineSettings> machines; ///< by name

    /// Where a value came from, by the setting's dotted name: "command line", "YIZHAN_DATA", "/etc/…/yizhan.toml:3:1".
    /// A name that is missing has its default.
    std::map<std::string, std::string> origin;

    bool operator==(const Settings&) const = default;
};

/// The command line's part: "key=value" pairs in schema spelling ("relay.stall_timeout=4s"), strongest of all. Of a
/// list given several times the parts add up; of anything else the last one counts. "upstream" is short for
/// "pypi.upstream".
struct Overrides {
    std::filesystem::path config_file; ///< empty: YIZHAN_CONFIG, then the user's, then none
    std::vector<std::pair<std::string, std::string>> values;
};

/// Environment variables by name.
using Environment = std::map<std::string, std::string>;

/// The environment of this process. Not while another thread changes it.
Environment process_environment();

/// Flag > environment (YIZHAN_RELAY_STALL_TIMEOUT) > TOML > default. The file is the one in `overrides`, else
/// YIZHAN_CONFIG, else yizhan/yizhan.toml under XDG_CONFIG_HOME or ~/.config, else /etc/yizhan/yizhan.toml, else none;
/// only the first two must exist.
/// Errors: Errc::invalid with every problem found, not just the first: each is one line "file:line:column: what is
/// wrong; what was expected; the nearest known name". One problem is the message; several stand in `tried`.
Result<Settings> load_settings(const Overrides& overrides);

/// The same from a given environment.
Result<Settings> load_settings(const Overrides& overrides, const Environment& environment);

} // namespace yizhan
