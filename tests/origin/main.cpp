// The mirror farm as a program: `origin SCRIPT [SECONDS]`. Prints what control.hpp's describe() says plus "control",
// one line of JSON; ends when its stdin closes, so that it cannot outlive the test that started it, and after SECONDS
// (900).
#include "tests/origin/control.hpp"
#include "tests/origin/script.hpp"

#include <boost/json.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

void wait_for_end(Clock::time_point until) {
    std::array<char, 256> ignored;
    while (Clock::now() < until) {
        pollfd polled{STDIN_FILENO, POLLIN, 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (::poll(&polled, 1, static_cast<int>(left)) > 0 &&
            ::read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0) {
            return;
        }
    }
}

int run(const char* path, std::chrono::seconds most) {
    std::ifstream file(path);
    if (!file) {
        std::fprintf(stderr, "origin: cannot read %s\n", path);
        return 2;
    }
    std::stringstream script;
    script << file.rdbuf();
    yizhan::origin::Farm farm;
    yizhan::origin::run_script(farm, script.str());
    yizhan::origin::Control control(farm);
    boost::json::object description = boost::json::parse(yizhan::origin::describe(farm)).as_object();
    description["control"] = control.url();
    std::puts(boost::json::serialize(description).c_str());
    std::fflush(stdout);
    wait_for_end(Clock::now() + most);
    // Not the destructors: somebody may still be waiting at the control port, and the end must not wait for him.
    std::_Exit(0);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: origin SCRIPT [SECONDS]\n");
        return 2;
    }
    try {
        return run(argv[1], std::chrono::seconds(argc == 3 ? std::atol(argv[2]) : 900));
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "origin: %s: %s\n", argv[1], problem.what());
        return 2;
    }
}
