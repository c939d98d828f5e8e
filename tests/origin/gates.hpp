// Named gates: where a response stands still until the test says go on. They take the place of sleeps.
#pragma once

#include "tests/origin/descriptor.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace yizhan::origin {

/// All gates of one farm, closed until opened; a gate comes to be when it is first named. Any thread.
class Gates {
  public:
    /// Lets through everybody who waits at `name` and everybody who comes later.
    void open(const std::string& name);

    /// Shuts an open gate again for those who come later.
    void close(const std::string& name);

    void open_all();

    /// Blocks until `count` responses in all have come to stand at `name`; false after `patience`.
    bool wait_arrivals(const std::string& name, unsigned count = 1,
                       std::chrono::milliseconds patience = std::chrono::seconds(20));

    unsigned arrivals(const std::string& name);

    /// For the server: counts an arrival, and gives the descriptor that is readable while the gate is open.
    int arrive(const std::string& name);

  private:
    struct Gate {
        Descriptor event; ///< an eventfd: readable means open
        unsigned arrivals = 0;
        bool open = false;
    };
    Gate& find(const std::string& name);

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::string, Gate> gates_;
};

} // namespace yizhan::origin
