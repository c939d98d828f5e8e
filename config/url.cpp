#include "config/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace yizhan {
namespace {

struct UrlDeleter {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(handle, which, &text, flags) != CURLUE_OK || !text)
        return {};
    std::string out(text);
    curl_free(text);
    return out;
}

bool unambiguous(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

int nibble(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// What stands between "scheme://" and the path; nullopt where not exactly two slashes and something else follow the
/// scheme. libcurl takes one to three slashes, browsers any number, RFC 3986 two.
std::optional<std::string_view> authority(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.substr(colon, 3) != "://")
        return std::nullopt;
    text.remove_prefix(colon + 3);
    text = text.substr(0, text.find_first_of("/?#"));
    if (text.empty())
        return std::nullopt;
    return text;
}

/// A reference that leaves the base's host, or tries to: "scheme:…" or "//…".
bool names_host(std::string_view reference) {
    if (reference.starts_with("//"))
        return true;
    const auto first = reference.find_first_of(":/?#");
    return first != std::string_view::npos && reference[first] == ':';
}

/// "%2e" is the same as "." (RFC 3986 section 6.2.2.2), also to the server that gets it; libcurl 7.88 removes only
/// dot segments that are written plainly.
std::string plain_dots(std::string_view text) {
    std::string out;
    const auto path_end = std::min(text.find_first_of("?#"), text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool encoded_dot = i + 2 < path_end && text[i] == '%' && text[i + 1] == '2' && (text[i + 2] | 32) == 'e';
        out += encoded_dot ? '.' : text[i];
        if (encoded_dot)
            i += 2;
    }
    return out;
}

std::string encoded(std::string_view text, bool (*plain)(char)) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (plain(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

/// Hides what stands before the host. A password may hold a bare '/', which ends the authority for a parser but not
/// for the person who wrote it: where what follows the first ':' is no port, everything up to the last '@' goes.
void hide_user(std::string& text) {
    const auto scheme = text.find("://");
    const bool absolute = scheme != std::string::npos && scheme < text.find_first_of("/?#");
    const std::size_t start = absolute ? scheme + 3 : text.starts_with("//") ? 2 : 0;
    auto end = std::min(text.find_first_of("/?#", start), text.size());
    const std::string_view head = std::string_view(text).substr(start, end - start);
    const auto colon = head.find(':');
    if (!head.contains('@') && !head.starts_with('[') && colon != std::string_view::npos &&
        head.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)
        end = text.size();
    const auto at = end == 0 ? std::string::npos : text.rfind('@', end - 1);
    if (at == std::string::npos || at < start || (start == 0 && colon == std::string_view::npos))
        return;
    text.replace(start, at - start, "***");
}

void hide_query(std::string& text) {
    const auto question = text.find('?');
    if (question == std::string::npos)
        return;
    const auto end = std::min(text.find('#', question), text.size());
    std::string hidden = "?";
    for (std::size_t from = question + 1; from < end;) {
        const auto next = std::min(text.find('&', from), end);
        const std::string_view pair = std::string_view(text).substr(from, next - from);
        const auto equals = pair.find('=');
        hidden += equals == std::string_view::npos ? "***" : std::string(pair.substr(0, equals + 1)) + "***";
        if (next < end)
            hidden += '&';
        from = next + 1;
    }
    text.replace(question, end - question, hidden);
}

} // namespace

Result<Url> Url::parse(std::string_view text) {
    const auto quoted = [&] { return "\"" + redacted(text) + "\""; };
    if (!unambiguous(text))
        return fail(Errc::invalid, "URL " + quoted() + " holds a space, a backslash, or a control or non-ASCII byte; " +
                                       "write such bytes as %XX");
    const auto scheme = lower(std::string(text.substr(0, text.find(':'))));
    if (scheme != "http" && scheme != "https")
        return fail(Errc::invalid, "URL " + quoted() + " must start with http:// or https://");
    const auto written = authority(text);
    if (!written)
        return fail(Errc::invalid, "URL " + quoted() + " needs two slashes and a host after the scheme");
    if (written->contains('@'))
        return fail(Errc::invalid, "URL " + quoted() + " holds user information before the host; leave it out");
    if (written->contains('%'))
        return fail(Errc::invalid, "URL " + quoted() + " has a host with % in it; write the host plainly");
    UrlHandle handle(curl_url());
    const std::string copy = plain_dots(text);
    if (const auto rc = curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0); rc != CURLUE_OK)
        return fail(Errc::invalid, "URL " + quoted() + " cannot be read: " + curl_url_strerror(rc));
    Url out;
    out.scheme_ = scheme;
    out.host_ = lower(part(handle.get(), CURLUPART_HOST));
    const auto port = part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    std::from_chars(port.data(), port.data() + port.size(), out.port_);
    if (out.host_.empty() || out.port_ == 0)
        return fail(Errc::invalid, "URL " + quoted() + " names no host or no port that can be reached");
    out.path_ = part(handle.get(), CURLUPART_PATH);
    if (out.path_.empty())
        out.path_ = "/";
    out.query_ = part(handle.get(), CURLUPART_QUERY);
    out.text_ = out.origin() + out.path_;
    if (!out.query_.empty())
        out.text_ += "?" + out.query_;
    return out;
}

Result<Url> Url::resolve(std::string_view reference) const {
    if (!unambiguous(reference) && !reference.empty())
        return fail(Errc::invalid,
                    "link \"" + redacted(reference) + "\" holds a space, a backslash, or a control or non-ASCII byte");
    reference = reference.substr(0, reference.find('#'));
    if (reference.empty())
        return *this;
    if (reference.starts_with("//"))
        return parse(scheme_ + ":" + std::string(reference));
    if (names_host(reference))
        return parse(reference);
    UrlHandle handle(curl_url());
    const std::string copy = plain_dots(reference);
    curl_url_set(handle.get(), CURLUPART_URL, text_.c_str(), 0);
    if (const auto rc = curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0); rc != CURLUE_OK)
        return fail(Errc::invalid, "link \"" + redacted(reference) + "\" cannot be read: " + curl_url_strerror(rc));
    return parse(part(handle.get(), CURLUPART_URL));
}

std::string Url::origin() const {
    std::string out = scheme_ + "://" + host_;
    if (port_ != (scheme_ == "https" ? 443 : 80))
        out += ":" + std::to_string(port_);
    return out;
}

bool Url::contains(const Url& other) const {
    if (scheme_ != other.scheme_ || host_ != other.host_ || port_ != other.port_)
        return false;
    const std::string_view folder = std::string_view(path_).substr(0, path_.rfind('/') + 1);
    return other.path_.starts_with(folder);
}

std::string redacted(std::string_view url) {
    constexpr std::size_t longest = 1000; // a log line that a person can read; a hostile link may have megabytes
    std::string out = encoded(url, [](char c) { return c >= 0x20 && c < 0x7f; });
    hide_user(out);
    hide_query(out);
    if (out.size() > longest) // only now: a cut before the '@' would show what stands before it
        out.replace(longest, std::string::npos, "...");
    return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (text.size() - i < 3)
            return std::nullopt;
        const int high = nibble(text[i + 1]);
        const int low = nibble(text[i + 2]);
        if (high < 0 || low < 0)
            return std::nullopt;
        out += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return out;
}

std::string percent_encoded_segment(std::string_view text) {
    return encoded(text, unreserved);
}

} // namespace yizhan
