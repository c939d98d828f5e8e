#include "tests/integration/service.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace yizhan::integration {

namespace {

std::vector<std::string> environment(const std::filesystem::path& folder) {
    // Nothing of the machine's: a proxy, a certificate file or a configuration of its user must neither help nor harm.
    // What the sanitizers are told holds for the service too.
    std::vector<std::string> out{"HOME=" + folder.string(), "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"};
    for (const std::string name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
        if (const char* value = std::getenv(name.c_str()))
            out.push_back(name + "=" + value);
    return out;
}

std::vector<std::string> command(const std::vector<std::string>& arguments) {
    std::vector<std::string> out{YIZHAN_BINARY};
    out.insert(out.end(), arguments.begin(), arguments.end());
    return out;
}

} // namespace

Service::Service(const std::filesystem::path& config, const std::filesystem::path& data,
                 const std::vector<std::string>& flags) {
    std::vector<std::string> arguments{"serve",       "--config", config.string(), "--data",
                                       data.string(), "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const std::filesystem::path folder = data.parent_path();
    const auto begin = std::chrono::steady_clock::now();
    child_ = std::make_unique<Child>(command(arguments), environment(folder), folder.string());
    constexpr std::string_view ready = "listening on http://127.0.0.1:";
    // Far more than it needs: how quick it must be is for the tests to say.
    const auto line = child_->wait_line(ready, std::chrono::seconds(30));
    start_took_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    if (!line) {
        throw std::runtime_error("yizhan did not say where it listens:\n" + child_->said());
    }
    const auto at = line->find(ready) + ready.size();
    std::from_chars(line->data() + at, line->data() + line->size(), port_);
}

int Service::wait_exit(std::chrono::milliseconds patience) {
    return child_->wait(patience).value_or(-1);
}

int Service::stop() {
    child_->signal(SIGTERM);
    return wait_exit();
}

void Service::kill() {
    child_->signal(SIGKILL);
    wait_exit();
}

std::string Service::wait_log(std::string_view text, std::chrono::milliseconds patience) const {
    return child_->wait_line(text, patience).value_or(std::string{});
}

Outcome run_yizhan(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
    Child child(command(arguments), environment(folder), folder.string());
    Outcome outcome;
    outcome.status = child.wait(std::chrono::seconds(30)).value_or(-1);
    child.wait_output_end(std::chrono::seconds(5)); // its last words may still be in the pipe
    outcome.said = child.said();
    return outcome;
}

} // namespace yizhan::integration
