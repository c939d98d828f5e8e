#include "proxy/routes/before.hpp"

#include "config/url.hpp"
#include "index/filename.hpp"
#include "proxy/boot_clock.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {
namespace {

// A moment that moved every second would be a new form of every page every second.
constexpr UnixTime min_age_step = 3600;

/// Whether the path below /before/<date> is of an index page: files and administration have no past.
bool is_index_path(std::span<const std::string> path) {
    if (path.empty())
        return false;
    const bool index = path[0] == "simple" || path[0] == "for" || path[0] == "pytorch" ||
                       (path[0] == "pypi" && path.size() > 1 && path[1] != "files" && path[1] != "packages");
    const std::string_view last = path.back();
    return index && !has_distribution_suffix(last) && !last.ends_with(".metadata");
}

} // namespace

Result<std::optional<Request>> before_asked(const Request& request, std::chrono::seconds min_age) {
    const auto& path = request.segments;
    const bool asked = !path.empty() && path[0] == "before";
    if (!asked && min_age.count() == 0)
        return std::optional<Request>{};
    auto out = request;
    if (min_age.count() > 0)
        out.before = (unix_now() - min_age.count()) / min_age_step * min_age_step;
    if (!asked)
        return out;
    const auto moment = path.size() > 1 ? parse_date_time(path[1]) : std::nullopt;
    if (!moment)
        return fail(Errc::invalid,
                    fmt::format("{}: expected a date, as in /before/2024-06-30/simple/ (its first second in UTC), or a "
                                "moment such as 2024-06-30T12:00:00Z",
                                redacted(request.target)));
    if (!is_index_path(std::span(path).subspan(2)))
        return fail(Errc::invalid,
                    fmt::format("{}: below /before/{}/ are the pages of indexes, such as /before/{}/simple/; files and "
                                "everything else are found without it",
                                redacted(request.target), path[1], path[1]));
    out.before = std::min(*moment, out.before.value_or(*moment));
    out.segments.erase(out.segments.begin(), out.segments.begin() + 2);
    out.above += 2;
    return out;
}

} // namespace yizhan
