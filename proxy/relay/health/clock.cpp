#include "proxy/relay/health/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace yizhan {

std::string in_words(Seconds duration) {
    const auto seconds = std::max(duration.count(), 0.0);
    if (seconds < 0.9995)
        return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 9.95)
        return fmt::format("{:.1f} s", seconds);
    if (seconds < 120)
        return fmt::format("{:.0f} s", seconds);
    if (seconds < 7200)
        return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

double left_after(Seconds age, Seconds tau) {
    return std::exp(-std::max(age.count(), 0.0) / tau.count());
}

std::string bounded(std::string_view words) {
    constexpr std::size_t longest = 200;
    std::string out(words.substr(0, longest));
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    if (words.size() > longest)
        out += "…";
    return out;
}

} // namespace yizhan
