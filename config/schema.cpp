#include "config/schema.hpp"

#include "config/catalogue.hpp"
#include "config/health_schema.hpp"
#include "config/schema_row.hpp"
#include "config/types.hpp"
#include "config/upstreams.hpp"
#include "config/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace yizhan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using S = Settings;

constexpr std::uint64_t no_limit = 1ull << 60; // 1 EiB: more than any disk, and far from overflow when sums are made

/// pip gives up after 15 s without a byte; whatever a client waits for in one go must end before that.
constexpr milliseconds pip_patience{14'000};

/// Replaces the default that is shown, where the real one depends on the machine.
Setting with_fallback(Setting setting, std::string words) {
    setting.fallback = std::move(words);
    return setting;
}

template <auto Index>
Setting upstream_row(const UpstreamKind& kind, std::string help, std::string reason) {
    Setting out{std::string(kind.setting), "array of tables",        "", std::move(help),
                std::move(reason),         "the built-in catalogue", {}, {}};
    out.set = [kind](Settings& settings, const Written& written, const Place&) {
        auto read = read_upstreams(written, catalogue(), kind);
        if (read.problems.empty())
            (settings.*Index).upstream = std::move(read.upstreams);
        return read.problems;
    };
    out.show = [kind](const Settings& settings) { return show_upstreams((settings.*Index).upstream, kind); };
    out.list = true;
    return out;
}

std::vector<Setting> pypi_schema() {
    return {
        row<&S::pypi, &S::Pypi::trust>(
            "pypi.trust",
            a_choice<Trust>({{"root", Trust::root}, {"agreed", Trust::agreed}, {"mirror", Trust::mirror}}),
            "Whose word says which name is which digest: the root's, two independent families', or any mirror's.",
            "A mirror's index is as good as the mirror."),
        row<&S::pypi, &S::Pypi::page_ttl>("pypi.page_ttl", whole_seconds(seconds(0), hours(24 * 365)),
                                          "How long a page is served before upstream is asked for a newer one.",
                                          "PyPI's own pages say max-age=600."),
        row<&S::pypi, &S::Pypi::stale_after>("pypi.stale_after", a_time(milliseconds(0), pip_patience),
                                             "How long a client waits for a newer page before it gets the old one.",
                                             ""),
        row<&S::pypi, &S::Pypi::root_patience>("pypi.root_patience", a_time(milliseconds(0), pip_patience),
                                               "How long the root's word is waited for when a mirror's page is there.",
                                               ""),
        row<&S::pypi, &S::Pypi::private_names>("pypi.private", name_patterns(),
                                               "Names that are never asked upstream: your own packages.",
                                               "Else a stranger may publish your name with a higher version."),
        row<&S::pypi, &S::Pypi::deny>("pypi.deny", name_patterns(), "Names that are never served.", ""),
        row<&S::pypi, &S::Pypi::serve_quarantined>(
            "pypi.serve_quarantined", a_switch(),
            "Serve projects that PyPI has quarantined (PEP 792), from the cache too.",
            "PyPI quarantines what it takes for malware."),
        row<&S::pypi, &S::Pypi::min_age>(
            "pypi.min_age", whole_seconds(seconds(0), hours(24 * 3650)),
            "Files younger than this are not listed, nor those without an upload time; 0 lists all.",
            "Most malware is found within days; but a fix for a hole comes as late, so this is a decision."),
        upstream_row<&S::pypi>(
            pypi_upstreams, "The places that serve PyPI, best first; given once, they replace the built-in catalogue.",
            "PyPI itself confirms digests, and one mirror of each independent family supplies bytes."),
        upstream_row<&S::pytorch>(
            pytorch_upstreams,
            "The places that serve PyTorch's own index, the tree of its wheels, best first; likewise.",
            "Its own pages say which builds there are; mirrors supply the bytes."),
    };
}

// One row per setting: name, type with limits, what it does, why the default is what it is.
std::vector<Setting> make_schema() {
    std::vector<Setting> out{
        row<&S::listen>("listen", listen_addresses(), "The addresses to listen on, each with its port.",
                        "Only this machine: opening the door to the network is a decision."),
        with_fallback(
            row<&S::data>("data", a_path(), "The folder of everything that is kept; one process at a time.", ""),
            "$XDG_DATA_HOME/yizhan, else ~/.local/share/yizhan"),
        row<&S::offline>("offline", a_switch(), "Serve only what is stored and open no outgoing connection.", ""),
        row<&S::threads>("threads", a_number(0, 1024), "Threads that serve clients; 0 is one per core.", ""),

        row<&S::log, &S::Log::format>("log.format",
                                      a_choice<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}),
                                      "How log lines are written.", ""),
        row<&S::log, &S::Log::level>("log.level", one_of({"trace", "debug", "info", "warn", "error", "off"}),
                                     "The least important lines that are written.", ""),

        row<&S::cache, &S::Cache::max_size>(
            "cache.max_size", a_size(0, no_limit),
            "How much may be stored before the least used goes; 0 is no limit. Not enforced yet: nothing is deleted.",
            "Room for every build of a lab's frameworks: one of torch with CUDA is 3 GiB."),
        row<&S::cache, &S::Cache::min_free>(
            "cache.min_free", a_size(0, no_limit), "How much of the file system is left free.",
            "On a small disk 5 % of the file system counts where that is less, so that the default fits everywhere."),

        row<&S::http, &S::Http::header_timeout>("http.header_timeout", a_time(milliseconds(100), minutes(10)),
                                                "How long a client may take for a request's head, from its first byte.",
                                                "Absolute, not per byte, so that one byte per second gains nothing."),
        row<&S::http, &S::Http::idle_timeout>("http.idle_timeout", a_time(milliseconds(100), hours(24)),
                                              "How long a connection may stay open without a request.",
                                              "pip and uv keep connections while they resolve."),
        row<&S::http, &S::Http::drain_timeout>("http.drain_timeout", a_time(milliseconds(0), hours(1)),
                                               "How long responses under way may go on after SIGTERM.", ""),
        row<&S::http, &S::Http::min_write_rate>("http.min_write_rate", a_rate(0, GiB),
                                                "A client that reads more slowly than this is cut; 0 is never.",
                                                "Slower than any modem, faster than a slow-read attack."),
        row<&S::http, &S::Http::max_connections>("http.max_connections", a_number(1, 1'000'000),
                                                 "Connections at once; further ones wait to be accepted.", ""),
        row<&S::http, &S::Http::max_connections_per_client>(
            "http.max_connections_per_client", a_number(1, 1'000'000), "Connections at once from one address.",
            "A whole lab may stand behind one address, so a quarter of all."),
        row<&S::http, &S::Http::max_header>("http.max_header", a_size(1 * KiB, 1 * MiB),
                                            "The largest request line and fields together.",
                                            "Real clients send under 2 KiB; nginx and others allow 8 to 32 KiB."),

        row<&S::relay, &S::Relay::connect_timeout>(
            "relay.connect_timeout", a_time(milliseconds(10), pip_patience),
            "How long a connection to an upstream may take before the next is tried.",
            "Three changes of mirror must fit into the 15 s of silence after which pip gives up."),
        row<&S::relay, &S::Relay::stall_timeout>("relay.stall_timeout", a_time(milliseconds(10), pip_patience),
                                                 "How long an upstream may be silent before another takes over.",
                                                 "As above: three stalls fit into pip's 15 s."),
        row<&S::relay, &S::Relay::reader_grace>("relay.reader_grace", a_time(milliseconds(0), hours(24)),
                                                "How long a transfer goes on when every client has left it.",
                                                "A client that was cut off comes back within a minute."),
        row<&S::relay, &S::Relay::verify_first>("relay.verify_first", a_size(0, GiB),
                                                "Files up to this are verified before their first byte leaves.",
                                                "Most wheels and all pages; at 1 MiB/s it costs the client 4 s."),
        row<&S::relay, &S::Relay::verify_first_patience>(
            "relay.verify_first_patience", a_time(milliseconds(0), pip_patience),
            "When verifying first takes longer than this, bytes leave all the same, the last ones held back.",
            "With a stall before it this stays under pip's 15 s."),
        row<&S::relay, &S::Relay::hold_back>("relay.hold_back", a_size(1, 64 * MiB),
                                             "The end of a larger file that waits until its digest is right.",
                                             "A wrong file is never complete; a right one waits for milliseconds."),
        row<&S::relay, &S::Relay::in_flight>(
            "relay.in_flight", a_size(16 * KiB, GiB), "Received but not yet written, per transfer, before it pauses.",
            "Enough for a disk that takes 40 ms at 100 MB/s; libcurl hands over 16 KiB."),
        row<&S::relay, &S::Relay::in_flight_total>("relay.in_flight_total", a_size(16 * KiB, 64 * GiB),
                                                   "The same for all transfers together.",
                                                   "Bounds the memory of any number of transfers."),
        row<&S::relay, &S::Relay::max_document>("relay.max_document", a_size(1 * KiB, 4 * GiB),
                                                "The largest index page that is read.",
                                                "PyPI's list of all projects is about 40 MB."),
        row<&S::relay, &S::Relay::max_redirects>("relay.max_redirects", a_number(0, 20),
                                                 "Redirects that are followed for one request.",
                                                 "Known mirrors need two; more is a loop or a trap."),
        with_fallback(row<&S::relay, &S::Relay::user_agent>(
                          "relay.user_agent", a_user_agent(), "The User-Agent sent to every upstream.",
                          "Short and honest: mirrors have blocked by patterns in longer ones."),
                      "\"yizhan/<version>\""),
        row<&S::relay, &S::Relay::ca_file>(
            "relay.ca_file", a_file(),
            "Certificates to trust for upstreams, PEM; empty reads SSL_CERT_FILE, then the system's.", ""),
        row<&S::relay, &S::Relay::proxy>(
            "relay.proxy", a_proxy(),
            "The HTTP proxy for upstream requests; empty reads http_proxy, https_proxy and no_proxy.", ""),
    };
    std::ranges::move(health_schema(), std::back_inserter(out));
    std::ranges::move(segment_schema(), std::back_inserter(out));
    std::ranges::move(pypi_schema(), std::back_inserter(out));
    return out;
}

} // namespace

const std::vector<Setting>& schema() {
    static const std::vector<Setting> table = make_schema();
    return table;
}

const Setting* find_setting(std::string_view name) {
    const auto& table = schema();
    const auto found = std::ranges::find(table, name, &Setting::name);
    return found == table.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view setting) {
    std::string out = "YIZHAN_";
    for (const char c : setting)
        out += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string_view section_of(std::string_view setting) {
    const auto dot = setting.find('.');
    return dot == std::string_view::npos ? std::string_view{} : setting.substr(0, dot);
}

} // namespace yizhan
