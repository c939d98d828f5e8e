#include "config/settings_text.hpp"
#include "index/machine.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace yizhan {

int config_check(const Overrides& overrides) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    if (const auto machines = machines_of(settings->machines, embedded_tables()); !machines) {
        fmt::print(stderr, "{}\n", machines.error().text());
        return 2;
    }
    fmt::print("The settings are good.\n");
    return 0;
}

int config_print(const Overrides& overrides) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    fmt::print("{}", print_settings(*settings));
    return 0;
}

int config_reference() {
    fmt::print("{}", reference_markdown());
    return 0;
}

} // namespace yizhan
