#include "proxy/routes/router.hpp"

#include <fmt/format.h>

namespace yizhan {

std::optional<Response> Router::at_once(const Request& request) {
    // What has a query is refused, in words, by handle().
    if (request.target.contains('?'))
        return std::nullopt;
    const auto dated = before_asked(request, min_age_);
    return dated ? at_once_here(*dated ? **dated : request) : std::nullopt; // what is wrong with it handle() says
}

std::optional<Response> Router::at_once_here(const Request& request) {
    if (auto answer = pypi_.at_once(request))
        return answer;
    if (auto answer = for_machine_.at_once(request))
        return answer;
    return pytorch_.at_once(request);
}

Task<Response> Router::handle(const Request& request) {
    const auto dated = before_asked(request, min_age_);
    if (!dated)
        co_return plain(dated.error());
    co_return co_await handle_here(*dated ? **dated : request);
}

Task<Response> Router::handle_here(const Request& request) {
    // Hardly a route takes a query; one that is ignored would be one page under two names in every cache.
    if (request.target.contains('?') && !ExplainRoute::is_ours(request) && !MachineRoute::takes_query(request))
        co_return plain(400,
                        fmt::format("{}: nothing here takes a query; leave out '?' and what follows", request.target));
    if (auto answer = co_await pypi_.handle(request))
        co_return std::move(*answer);
    if (auto answer = co_await for_machine_.handle(request))
        co_return std::move(*answer);
    if (auto answer = co_await pytorch_.handle(request))
        co_return std::move(*answer);
    if (auto answer = co_await explain_.handle(request))
        co_return std::move(*answer);
    if (auto answer = co_await admin_.handle(request))
        co_return std::move(*answer);
    co_return plain(404,
                    fmt::format("{} is nothing that yizhan serves. The index for pip and uv is at /simple/, and the "
                                "lines to copy are on the start page, /",
                                request.target));
}

} // namespace yizhan
