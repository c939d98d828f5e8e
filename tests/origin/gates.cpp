#include "tests/origin/gates.hpp"

namespace yizhan::origin {

Gates::Gate& Gates::find(const std::string& name) {
    Gate& gate = gates_[name];
    if (!gate.event) {
        gate.event = make_event();
    }
    return gate;
}

void Gates::open(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Gate& gate = find(name);
    gate.open = true;
    raise_event(gate.event);
}

void Gates::close(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Gate& gate = find(name);
    gate.open = false;
    clear_event(gate.event);
}

void Gates::open_all() {
    const std::lock_guard lock(mutex_);
    for (auto& [name, gate] : gates_) {
        gate.open = true;
        raise_event(gate.event);
    }
}

bool Gates::wait_arrivals(const std::string& name, unsigned count, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, patience, [&] { return find(name).arrivals >= count; });
}

unsigned Gates::arrivals(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return find(name).arrivals;
}

int Gates::arrive(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Gate& gate = find(name);
    ++gate.arrivals;
    arrived_.notify_all();
    return gate.event.get();
}

} // namespace yizhan::origin
