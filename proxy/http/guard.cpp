#include "proxy/http/guard.hpp"

#include "proxy/http/field_syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace yizhan {
namespace {

using Refused = std::optional<Refusal>;

Refusal bad(std::string sentence) {
    return {.status = 400, .sentence = std::move(sentence)};
}

Refusal bare_line_end() {
    return bad("A line of the request ends in a bare line feed or is an empty line out of place; "
               "HTTP/1.1 lines end in CR LF (RFC 9112 section 2.2).");
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The request line while its end is still to come: what can be refused already, so that nobody waits for a deadline.
Refused refuse_early(std::string_view partial, const GuardRules& rules) {
    // The first byte of a TLS record that opens a handshake (RFC 8446 section 5.1).
    if (partial.starts_with('\x16'))
        return bad("This port speaks plain HTTP, and the client began with TLS: use http:// instead of https://.");
    const auto text = partial.ends_with('\r') ? partial.substr(0, partial.size() - 1) : partial;
    if (!std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }))
        return bad("The request line holds bytes that are not printable ASCII; percent-encode them.");
    // Room for the longest method and the version around a target of the greatest length.
    constexpr std::size_t around_target = 64;
    if (partial.size() > rules.max_target + around_target)
        return Refusal{.status = 414,
                       .sentence = fmt::format("The request target is longer than {} bytes.", rules.max_target)};
    return std::nullopt;
}

Refused take_version(std::string_view version, RequestHead& head) {
    if (version == "HTTP/1.1" || version == "HTTP/1.0") {
        head.http_1_1 = version.back() == '1';
        return std::nullopt;
    }
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && digit(version[5]) &&
        digit(version[7]))
        return Refusal{.status = 505,
                       .sentence = fmt::format("yizhan speaks HTTP/1.1 and HTTP/1.0 here, not {}.", version)};
    return bad("The request line does not end in an HTTP version such as HTTP/1.1.");
}

Refused take_method(std::string_view method, RequestHead& head) {
    if (method == "GET" || method == "HEAD") {
        head.method = method == "GET" ? Method::get : Method::head;
        return std::nullopt;
    }
    if (!is_token(method))
        return bad("The request does not begin with a method such as GET.");
    constexpr std::array<std::string_view, 7> known{"POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    if (std::ranges::find(known, method) == known.end())
        return Refusal{.status = 501, .sentence = "yizhan does not know this method; it answers GET and HEAD."};
    if (method == "CONNECT")
        return Refusal{.status = 405,
                       .sentence = "yizhan is a mirror, not a forward proxy: take it out of https_proxy and give its "
                                   "address as the index URL instead."};
    return Refusal{.status = 405,
                   .sentence = fmt::format("{} is not allowed here: yizhan only answers GET and HEAD.", method)};
}

/// An absolute-form target (RFC 9112 3.2.2) of ours becomes origin-form; others mean that we were taken for a proxy.
Refused take_absolute(std::string_view target, const GuardRules& rules, RequestHead& head) {
    constexpr std::string_view scheme = "http://";
    const auto elsewhere = Refusal{.status = 421,
                                   .sentence = "yizhan is a mirror, not a forward proxy: take it out of http_proxy and "
                                               "give its address as the index URL instead."};
    if (!same_name(target.substr(0, scheme.size()), scheme)) {
        if (same_name(target.substr(0, 8), "https://"))
            return elsewhere;
        return bad("The request target must be a path that begins with '/'.");
    }
    target.remove_prefix(scheme.size());
    const auto slash = std::min(target.find_first_of("/?#"), target.size());
    const auto authority = parse_authority(target.substr(0, slash));
    if (!authority)
        return bad("The request target names a malformed host.");
    if (!names(*authority, rules.local))
        return elsewhere;
    head.target = slash == target.size() ? "/" : target.substr(slash);
    if (!head.target.starts_with('/'))
        return bad("The request target has no path.");
    return std::nullopt;
}

Refused take_target(std::string_view target, const GuardRules& rules, RequestHead& head) {
    if (!is_visible(target))
        return bad("The request target holds bytes that are not visible ASCII; percent-encode them.");
    if (target.size() > rules.max_target)
        return Refusal{.status = 414,
                       .sentence = fmt::format("The request target is longer than {} bytes.", rules.max_target)};
    head.target = target;
    return target.starts_with('/') ? std::nullopt : take_absolute(target, rules, head);
}

/// method SP request-target SP HTTP-version, exactly (RFC 9112 section 3).
Refused take_request_line(std::string_view line, const GuardRules& rules, RequestHead& head) {
    head.line = line;
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (line.starts_with("PRI * HTTP/2.0"))
        return Refusal{.status = 505, .sentence = "yizhan speaks HTTP/1.1 here; let the client not begin with HTTP/2."};
    if (first == std::string_view::npos || first == last)
        return bad("The request line must be a method, a path and a version, separated by single spaces.");
    if (auto refused = take_version(line.substr(last + 1), head))
        return refused;
    if (auto refused = take_method(line.substr(0, first), head))
        return refused;
    return take_target(line.substr(first + 1, last - first - 1), rules, head);
}

/// What the fields said together, judged once the last has been seen.
struct Framing {
    unsigned hosts = 0;
    unsigned content_lengths = 0;
    std::string_view content_length;
    bool transfer_encoding = false;
    bool expect = false;
    bool close = false;
    bool keep_alive = false;
};

Refused take_field(std::string_view name, std::string_view value, Framing& framing) {
    switch (name.size()) {
    case 4:
        if (!same_name(name, "host"))
            break;
        ++framing.hosts;
        if (!parse_authority(value))
            return bad("The Host field is not a host name or address with an optional port.");
        break;
    case 6:
        framing.expect |= same_name(name, "expect");
        break;
    case 10:
        if (!same_name(name, "connection"))
            break;
        framing.close |= list_has(value, "close");
        framing.keep_alive |= list_has(value, "keep-alive");
        break;
    case 14:
        if (!same_name(name, "content-length"))
            break;
        ++framing.content_lengths;
        framing.content_length = value;
        break;
    case 17:
        framing.transfer_encoding |= same_name(name, "transfer-encoding");
        break;
    default:
        break;
    }
    return std::nullopt;
}

Refused take_field_line(std::string_view line, Framing& framing, RequestHead& head) {
    if (line.front() == ' ' || line.front() == '\t')
        return bad("A field is folded over two lines, which HTTP/1.1 has given up (RFC 9112 section 5.2).");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return bad("A field line has no colon.");
    const auto name = line.substr(0, colon);
    if (!is_token(name))
        return bad("A field name is empty, or has a space or another character that names must not have.");
    const auto value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value))
        return bad("A field value holds a control character.");
    head.fields.emplace_back(name, value);
    return take_field(name, value, framing);
}

/// RFC 9112 section 6: a GET or HEAD has no body for us. Whatever could be read as announcing one ends the connection,
/// because what follows could be that body or another request.
Refused judge_framing(const Framing& framing, const RequestHead& head) {
    if (framing.hosts > 1 || (framing.hosts == 0 && head.http_1_1))
        return bad("A request must have exactly one Host field (RFC 9112 section 3.2).");
    if (framing.transfer_encoding)
        return bad("A request with Transfer-Encoding is not accepted: GET and HEAD have no body here.");
    if (framing.content_lengths > 1)
        return bad("A request with several Content-Length fields is not accepted.");
    if (framing.content_lengths == 1 && framing.content_length != "0") {
        const bool number = !framing.content_length.empty() && framing.content_length.front() != '0' &&
                            std::ranges::all_of(framing.content_length, [](char c) { return c >= '0' && c <= '9'; });
        if (!number)
            return bad("The Content-Length is not a number.");
        return Refusal{.status = 413, .sentence = "GET and HEAD have no body here: send the request without one."};
    }
    if (framing.expect)
        return Refusal{.status = 417, .sentence = "yizhan meets no expectations: send the request without Expect."};
    return std::nullopt;
}

/// `text` is the whole head from the request line to the last field's line end; every LF in it follows a CR.
Judgement parse(std::string_view text, const GuardRules& rules) {
    RequestHead head;
    const auto take_line = [&text] {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 2);
        return line;
    };
    if (auto refused = take_request_line(take_line(), rules, head))
        return std::move(*refused);
    head.fields.reserve(12); // more than pip, uv and conda send
    Framing framing;
    while (!text.empty()) {
        if (head.fields.size() == rules.max_fields)
            return Refusal{.status = 431,
                           .sentence = fmt::format("The request has more than {} fields.", rules.max_fields)};
        if (auto refused = take_field_line(take_line(), framing, head))
            return std::move(*refused);
    }
    if (auto refused = judge_framing(framing, head))
        return std::move(*refused);
    head.keep_alive = !framing.close && (head.http_1_1 || framing.keep_alive); // RFC 9112 section 9.3
    return head;
}

Refusal too_large(const GuardRules& rules) {
    return {.status = 431,
            .sentence = fmt::format("The request line and fields are longer than {} bytes.", rules.max_header)};
}

} // namespace

Judgement judge(std::string_view bytes, const GuardRules& rules, std::size_t scanned) {
    // RFC 9112 2.2: a server should skip one empty line before the request line.
    const std::size_t start = bytes.starts_with("\r\n") ? 2 : 0;
    if (bytes.empty() || bytes == "\r")
        return NeedMore{};
    std::size_t pos = std::max(scanned, start);
    const bool line_was_seen = pos > start;
    for (auto lf = bytes.find('\n', pos); lf != std::string_view::npos; lf = bytes.find('\n', pos)) {
        if (lf < start + 2 || bytes[lf - 1] != '\r')
            return bare_line_end();
        pos = lf + 1;
        if (bytes[lf - 2] != '\n')
            continue;
        if (pos - start > rules.max_header)
            return too_large(rules);
        auto judgement = parse(bytes.substr(start, lf - 1 - start), rules);
        if (auto* head = std::get_if<RequestHead>(&judgement))
            head->size = pos;
        return judgement;
    }
    if (pos == start) {
        if (auto refused = refuse_early(bytes.substr(start), rules))
            return std::move(*refused);
    } else if (!line_was_seen) {
        RequestHead ignored;
        const auto line = bytes.substr(start, bytes.find('\r', start) - start);
        if (auto refused = take_request_line(line, rules, ignored))
            return std::move(*refused);
    }
    if (bytes.size() - start > rules.max_header)
        return too_large(rules);
    return NeedMore{pos};
}

} // namespace yizhan
