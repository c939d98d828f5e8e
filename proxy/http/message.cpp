#include "proxy/http/message.hpp"

#include "proxy/http/field_syntax.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

/// Seconds until trying again makes sense: pip waits exactly as long as it is told, uv and poetry about as long.
int retry_after(Errc code) {
    switch (code) {
    case Errc::no_space: // room is made by a person
        return 5;
    case Errc::crowded: // a large file takes its time, and uv asks four times in all
        return 15;
    case Errc::timeout: // the next try picks another endpoint
        return 2;
    default:
        return 3;
    }
}

unsigned status_of(Errc code) {
    switch (code) {
    case Errc::invalid:
    case Errc::not_found:
    case Errc::refused:
        return 404; // pip and uv go on to the next index after a 404; a 403 would stop uv
    default:
        return 503; // the only status that every pip tries again
    }
}

} // namespace

std::string_view Request::field(std::string_view name) const {
    for (const auto& [key, value] : fields)
        if (same_name(key, name))
            return value;
    return {};
}

Response plain(unsigned status, std::string text) {
    Response out;
    out.status = status;
    out.content_type = "text/plain; charset=utf-8";
    out.fields.emplace_back("Cache-Control", "no-store");
    text += '\n';
    out.body = std::make_shared<const std::string>(std::move(text));
    return out;
}

Response plain(const Error& error) {
    auto out = plain(status_of(error.code), error.text());
    if (out.status == 503)
        out.fields.emplace_back("Retry-After", fmt::format("{}", retry_after(error.code)));
    out.note = name(error.code);
    return out;
}

Response moved(std::string location) {
    Response out;
    out.status = 301;
    out.content_type = "text/plain; charset=utf-8";
    out.body = std::make_shared<const std::string>("Moved to " + location + "\n");
    out.fields.emplace_back("Location", std::move(location));
    out.note = "moved";
    return out;
}

} // namespace yizhan
