#include "proxy/routes/explain.hpp"

#include "index/explain.hpp"
#include "index/names.hpp"
#include "proxy/routes/query.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace yizhan {

bool ExplainRoute::is_ours(const Request& request) {
    static constexpr std::array<std::string_view, 3> path{"api", "v1", "explain"};
    return std::ranges::equal(request.segments, path);
}

Task<std::optional<Response>> ExplainRoute::handle(const Request& request) {
    if (!is_ours(request))
        co_return std::nullopt;
    const auto query = read_query(request.query, {"project", "machine", "format"});
    if (!query)
        co_return plain(400, query.error().message);
    const auto wanted = value_of(*query, "project");
    const auto format = value_of(*query, "format");
    if (!is_project_name(wanted) || value_of(*query, "machine").empty() ||
        (!format.empty() && format != "json" && format != "text"))
        co_return plain(400, "expected /api/v1/explain?project=torch&machine=<name or literal>, and &format=json for "
                             "programs");
    const auto match = machines_.find(value_of(*query, "machine"));
    if (!match)
        co_return plain(match.error());
    const auto project = normalized_name(wanted);
    std::vector<std::string> projects{project};
    const auto pages = co_await matched_.explained(*match, std::move(projects), request.before);
    const auto& matched = pages.at(project);
    if (!matched)
        co_return plain(matched.error());
    if (format != "json")
        co_return plain(200, explain_text(project, *matched, **match));
    auto response = plain(200, boost::json::serialize(explain_json(project, *matched, **match)));
    response.content_type = "application/json";
    co_return response;
}

} // namespace yizhan
