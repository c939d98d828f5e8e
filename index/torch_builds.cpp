#include "index/torch_builds.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace yizhan {

bool has_builds_for(const TorchRow& row, const Interpreter& python) {
    const std::pair wanted{python.major, python.minor};
    if (wanted.first == 2)
        return wanted == row.python_min;
    return wanted >= std::max(row.python_min, std::pair(3U, 5U)) && wanted <= row.python_max;
}

Interpreter interpreter_for(const Machine& machine, const TorchRow& row) {
    return machine.python.value_or(
        Interpreter{.major = row.python_max.first, .minor = row.python_max.second, .free_threaded = false});
}

std::optional<BuildFacts> build_on(const Machine& machine, std::string_view project, std::string_view version,
                                   const Interpreter& python, const Tables& tables) {
    // CPython's ABI tags end in m before 3.8 (PEP 3149), in mu for 2.7 on Linux, in t for free-threaded builds.
    const bool old = std::pair(python.major, python.minor) <= std::pair(3U, 7U);
    const std::string_view suffix = python.free_threaded                      ? "t"
                                    : !old                                    ? ""
                                    : python.major == 2 && !machine.windows() ? "mu"
                                                                              : "m";
    Distribution wheel;
    wheel.kind = DistributionKind::wheel;
    wheel.name = project;
    wheel.version = normalized_version(version);
    wheel.python = python.tag();
    wheel.abi = python.tag() + std::string(suffix);
    wheel.platform = machine.platform;
    return BuildFacts::of(wheel, "", tables);
}

} // namespace yizhan
