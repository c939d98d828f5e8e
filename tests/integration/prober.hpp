// What honest clients notice while something else goes on: how long their answers take.
#pragma once

#include "tests/origin/origin.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <thread>
#include <vector>

namespace yizhan::integration {

/// The answers that a Prober got.
struct Answers {
    std::vector<std::chrono::microseconds> times; ///< the shortest first, connecting included
    unsigned wrong = 0;                           ///< not a complete 200

    std::chrono::microseconds percentile(unsigned of_hundred) const;

    /// The share of the time, 0 to 1, at which a question would have been answered later than `limit`. Not a share of
    /// the answers: whoever waits asks nothing meanwhile, so a long silence would count as one of many.
    double late(std::chrono::microseconds limit) const;
};

/// "1380 answers, median 0.05 ms, 99 % 0.4 ms, worst 7.2 ms, later than 50 ms 0 % of the time"
std::ostream& operator<<(std::ostream& out, const Answers& answers);

/// Asks for these targets again and again on connections of its own, each of which may meet another core.
class Prober {
  public:
    /// Between two questions: leaves the two cores of a test machine to those whom it measures.
    static constexpr std::chrono::milliseconds pause{2};

    Prober(std::uint16_t port, std::vector<std::string> targets, std::string address = "127.0.0.1");

    /// Ends it.
    Answers finish();

  private:
    void run();

    std::uint16_t port_;
    std::vector<std::string> targets_;
    std::string address_;
    std::atomic<bool> stop_ = false;
    Answers answers_; ///< its thread's until that has ended
    std::jthread thread_;
};

} // namespace yizhan::integration
