#include "proxy/routes/name_policy.hpp"

#include "index/filename.hpp"

#include <fmt/format.h>

namespace yizhan {

bool NamePolicy::any_project(std::string_view filename, const NamePatterns& patterns) {
    if (patterns.empty())
        return false;
    if (const auto wheel = parse_wheel_filename(filename))
        return patterns.match(wheel->name);
    // A version begins with a digit (PEP 440; a leading "v" is normalised away but occurs in old names).
    for (auto dash = filename.find('-'); dash != std::string_view::npos; dash = filename.find('-', dash + 1)) {
        const auto next = dash + 1 < filename.size() ? filename[dash + 1] : '\0';
        const bool version = (next >= '0' && next <= '9') || next == 'v' || next == 'V';
        if (version && is_project_name(filename.substr(0, dash)) &&
            patterns.match(normalized_name(filename.substr(0, dash))))
            return true;
    }
    return false;
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
