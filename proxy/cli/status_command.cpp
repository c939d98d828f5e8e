#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace yizhan {
namespace {

std::string human(std::uint64_t bytes) {
    constexpr double gib = 1 << 30;
    constexpr double mib = 1 << 20;
    const auto value = static_cast<double>(bytes);
    return value >= gib ? fmt::format("{:.1f} GiB", value / gib) : fmt::format("{:.1f} MiB", value / mib);
}

std::string text(const boost::json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
}

double number(const boost::json::value& value) {
    return value.to_number<double>();
}

void print_mirror(const boost::json::object& endpoint) {
    fmt::print("{}  [{}]\n    {}\n", text(endpoint.at("endpoint")), text(endpoint.at("family")),
               text(endpoint.at("words")));
    for (const auto& item : endpoint.at("speeds").as_array()) {
        const auto& speed = item.as_object();
        if (speed.at("tried").as_bool())
            fmt::print("    {:<6} first byte {:.0f} ms, {}/s\n", text(speed.at("size")),
                       number(speed.at("first_byte_ms")),
                       human(static_cast<std::uint64_t>(number(speed.at("bytes_per_second")))));
    }
    const auto& blamed = endpoint.at("blamed").as_object();
    fmt::print("    connections {} of {}; failures: {} of its own, {} refusals, {} missing files, {} lies\n",
               text(endpoint.at("in_flight")), text(endpoint.at("cap")), text(blamed.at("mirror")),
               text(blamed.at("policy")), text(blamed.at("object")), text(blamed.at("integrity")));
}

void print(const boost::json::object& status, bool mirrors) {
    const auto& store = status.at("store").as_object();
    fmt::print("yizhan {}{}, up {} s\n", text(status.at("version")), status.at("offline").as_bool() ? " (offline)" : "",
               text(status.at("uptime_seconds")));
    fmt::print("store: {} in {} blobs, {} paths, at {}\n", human(store.at("bytes").to_number<std::uint64_t>()),
               text(store.at("blobs")), text(store.at("objects")), text(store.at("path")));
    for (const auto& upstream : status.at("pypi").at("upstreams").as_array())
        fmt::print("upstream: {}{}\n", text(upstream.at("url")), upstream.at("root").as_bool() ? " (root)" : "");
    if (const auto& degraded = status.at("degraded").as_string(); !degraded.empty())
        fmt::print("degraded: what is fetched is not kept: {}\n", text(status.at("degraded")));
    if (mirrors)
        for (const auto& endpoint : status.at("endpoints").as_array())
            print_mirror(endpoint.as_object());
    const auto& transfers = status.at("transfers").as_array();
    if (transfers.empty())
        fmt::print("no transfer is running\n");
    for (const auto& transfer : transfers) {
        const auto& fields = transfer.as_object();
        const auto received = fields.at("received").to_number<std::uint64_t>();
        const auto* size = fields.if_contains("size");
        const auto total = size ? size->to_number<std::uint64_t>() : 0;
        fmt::print("{}: {} of {}{} at {}/s, {} readers, from {} over {} connections\n", text(fields.at("state")),
                   human(received), size ? human(total) : "unknown size",
                   total ? fmt::format(" ({} %)", received * 100 / total) : "",
                   human(static_cast<std::uint64_t>(number(fields.at("bytes_per_second")))), text(fields.at("readers")),
                   text(fields.at("source")), text(fields.at("connections")));
        fmt::print("    {}\n", text(fields.at("path")));
    }
}

} // namespace

int status(const Overrides& overrides, bool as_json, bool mirrors) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    const auto body = ask_service(*settings, "/status");
    if (!body)
        return 1;
    boost::system::error_code ec;
    const auto parsed = boost::json::parse(body->body, ec);
    if (ec || !parsed.is_object()) {
        fmt::print(stderr, "what answers for {} is not yizhan: {}\n", settings->data.string(),
                   body->body.substr(0, 200));
        return 1;
    }
    if (as_json)
        fmt::print("{}", body->body);
    else
        print(parsed.as_object(), mirrors);
    return 0;
}

} // namespace yizhan
