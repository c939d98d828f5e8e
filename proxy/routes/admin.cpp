#include "proxy/routes/admin.hpp"

#include "proxy/routes/start_page.hpp"

#include <boost/json.hpp>

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

boost::json::object described(const TransferStatus& transfer) {
    boost::json::object out{{"path", transfer.path},
                            {"state", transfer.state},
                            {"source", transfer.source},
                            {"received", transfer.received},
                            {"readers", transfer.readers}};
    if (transfer.size)
        out["size"] = *transfer.size;
    return out;
}

} // namespace

Task<std::optional<Response>> AdminRoute::handle(const Request& request) {
    if (request.segments.size() != 1)
        co_return std::nullopt;
    const auto& what = request.segments[0];
    if (what.empty())
        co_return start_page(request);
    if (what == "livez")
        co_return plain(200, "alive");
    if (what == "readyz")
        co_return readyz();
    if (what == "status")
        co_return co_await status();
    co_return std::nullopt;
}

Response AdminRoute::readyz() const {
    if (draining_.load(std::memory_order_relaxed))
        return plain(503, "stopping: what runs is finished, nothing new is begun");
    return plain(200, "ready");
}

Task<Response> AdminRoute::status() {
    const auto stats = store_.stats();
    boost::json::array transfers;
    for (const auto& transfer : co_await relay_.status())
        transfers.push_back(described(transfer));
    boost::json::array upstreams;
    for (const auto& upstream : settings_.pypi.upstream)
        upstreams.push_back({{"url", redacted(upstream.url)}, {"family", upstream.family}, {"root", upstream.root}});
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
    co_return json(200, {{"version", YIZHAN_VERSION},
                         {"uptime_seconds", uptime.count()},
                         {"offline", settings_.offline},
                         {"draining", draining_.load(std::memory_order_relaxed)},
                         {"store",
                          {{"path", settings_.data.string()},
                           {"blobs", stats.blobs},
                           {"bytes", stats.bytes},
                           {"objects", stats.objects},
                           {"rebuilt", stats.rebuilt}}},
                         {"pypi", {{"upstreams", upstreams}}},
                         {"transfers", transfers}});
}

} // namespace yizhan
