#include "proxy/routes/admin.hpp"

#include "proxy/routes/relay_report.hpp"
#include "proxy/routes/start_page.hpp"
#include "proxy/routes/status_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace yizhan {
namespace {

Response json(unsigned status, const boost::json::value& value) {
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = std::make_shared<const std::string>(boost::json::serialize(value) + "\n");
    response.note = "local";
    return response;
}

// A browser names text/html before anything else; a program takes what comes, or asks for JSON.
bool wants_page(const Request& request) {
    return request.field("Accept").starts_with("text/html");
}

Response page(std::string html) {
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.fields.emplace_back("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("Vary", "Accept");
    response.body = std::make_shared<const std::string>(std::move(html));
    response.note = "local";
    return response;
}

} // namespace

Task<std::optional<Response>> AdminRoute::handle(const Request& request) {
    const auto& path = request.segments;
    if (path == std::vector<std::string>{"api", "v1", "mirrors"})
        co_return co_await mirrors();
    if (path == std::vector<std::string>{"api", "v1", "trust"})
        co_return disputes();
    if (path.size() != 1)
        co_return std::nullopt;
    const auto& what = path[0];
    if (what.empty())
        co_return start_page(request);
    if (what == "livez")
        co_return plain(200, "alive");
    if (what == "readyz")
        co_return readyz();
    if (what == "status")
        co_return co_await status(request);
    if (what == "metrics")
        co_return co_await metrics();
    co_return std::nullopt;
}

// Degraded is not unready: a full disk costs the next client time, and this one nothing.
Response AdminRoute::readyz() const {
    if (draining_.load(std::memory_order_relaxed))
        return plain(503, "stopping: what runs is finished, nothing new is begun");
    if (const auto why = relay_.degraded(); !why.empty())
        return plain(200, "ready, but degraded: files are passed on without being kept: " + why);
    return plain(200, "ready");
}

std::int64_t AdminRoute::uptime() const {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_).count();
}

Task<Response> AdminRoute::mirrors() {
    const auto relay = co_await relay_.status();
    co_return json(200,
                   {{"endpoints", endpoints_json(relay.endpoints)}, {"transfers", transfers_json(relay.transfers)}});
}

Response AdminRoute::disputes() const {
    constexpr std::size_t most = 1000; // more than that is no list that anybody reads
    boost::json::array out;
    for (const auto& dispute : store_.disputes({}, most))
        out.push_back({{"key", dispute.key},
                       {"stands",
                        {{"sha256", dispute.stands.digest.hex()},
                         {"grade", name(dispute.stands.grade)},
                         {"source", redacted(dispute.stands.source)}}},
                       {"claimed",
                        {{"sha256", dispute.claimed.digest.hex()},
                         {"grade", name(dispute.claimed.grade)},
                         {"source", redacted(dispute.claimed.source)}}}});
    return json(200, {{"disputes", out}});
}

Task<Response> AdminRoute::metrics() {
    const auto relay = co_await relay_.status();
    const auto stats = store_.stats();
    auto text = relay_metrics(relay);
    const auto gauge = [&text](std::string_view name, std::string_view help, auto value) {
        text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
    };
    gauge("yizhan_store_bytes", "Bytes of blobs in the store.", stats.bytes);
    gauge("yizhan_store_blobs", "Blobs in the store.", stats.blobs);
    gauge("yizhan_store_objects", "Paths in the store.", stats.objects);
    gauge("yizhan_degraded", "1 while files are passed on without being kept.", relay_.degraded().empty() ? 0 : 1);
    gauge("yizhan_uptime_seconds", "Seconds since the start.", uptime());
    text += "# HELP yizhan_build_info The version, as a label.\n# TYPE yizhan_build_info gauge\n"
            "yizhan_build_info{version=\"" YIZHAN_VERSION "\"} 1\n";
    auto response = plain(200, {});
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = std::make_shared<const std::string>(std::move(text));
    response.note = "local";
    co_return response;
}

Task<Response> AdminRoute::status(const Request& request) {
    const auto stats = store_.stats();
    const auto relay = co_await relay_.status();
    if (wants_page(request))
        co_return page(status_page({.relay = relay,
                                    .store = stats,
                                    .degraded = relay_.degraded(),
                                    .offline = settings_.offline,
                                    .uptime_seconds = uptime()}));
    const auto listed = [](const std::vector<UpstreamSettings>& upstreams) {
        boost::json::array out;
        for (const auto& upstream : upstreams)
            out.push_back({{"url", redacted(upstream.url)}, {"family", upstream.family}, {"root", upstream.root}});
        return out;
    };
    auto response = json(200, {{"version", YIZHAN_VERSION},
                               {"uptime_seconds", uptime()},
                               {"offline", settings_.offline},
                               {"draining", draining_.load(std::memory_order_relaxed)},
                               {"degraded", relay_.degraded()},
                               {"store",
                                {{"path", settings_.data.string()},
                                 {"blobs", stats.blobs},
                                 {"bytes", stats.bytes},
                                 {"objects", stats.objects},
                                 {"rebuilt", stats.rebuilt}}},
                               {"pypi", {{"upstreams", listed(settings_.pypi.upstream)}}},
                               {"pytorch", {{"upstreams", listed(settings_.pytorch.upstream)}}},
                               {"endpoints", endpoints_json(relay.endpoints)},
                               {"transfers", transfers_json(relay.transfers)}});
    response.fields.emplace_back("Vary", "Accept");
    co_return response;
}

} // namespace yizhan
