#include "proxy/routes/status_page.hpp"

#include "index/html_text.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

constexpr std::string_view top = R"(<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>驿站 yizhan: 状态 status</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td.n { text-align: right; white-space: nowrap; }
.open, .expelled, .failed { color: #b00020; } .closed { color: #1a7f37; } .half-open, .probing { color: #9a6700; }
progress { width: 8rem; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; } th, td { border-color: #444; } }
</style>
</head>
<body>
<h1>驿站 <small>yizhan</small></h1>
)";

std::string escaped(std::string_view text) {
    std::string out;
    append_html_escaped(out, text);
    return out;
}

std::string milliseconds(Seconds time) {
    return fmt::format("{:.0f} ms", time.count() * 1000);
}

std::string speed_cell(const EndpointStatus& endpoint, SizeClass size) {
    const auto& speed = endpoint.speeds[static_cast<std::size_t>(size)];
    if (!speed.tried)
        return "–";
    return fmt::format("{} · {}/s", milliseconds(speed.estimate.first_byte),
                       human_bytes(speed.estimate.bytes_per_second));
}

std::string endpoint_row(const EndpointStatus& endpoint) {
    const auto blamed = [&endpoint](Blame blame) { return endpoint.blamed[static_cast<std::size_t>(blame)]; };
    // That a mirror does not have a file is no failure of its own.
    const auto failures = blamed(Blame::mirror) + blamed(Blame::policy);
    std::string css(name(endpoint.gate));
    for (auto& c : css)
        if (c == '_' || c == ' ')
            c = '-';
    return fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td>"
                       "<td class=\"n\">{} / {}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                       escaped(endpoint.name.key()), escaped(endpoint.name.family), css, escaped(endpoint.words),
                       speed_cell(endpoint, SizeClass::page), speed_cell(endpoint, SizeClass::large),
                       endpoint.in_flight, endpoint.cap, failures, blamed(Blame::integrity));
}

std::string transfer_row(const TransferStatus& transfer) {
    const auto done = transfer.size && *transfer.size > 0
                          ? fmt::format("<progress value=\"{}\" max=\"{}\"></progress> {} %", transfer.received,
                                        *transfer.size, transfer.received * 100 / *transfer.size)
                          : std::string{};
    return fmt::format(
        "<tr><td>{}</td><td class=\"{}\">{}{}</td><td>{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}/s</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
        escaped(filename_of(transfer.path)), escaped(transfer.state), escaped(transfer.state),
        transfer.in_memory ? " (内存 in memory)" : "", done, human_bytes(static_cast<double>(transfer.received)),
        human_bytes(transfer.bytes_per_second), transfer.readers,
        escaped(transfer.source) + (transfer.couriers > 1 ? fmt::format(" + {}", transfer.couriers - 1) : ""));
}

} // namespace

std::string human_bytes(double bytes) {
    constexpr double kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
    if (bytes >= gib)
        return fmt::format("{:.1f} GiB", bytes / gib);
    if (bytes >= mib)
        return fmt::format("{:.1f} MiB", bytes / mib);
    return fmt::format("{:.0f} KiB", bytes / kib);
}

std::string status_page(const StatusFacts& facts) {
    std::string out(top);
    out += fmt::format("<p>{}运行 up {} s · 缓存 store: {}, {} 个文件 blobs</p>\n",
                       facts.offline ? "<strong>离线 offline</strong> · " : "", facts.uptime_seconds,
                       human_bytes(static_cast<double>(facts.store.bytes)), facts.store.blobs);
    if (!facts.degraded.empty())
        out += fmt::format(
            "<p class=\"failed\"><strong>磁盘已满，文件不再缓存 The disk is full, nothing more is kept:</strong> "
            "{}</p>\n",
            escaped(facts.degraded));
    out += "<h2>镜像 Mirrors</h2>\n<table><tr><th>端点 endpoint</th><th>来源 family</th><th>状态 state</th>"
           "<th>页面 pages</th><th>大文件 large files</th><th>连接 connections</th><th>失败 failures</th>"
           "<th>错误内容 lies</th></tr>\n";
    for (const auto& endpoint : facts.relay.endpoints)
        out += endpoint_row(endpoint);
    out += "</table>\n<h2>正在下载 On the way</h2>\n";
    if (facts.relay.transfers.empty())
        return out + "<p>无 nothing</p>\n</body>\n</html>\n";
    out += "<table><tr><th>文件 file</th><th>状态 state</th><th>进度 progress</th><th>已收 received</th>"
           "<th>速度 rate</th><th>客户端 clients</th><th>来自 from</th></tr>\n";
    for (const auto& transfer : facts.relay.transfers)
        out += transfer_row(transfer);
    return out + "</table>\n</body>\n</html>\n";
}

} // namespace yizhan
