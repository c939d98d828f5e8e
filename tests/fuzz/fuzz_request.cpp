// From bytes to route and back: guard, target, router, conditions, and the head of the answer.
#include "proxy/http/delivery.hpp"
#include "proxy/http/guard.hpp"
#include "proxy/http/target.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/site.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

using namespace yizhan;

namespace {

GuardRules rules() {
    GuardRules out;
    out.max_header = 4096; // so that the fuzzer reaches the limits
    out.max_target = 1024;
    out.local = {.host = "127.0.0.1", .port = 8080};
    return out;
}

/// However the bytes were split on their way, the judgement is the same.
void judge_in_pieces(std::string_view bytes, std::size_t end) {
    std::size_t scanned = 0;
    for (std::size_t size = 0; size < end; ++size) {
        const auto judgement = judge(bytes.substr(0, size), rules(), scanned);
        fuzz::require(!std::holds_alternative<RequestHead>(judgement), "a head is complete at its end only");
        fuzz::require(!std::holds_alternative<Refusal>(judgement), "what passes whole is not refused in pieces");
        scanned = std::get<NeedMore>(judgement).scanned;
        fuzz::require(scanned <= size, "nothing was scanned that has not come");
    }
    fuzz::require(std::holds_alternative<RequestHead>(judge(bytes.substr(0, end), rules(), scanned)),
                  "what passes whole passes in pieces");
}

void check_head(const RequestHead& head, std::string_view bytes) {
    fuzz::require(head.size <= bytes.size() && bytes.substr(0, head.size).ends_with("\r\n\r\n"),
                  "a head ends in an empty line");
    fuzz::require(head.target.starts_with('/'), "a target is a path");
    fuzz::require(std::ranges::all_of(head.target, [](char c) { return c > 0x20 && c < 0x7f; }), "a target is visible");
    unsigned hosts = 0;
    for (const auto& [name, value] : head.fields) {
        fuzz::require(!name.empty() && name.find_first_of(" \t\r\n:") == std::string_view::npos, "a name is a token");
        fuzz::require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
                      "a value is one line");
        std::string lower(name);
        std::ranges::transform(lower, lower.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        hosts += lower == "host";
        fuzz::require(lower != "transfer-encoding" && lower != "expect", "nothing announces a body");
        fuzz::require(lower != "content-length" || value == "0", "no body has a length");
    }
    fuzz::require(hosts == 1 || (hosts == 0 && !head.http_1_1), "a request is for one host");
}

void check_target(const Target& target) {
    fuzz::require(!target.segments.empty(), "a path has a segment");
    for (const auto& segment : target.segments) {
        fuzz::require(segment != "." && segment != "..", "no segment climbs");
        fuzz::require(std::ranges::all_of(
                          segment, [](char c) { return c >= 0x20 && c < 0x7f && c != '/' && c != '\\' && c != '%'; }),
                      "a segment is harmless");
    }
    for (std::size_t i = 0; i + 1 < target.segments.size(); ++i)
        fuzz::require(!target.segments[i].empty(), "only the last segment may be empty");
}

Request request_of(const RequestHead& head, const Target& target) {
    Request out;
    out.method = head.method;
    out.target = head.target;
    out.segments = target.segments;
    out.query = target.query;
    out.fields = head.fields;
    return out;
}

/// A thousand bytes that every condition and range can be tried on.
Response whole_body() {
    Response out;
    out.etag = "\"abc\"";
    out.ranges = Ranges::all;
    out.body = std::make_shared<const std::string>(1000, 'x');
    return out;
}

void check_route(const Response& response, const fuzz::Site& site) {
    constexpr std::array<unsigned, 5> statuses{200, 301, 400, 404, 503};
    fuzz::require(std::ranges::find(statuses, response.status) != statuses.end(), "a route has few answers");
    for (const auto& [name, value] : response.fields)
        if (name == "Location") {
            const auto slash = std::min(value.find('/'), value.size());
            fuzz::require(!value.starts_with('/') && value.substr(0, slash).find(':') == std::string::npos,
                          "a redirect never leaves this host");
        }
    if (const auto* blob = std::get_if<Blob>(&response.body))
        fuzz::require(site.may_leave(*blob), "what is denied or quarantined stays in the store");
    const auto* text = std::get_if<Shared>(&response.body);
    if (text && *text && response.content_type.starts_with("text/html"))
        fuzz::require((*text)->find("<script") == std::string::npos && (*text)->find("<b>") == std::string::npos,
                      "nothing of others is markup");
}

void check_answer(const RequestHead& head, const Request& request, Response response) {
    const auto delivery = plan_delivery(request, head.http_1_1, head.keep_alive, response);
    const auto size = size_of(response.body);
    fuzz::require(delivery.size && delivery.first <= *size && *delivery.size <= *size - delivery.first,
                  "a window lies inside");
    std::string out;
    fuzz::require(render_head(response, delivery.head, out), "our own answer is fit for the wire");
    fuzz::require(out.find("\r\n\r\n") == out.size() - 4, "nothing of the request splits the answer");
}

fuzz::Site& site() {
    static fuzz::Site one;
    return one;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::text(data, size);
    const auto judgement = judge(bytes, rules());
    if (const auto* refusal = std::get_if<Refusal>(&judgement)) {
        fuzz::require(refusal->status >= 400 && refusal->status < 600 && !refusal->sentence.empty(),
                      "a refusal has words");
        fuzz::require(!reason(refusal->status).empty(), "a refusal has a reason phrase");
        return 0;
    }
    const auto* head = std::get_if<RequestHead>(&judgement);
    if (!head)
        return 0;
    check_head(*head, bytes);
    judge_in_pieces(bytes, head->size);
    if (const auto target = take_apart(head->target)) {
        check_target(*target);
        const auto request = request_of(*head, *target);
        auto answer = site().answer(request);
        check_route(answer, site());
        check_answer(*head, request, std::move(answer));
        check_answer(*head, request, whole_body());
    }
    return 0;
}
