#include "proxy/routes/pypi.hpp"

#include "proxy/routes/page_answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {
namespace {

using Segments = std::span<const std::string>;

bool starts_with(Segments path, std::initializer_list<std::string_view> prefix) {
    return path.size() >= prefix.size() && std::ranges::equal(prefix, path.first(prefix.size()));
}

// How many leading segments spell an index: 1 for /simple, 2 for /pypi/simple, 3 for /pypi/web/simple, else 0.
std::size_t index_prefix(Segments path) {
    if (starts_with(path, {"simple"}))
        return 1;
    if (starts_with(path, {"pypi", "simple"}))
        return 2;
    if (starts_with(path, {"pypi", "web", "simple"}))
        return 3;
    return 0;
}

// The part of a file's path below /pypi: TUNA's spelling has /web in between.
Segments file_path(Segments path) {
    if (starts_with(path, {"pypi", "web", "packages"}))
        return path.subspan(2);
    if (starts_with(path, {"pypi", "packages"}) || starts_with(path, {"pypi", "files"}))
        return path.subspan(1);
    return {};
}

} // namespace

std::optional<Response> PypiRoute::at_once(const Request& request) {
    const Segments path = request.segments;
    if (const auto below = file_path(path); !below.empty())
        return files_.at_once(request, below);
    const auto prefix = index_prefix(path);
    if (prefix == 0 || path.size() != prefix + 2 || !path.back().empty())
        return std::nullopt;
    const auto form = wanted_form(request);
    const auto fresh = pages_.at_once(path[prefix], form);
    return fresh ? std::optional(page_response(form, *fresh)) : std::nullopt;
}

Task<std::optional<Response>> PypiRoute::handle(const Request& request) {
    const Segments path = request.segments;
    if (const auto prefix = index_prefix(path); prefix > 0)
        co_return co_await page(request, prefix);
    const auto below = file_path(path);
    if (below.empty())
        co_return std::nullopt;
    auto file = parse_located(below);
    if (!file)
        co_return plain(404, fmt::format("{} is not the path of a file here. Files are found under "
                                         "/pypi/packages/aa/bb/<60 hex>/<file> and /pypi/files/sha256/<64 hex>/<file>, "
                                         "as the pages under /simple/ link them.",
                                         request.target));
    co_return co_await files_.get(request, std::move(*file));
}

Task<Response> PypiRoute::page(const Request& request, std::size_t prefix) {
    auto project = page_asked(request, prefix);
    if (!project)
        co_return std::move(project.error());
    const auto form = wanted_form(request);
    if (project->empty())
        co_return root_response(request, co_await pages_.stored_projects());
    const auto answer = co_await pages_.get(std::move(*project), form);
    co_return answer ? page_response(form, *answer) : plain(answer.error());
}

} // namespace yizhan
