// The real binary under test: `yizhan serve` on a free port of 127.0.0.1.
#pragma once

#include "tests/integration/child.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan::integration {

class Service {
  public:
    /// Starts it and waits until it listens; std::runtime_error with its words where it does not.
    Service(const std::filesystem::path& config, const std::filesystem::path& data,
            const std::vector<std::string>& flags = {});

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return child_->pid(); }

    /// From the start of the process to its line "listening on".
    std::chrono::milliseconds start_took() const { return start_took_; }

    /// SIGTERM, and its exit status; -1 where it has not ended after ten seconds.
    int stop();

    void signal(int number) { child_->signal(number); }

    /// kill -9, and waits until it is gone.
    void kill();

    int wait_exit(std::chrono::milliseconds patience = std::chrono::seconds(10));

    std::string log() const { return child_->said(); }

    /// The first log line with this text, waited for; empty where it does not come.
    std::string wait_log(std::string_view text, std::chrono::milliseconds patience = std::chrono::seconds(10)) const;

  private:
    std::unique_ptr<Child> child_;
    std::uint16_t port_ = 0;
    std::chrono::milliseconds start_took_{0};
};

/// What `yizhan` says and returns when run to its end with these arguments.
struct Outcome {
    int status = -1;
    std::string said;
};
Outcome run_yizhan(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

} // namespace yizhan::integration
