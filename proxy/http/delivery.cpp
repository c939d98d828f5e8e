#include "proxy/http/delivery.hpp"

#include "proxy/http/conditional.hpp"

#include <fmt/format.h>

#include <utility>

namespace yizhan {
namespace {

void replace(Response& response, unsigned status, std::string text) {
    auto said = plain(status, std::move(text));
    response.status = status;
    response.content_type = std::move(said.content_type);
    response.body = std::move(said.body);
}

/// RFC 9110 15.5.17: a 416 tells the size, so that the next range fits.
void replace_unsatisfiable(Response& response, std::uint64_t size) {
    replace(response, 416, fmt::format("The range begins at or beyond the end: this has {} bytes.", size));
    response.fields.emplace_back("Content-Range", fmt::format("bytes */{}", size));
}

Framing framing_of(const Response& response, bool http_1_1, bool size_known) {
    if (response.status == 304 || response.status == 204)
        return Framing::none;
    if (size_known)
        return Framing::length;
    return http_1_1 ? Framing::chunked : Framing::close;
}

} // namespace

std::optional<std::uint64_t> size_of(const Body& body) {
    if (const auto* bytes = std::get_if<Shared>(&body))
        return *bytes ? (*bytes)->size() : 0;
    if (const auto* blob = std::get_if<Blob>(&body))
        return blob->size();
    if (const auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&body))
        return (*stream)->size();
    return 0;
}

Delivery plan_delivery(const Request& request, bool http_1_1, bool keep_alive, Response& response) {
    Delivery out;
    const auto whole = size_of(response.body);
    const auto selected = response.status != 200 ? Selection{.status = response.status, .first = 0, .size = 0}
                                                 : select(request, {.etag = response.etag,
                                                                    .if_range_only = response.if_range_only,
                                                                    .ranges = response.ranges,
                                                                    .size = whole});
    if (selected.status == 416)
        replace_unsatisfiable(response, whole.value_or(0));
    else if (selected.status == 412)
        replace(response, 412, "This is not, or no longer, what If-Match names.");
    // A route that answers 206 itself has cut its body already, and says where it belongs.
    const bool cut_here = response.status == 200 && selected.status == 206;
    response.status = selected.status;
    out.size = size_of(response.body);
    if (cut_here) {
        out.first = out.head.first = selected.first;
        out.size = selected.size;
        out.head.total = whole;
    }
    out.head.status = response.status;
    out.head.framing = framing_of(response, http_1_1, out.size.has_value());
    out.head.length = out.size.value_or(0);
    out.with_body = request.method == Method::get && out.head.framing != Framing::none;
    // HEAD of an object of unknown size: a length is not known, and no body follows that would need an end.
    if (request.method == Method::head && !out.size)
        out.head.framing = Framing::none;
    const bool stays = keep_alive && !response.close && out.head.framing != Framing::close;
    out.head.persistence = !stays ? Persistence::close : !http_1_1 ? Persistence::keep_alive : Persistence::implied;
    return out;
}

} // namespace yizhan
