// Time and chance as this folder takes them: always handed in, never read here, so that a test can be the clock.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace yizhan {

using Moment = std::chrono::steady_clock::time_point;
using Seconds = std::chrono::duration<double>;

/// Uniform in [0, 1). Called on the thread that calls the object that holds it.
using Chance = std::function<double()>;

/// A duration for people, two figures at the most: "250 ms", "12 s", "14 min", "5.8 h". Negative ones read as "0 ms".
std::string in_words(Seconds duration);

/// exp(-age / tau): what is left of a value's weight after `age`; 1 for ages below zero.
double left_after(Seconds age, Seconds tau);

/// Foreign words cut to what fits in a log line (200 bytes), control bytes as '?'.
std::string bounded(std::string_view words);

} // namespace yizhan
