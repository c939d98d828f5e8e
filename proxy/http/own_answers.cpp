#include "proxy/http/own_answers.hpp"

#include <fmt/format.h>

namespace yizhan {

Response refused(const Refusal& refusal) {
    auto response = plain(refusal.status, refusal.sentence);
    if (refusal.status == 405)
        response.fields.emplace_back("Allow", "GET, HEAD");
    response.close = refusal.status != 404; // whoever sends what no client sends gets no second try on this connection
    response.note = "refused";
    return response;
}

Response overloaded(Peers::Welcome welcome) {
    auto response = plain(503, welcome == Peers::Welcome::client_full
                                   ? "Too many connections from this address; close some, or try again later."
                                   : "Too many connections; try again later.");
    response.fields.emplace_back("Retry-After", "2");
    response.close = true;
    response.note = "limit";
    return response;
}

Response broken(std::uint64_t request_id) {
    auto response =
        plain(500, fmt::format("Something went wrong inside yizhan; its log tells more about request {}.", request_id));
    response.close = true;
    response.note = "broken";
    return response;
}

std::string_view first_line(std::string_view bytes) {
    if (bytes.starts_with("\r\n"))
        bytes.remove_prefix(2);
    return bytes.substr(0, bytes.find_first_of("\r\n"));
}

} // namespace yizhan
