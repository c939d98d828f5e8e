#include "proxy/http/response.hpp"

#include "proxy/http/append.hpp"
#include "proxy/http/field_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace yizhan {
namespace {

/// What every head has after its reason phrase, rendered once a second on each core. nosniff: a wheel that a browser
/// takes for HTML would run its scripts on our origin.
std::string_view after_reason() {
    thread_local std::time_t rendered = 0;
    thread_local std::string text;
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now); // late by up to 4 ms, for a fifth of the price
    if (now.tv_sec != rendered || text.empty()) {
        rendered = now.tv_sec;
        text = "\r\nDate: " + http_date(rendered) + "\r\nX-Content-Type-Options: nosniff\r\n";
    }
    return text;
}

/// What the connection alone knows; a second, differing copy would let two readers frame the message differently.
bool is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 7> reserved{
        "connection", "content-length", "transfer-encoding", "date", "keep-alive", "trailer", "upgrade"};
    return std::ranges::any_of(reserved, [name](std::string_view other) { return same_name(name, other); });
}

bool append_field(std::string& out, std::string_view name, std::string_view value) {
    if (!is_plain_field_value(value))
        return false;
    out.append(name).append(": ").append(value).append("\r\n");
    return true;
}

bool append_further_field(std::string& out, std::string_view name, std::string_view value) {
    return is_token(name) && !is_reserved(name) && append_field(out, name, value);
}

void append_range(std::string& out, const HeadPlan& plan) {
    out += "Content-Range: bytes ";
    append_number(out, plan.first);
    out += '-';
    append_number(out, plan.first + plan.length - 1);
    out += '/';
    append_number(out, *plan.total);
    out += "\r\n";
}

void append_framing(std::string& out, const HeadPlan& plan) {
    if (plan.framing == Framing::length) {
        out += "Content-Length: ";
        append_number(out, plan.length);
        out += "\r\n";
    } else if (plan.framing == Framing::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (plan.status == 206 && plan.total)
        append_range(out, plan);
    if (plan.persistence == Persistence::close)
        out += "Connection: close\r\n";
    else if (plan.persistence == Persistence::keep_alive)
        out += "Connection: keep-alive\r\n";
}

void append_hit(std::string& out, std::int64_t ttl) {
    out += "Cache-Status: yizhan; hit; ttl=";
    append_number(out, static_cast<std::uint64_t>(std::max<std::int64_t>(ttl, 0)));
    out += "\r\n";
}

bool append_fields(std::string& out, const Response& response, const HeadPlan& plan) {
    bool fit = true;
    if (!response.content_type.empty() && plan.status != 304)
        fit &= append_field(out, "Content-Type", response.content_type);
    if (!response.etag.empty())
        fit &= append_field(out, "ETag", response.etag);
    if (response.ranges == Ranges::all && (plan.status == 200 || plan.status == 206))
        out += "Accept-Ranges: bytes\r\n";
    for (const auto& [name, value] : response.fields)
        fit = fit && append_further_field(out, name, value);
    out += response.lines;
    if (response.hit_ttl)
        append_hit(out, *response.hit_ttl);
    return fit;
}

} // namespace

bool render_head(const Response& response, const HeadPlan& plan, std::string& out) {
    out.assign("HTTP/1.1 ");
    append_number(out, plan.status);
    out.append(" ").append(reason(plan.status)).append(after_reason());
    append_framing(out, plan);
    if (!append_fields(out, response, plan)) {
        out.clear();
        return false;
    }
    out += "\r\n";
    return true;
}

std::string render_fields(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    std::string out;
    for (const auto& [name, value] : fields)
        if (!append_further_field(out, name, value))
            throw std::invalid_argument("not fit for the wire: " + std::string(name));
    return out;
}

std::string_view reason(unsigned status) {
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "";
    }
}

std::string http_date(std::time_t when) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&when, &utc);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(utc.tm_wday)],
                       utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                       utc.tm_min, utc.tm_sec);
}

} // namespace yizhan
