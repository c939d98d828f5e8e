#include "proxy/routes/for_machine.hpp"

#include "proxy/routes/page_answers.hpp"
#include "proxy/routes/query.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

// "for", the machine, "simple".
constexpr std::size_t index_prefix = 3;

bool is_ours(const Request& request) {
    return request.segments.size() >= 2 && request.segments[0] == "for";
}

bool is_index(const Request& request) {
    return request.segments.size() >= index_prefix && request.segments[2] == "simple";
}

} // namespace

std::optional<Response> MachineRoute::at_once(const Request& request) {
    const auto& path = request.segments;
    if (!is_ours(request) || !is_index(request) || path.size() != index_prefix + 2 || !path.back().empty())
        return std::nullopt;
    const auto match = machines_.find_at_once(path[1]);
    if (!match)
        return std::nullopt;
    const auto form = wanted_form(request);
    const auto fresh = matched_.at_once(*match, path[index_prefix], form);
    return fresh ? std::optional(page_response(form, *fresh)) : std::nullopt;
}

Task<std::optional<Response>> MachineRoute::handle(const Request& request) {
    if (!is_ours(request))
        co_return std::nullopt;
    auto match = machines_.find(request.segments[1]);
    if (!match)
        co_return plain(match.error());
    if (is_index(request))
        co_return co_await page(request, std::move(*match));
    if (takes_query(request))
        co_return co_await constraints(request, std::move(*match));
    co_return plain(404, fmt::format("{} is nothing that yizhan serves for a machine; its index is at "
                                     "/for/{}/simple/, and what goes together in /for/{}/constraints.txt",
                                     request.target, request.segments[1], request.segments[1]));
}

bool MachineRoute::takes_query(const Request& request) {
    return is_ours(request) && request.segments.size() == 3 && request.segments[2] == "constraints.txt";
}

Task<Response> MachineRoute::constraints(const Request& request, Machines::MatchPtr match) {
    const auto query = read_query(request.query, {"torch"});
    if (!query)
        co_return plain(400, query.error().message);
    std::vector<std::string> projects(constrained_projects.begin(), constrained_projects.end());
    const auto pages = co_await matched_.explained(match, std::move(projects), request.before);
    const auto text = constraints_text(pages, *match, value_of(*query, "torch"));
    co_return text ? plain(200, *text) : plain(text.error());
}

Task<Response> MachineRoute::page(const Request& request, Machines::MatchPtr match) {
    auto project = page_asked(request, index_prefix);
    if (!project)
        co_return std::move(project.error());
    if (project->empty())
        co_return root_response(request, co_await pypi_.stored_projects());
    const auto form = wanted_form(request);
    const auto answer = co_await matched_.get(std::move(match), std::move(*project), form);
    co_return answer ? page_response(form, *answer) : plain(answer.error());
}

} // namespace yizhan
