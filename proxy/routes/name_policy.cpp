#include "proxy/routes/name_policy.hpp"

#include "index/filename.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {

bool NamePolicy::any_project(std::string_view filename, const NamePatterns& patterns) {
    if (patterns.empty())
        return false;
    return std::ranges::any_of(possible_projects(filename),
                               [&](const std::string& project) { return patterns.match(project); });
}

std::string NamePolicy::denied_words(std::string_view what) {
    return fmt::format("{} is not served here: its name is on the deny list of this yizhan (setting pypi.deny)", what);
}

std::string NamePolicy::private_words(std::string_view what) {
    return fmt::format(
        "{} has a name that is private to this yizhan (setting pypi.private): no upstream was asked, and "
        "it is not in the store",
        what);
}

} // namespace yizhan
