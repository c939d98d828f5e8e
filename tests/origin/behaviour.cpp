#include "tests/origin/behaviour.hpp"

#include <algorithm>
#include <ostream>

namespace yizhan::origin {

Offset Offset::percent(unsigned of_hundred) {
    Offset offset(of_hundred);
    offset.percent_ = true;
    return offset;
}

std::uint64_t Offset::in(std::uint64_t size) const {
    if (percent_) {
        // Split so that sizes near 2^64 do not overflow.
        const auto part = static_cast<std::uint64_t>(std::clamp<std::int64_t>(value_, 0, 100));
        return size / 100 * part + size % 100 * part / 100;
    }
    if (value_ >= 0) {
        return std::min(static_cast<std::uint64_t>(value_), size);
    }
    const std::uint64_t back = static_cast<std::uint64_t>(-(value_ + 1)) + 1;
    return back > size ? 0 : size - back;
}

std::ostream& operator<<(std::ostream& out, const Offset& offset) {
    return out << offset.value_ << (offset.percent_ ? "%" : "");
}

Behaviour& Behaviour::instead(Resource resource) {
    instead_ = std::move(resource);
    return *this;
}

Behaviour& Behaviour::raw(std::string bytes) {
    raw_ = std::move(bytes);
    return *this;
}

Behaviour& Behaviour::lie(std::uint64_t seed) {
    lie_ = seed;
    return *this;
}

Behaviour& Behaviour::flip(Offset at, unsigned bit) {
    flips_.push_back({at, bit});
    return *this;
}

Behaviour& Behaviour::append(std::string bytes) {
    append_ = std::move(bytes);
    return *this;
}

Behaviour& Behaviour::declare_length(std::uint64_t bytes) {
    declared_length_ = bytes;
    return *this;
}

Behaviour& Behaviour::chunked() {
    framing_ = Framing::chunked;
    return *this;
}

Behaviour& Behaviour::until_close() {
    framing_ = Framing::close;
    return *this;
}

Behaviour& Behaviour::add_field(std::string name, std::string value) {
    added_.emplace_back(std::move(name), std::move(value));
    return *this;
}

Behaviour& Behaviour::add_line(std::string line) {
    lines_.push_back(std::move(line));
    return *this;
}

Behaviour& Behaviour::drop_field(std::string name) {
    dropped_.push_back(std::move(name));
    return *this;
}

Behaviour& Behaviour::ignore_range() {
    ignore_range_ = true;
    return *this;
}

Behaviour& Behaviour::refuse_range() {
    refuse_range_ = true;
    return *this;
}

Behaviour& Behaviour::shift_range(std::int64_t bytes) {
    shift_ = bytes;
    return *this;
}

Behaviour& Behaviour::claim_total(std::uint64_t size) {
    claimed_total_ = size;
    return *this;
}

Behaviour& Behaviour::ignore_conditions() {
    ignore_conditions_ = true;
    return *this;
}

Behaviour& Behaviour::stall_head(std::string gate) {
    head_gate_ = std::move(gate);
    return *this;
}

Behaviour& Behaviour::delay(std::chrono::milliseconds time) {
    delay_ = time;
    return *this;
}

Behaviour& Behaviour::cut_head(std::uint64_t bytes) {
    head_cut_ = HeadCut{bytes, false};
    return *this;
}

Behaviour& Behaviour::reset_head(std::uint64_t bytes) {
    head_cut_ = HeadCut{bytes, true};
    return *this;
}

Behaviour& Behaviour::cut(Offset at) {
    events_.push_back({at, Action::cut, 0, {}, {}});
    return *this;
}

Behaviour& Behaviour::reset(Offset at) {
    events_.push_back({at, Action::reset, 0, {}, {}});
    return *this;
}

Behaviour& Behaviour::stall(Offset at, std::string gate) {
    events_.push_back({at, Action::stall, 0, {}, std::move(gate)});
    return *this;
}

Behaviour& Behaviour::pause(Offset at, std::chrono::milliseconds time) {
    events_.push_back({at, Action::pause, 0, time, {}});
    return *this;
}

Behaviour& Behaviour::rate(Offset at, std::uint64_t bytes_per_second) {
    events_.push_back({at, Action::rate, bytes_per_second, {}, {}});
    return *this;
}

Behaviour& Behaviour::drip(Offset at, std::uint64_t bytes, std::chrono::milliseconds interval) {
    events_.push_back({at, Action::drip, bytes, interval, {}});
    return *this;
}

} // namespace yizhan::origin
