#include "config/url.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace yizhan {

int explain(const Overrides& overrides, const std::string& project, const std::string& machine, bool as_json) {
    const auto settings = load_settings(overrides);
    if (!settings) {
        fmt::print(stderr, "{}\n", settings.error().text());
        return 2;
    }
    const auto address = running_address(settings->data);
    if (!address) {
        fmt::print(stderr, "{}\n", address.error().text());
        return 1;
    }
    const auto answered =
        ask_running(fmt::format("{}/api/v1/explain?project={}&machine={}{}", *address, percent_encoded_segment(project),
                                percent_encoded_segment(machine), as_json ? "&format=json" : ""));
    if (!answered) {
        fmt::print(stderr, "no yizhan answers for {}: {}\nStart it with: yizhan serve --data {}\n",
                   settings->data.string(), answered.error().message, settings->data.string());
        return 1;
    }
    const bool good = answered->status == 200;
    fmt::print(good ? stdout : stderr, "{}", answered->body);
    return good ? 0 : 1;
}

} // namespace yizhan
