// Clocks and chances that tests hold in their hands.
#pragma once

#include "config/health_settings.hpp"
#include "config/sizes.hpp"
#include "proxy/relay/health/clock.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>

namespace yizhan {

using namespace std::chrono_literals;

/// Some moment, far from the clock's start.
inline const Moment start = Moment{} + 1000h;

/// `seconds` after the start.
inline Moment at(double seconds) {
    return start + std::chrono::duration_cast<Moment::duration>(Seconds(seconds));
}

inline Chance always(double value) {
    return [value] { return value; };
}

inline Chance seeded(unsigned seed) {
    return [engine = std::make_shared<std::mt19937_64>(seed)] {
        return std::uniform_real_distribution<double>(0, 1)(*engine);
    };
}

} // namespace yizhan
