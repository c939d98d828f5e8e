// A program run as a child: an empty environment, everything it says collected, and no life after its parent.
#pragma once

#include "tests/origin/descriptor.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace yizhan::integration {

/// Start it from the test's main thread: the kernel kills it when the thread that started it ends.
class Child {
  public:
    /// `environment` as "NAME=value"; nothing else is inherited. Throws std::system_error where it cannot be started.
    Child(const std::vector<std::string>& command, const std::vector<std::string>& environment,
          const std::string& working_folder);
    /// Kills it where it still runs.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }

    void signal(int number) const;

    /// Its exit status (128 + the signal that ended it), or nullopt where it still runs after `patience`.
    std::optional<int> wait(std::chrono::milliseconds patience);

    /// Standard output and error so far, as they came.
    std::string said() const;

    /// The first line that contains `text`, waited for; nullopt after `patience` or when the child ends without it.
    std::optional<std::string> wait_line(std::string_view text, std::chrono::milliseconds patience) const;

    /// Waits until nothing more can come from it; false after `patience`.
    bool wait_output_end(std::chrono::milliseconds patience) const;

  private:
    void collect();

    pid_t pid_ = -1;
    origin::Descriptor process_; ///< a pidfd: readable when it has ended
    origin::Descriptor output_;
    std::optional<int> status_;
    mutable std::mutex mutex_;
    mutable std::condition_variable more_;
    std::string said_;
    bool ended_ = false; ///< its output is closed
    std::jthread collector_;
};

} // namespace yizhan::integration
