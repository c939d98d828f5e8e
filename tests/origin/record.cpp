#include "tests/origin/record.hpp"

#include <algorithm>

namespace yizhan::origin {

namespace {

bool is_for(const Exchange& exchange, std::string_view path, std::string_view method) {
    const bool path_fits = path.starts_with('/') ? exchange.path == path : exchange.path.ends_with(path);
    return path_fits && (method.empty() || exchange.method == method);
}

} // namespace

std::string_view name(Outcome outcome) {
    switch (outcome) {
    case Outcome::under_way:
        return "under_way";
    case Outcome::complete:
        return "complete";
    case Outcome::cut:
        return "cut";
    case Outcome::peer_left:
        return "peer_left";
    case Outcome::stopped:
        return "stopped";
    }
    return "?";
}

std::vector<Exchange> Record::snapshot() const {
    std::vector<Exchange> out;
    out.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        out.push_back(entry.exchange);
    }
    return out;
}

std::vector<Exchange> Record::all() const {
    const std::lock_guard lock(mutex_);
    return snapshot();
}

std::vector<Exchange> Record::of(std::string_view path, std::string_view method) const {
    std::vector<Exchange> out = all();
    std::erase_if(out, [&](const Exchange& exchange) { return !is_for(exchange, path, method); });
    return out;
}

std::size_t Record::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::uint64_t Record::bytes(std::string_view path) const {
    std::uint64_t sum = 0;
    for (const Exchange& exchange : of(path)) {
        sum += exchange.sent;
    }
    return sum;
}

unsigned Record::connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

unsigned Record::open_connections() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

unsigned Record::most_connections() const {
    const std::lock_guard lock(mutex_);
    return most_;
}

bool Record::wait(const std::function<bool(const std::vector<Exchange>&)>& holds,
                  std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return holds(snapshot()); });
}

bool Record::wait_requests(std::string_view path, std::size_t count, std::chrono::milliseconds patience) const {
    return wait(
        [&](const std::vector<Exchange>& exchanges) {
            return static_cast<std::size_t>(std::ranges::count_if(
                       exchanges, [&](const Exchange& exchange) { return is_for(exchange, path, {}); })) >= count;
        },
        patience);
}

bool Record::wait_sent(std::string_view path, std::uint64_t bytes, std::chrono::milliseconds patience) const {
    return wait(
        [&](const std::vector<Exchange>& exchanges) {
            return std::ranges::any_of(exchanges, [&](const Exchange& exchange) {
                return is_for(exchange, path, {}) && exchange.sent >= bytes;
            });
        },
        patience);
}

bool Record::wait_idle(std::chrono::milliseconds patience) const {
    return wait(
        [](const std::vector<Exchange>& exchanges) {
            return std::ranges::none_of(exchanges, [](const Exchange& e) { return e.outcome == Outcome::under_way; });
        },
        patience);
}

void Record::clear() {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const Entry& entry) { return entry.exchange.outcome != Outcome::under_way; });
}

std::chrono::milliseconds Record::now() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
}

std::uint64_t Record::begin(Exchange exchange) {
    const std::lock_guard lock(mutex_);
    exchange.at = now();
    entries_.push_back({next_, std::move(exchange)});
    changed_.notify_all();
    return next_++;
}

void Record::update(std::uint64_t number, const std::function<void(Exchange&)>& change) {
    const std::lock_guard lock(mutex_);
    const auto entry = std::ranges::find(entries_, number, &Entry::number);
    if (entry != entries_.end()) {
        change(entry->exchange);
        if (entry->exchange.outcome != Outcome::under_way)
            entry->exchange.ended = now();
        changed_.notify_all();
    }
}

void Record::connection_opened() {
    const std::lock_guard lock(mutex_);
    ++connections_;
    most_ = std::max(most_, ++open_);
}

void Record::connection_closed() {
    const std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_all();
}

} // namespace yizhan::origin
