#include "config/url.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace yizhan {

int explain(const Overrides& overrides, const std::string& project, const std::string& machine, bool as_json) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    const auto answered =
        ask_service(*settings, fmt::format("/api/v1/explain?project={}&machine={}{}", percent_encoded_segment(project),
                                           percent_encoded_segment(machine), as_json ? "&format=json" : ""));
    if (!answered)
        return 1;
    const bool good = answered->status == 200;
    fmt::print(good ? stdout : stderr, "{}", answered->body);
    return good ? 0 : 1;
}

} // namespace yizhan
