#include "tests/origin/responder.hpp"

#include "tests/origin/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace yizhan::origin {

namespace {

constexpr std::uint64_t most_at_once = std::uint64_t{64} * 1024;

const Resource& chosen(const Exchange& request, const Resource& resource, const std::optional<Resource>& instead) {
    if (instead) {
        return *instead;
    }
    const bool json = field(request.fields, "Accept").find("application/vnd.pypi.simple.v1+json") != std::string::npos;
    return json && resource.json ? *resource.json : resource;
}

} // namespace

Responder::Responder(const Room& room, const Exchange& request, const Resource& resource, const Behaviour& behaviour)
    : room_(room), request_(request), behaviour_(behaviour), resource_(chosen(request, resource, behaviour.instead_)),
      body_(resource_.body), status_(resource_.status), framing_(behaviour.framing_) {
    bend_body();
    count_ = body_.size();
    if (!resource_.content_type.empty()) {
        fields_.emplace_back("Content-Type", resource_.content_type);
    }
    if (resource.json && !behaviour.instead_) {
        fields_.emplace_back("Vary", "Accept");
    }
    if (!resource_.etag.empty()) {
        fields_.emplace_back("ETag", resource_.etag);
    }
    if (!resource_.last_modified.empty()) {
        fields_.emplace_back("Last-Modified", resource_.last_modified);
    }
    choose_range();
    add_length();
    fields_.insert(fields_.end(), resource_.fields.begin(), resource_.fields.end());
    std::erase_if(fields_, [&](const auto& f) {
        return std::ranges::any_of(behaviour_.dropped_,
                                   [&](const std::string& name) { return iequals(f.first, name); });
    });
    fields_.insert(fields_.end(), behaviour_.added_.begin(), behaviour_.added_.end());
}

void Responder::bend_body() {
    if (behaviour_.lie_) {
        body_ = Body::random(*behaviour_.lie_, body_.size());
    }
    for (const auto& flip : behaviour_.flips_) {
        const std::uint64_t at = flip.at.in(body_.size());
        if (at < body_.size()) {
            body_ = body_.flipped(at, flip.bit);
        }
    }
}

void Responder::choose_range() {
    if (status_ != 200) {
        return;
    }
    const std::string_view none_match = field(request_.fields, "If-None-Match");
    const std::string_view since = field(request_.fields, "If-Modified-Since");
    const bool same = none_match.empty()
                          ? !since.empty() && since == resource_.last_modified
                          : none_match == "*" ||
                                (!resource_.etag.empty() && none_match.find(resource_.etag) != std::string_view::npos);
    if (same && !behaviour_.ignore_conditions_) {
        status_ = 304;
        count_ = 0;
        return;
    }
    const std::string_view wanted = field(request_.fields, "Range");
    if (behaviour_.refuse_range_ && !wanted.empty()) {
        status_ = 416;
        fields_.emplace_back("Content-Range", fmt::format("bytes */{}", body_.size()));
        count_ = 0;
        return;
    }
    if (!resource_.ranges || behaviour_.ignore_range_) {
        return;
    }
    fields_.emplace_back("Accept-Ranges", "bytes");
    const std::string_view if_range = field(request_.fields, "If-Range");
    if (!if_range.empty() && !behaviour_.ignore_conditions_ && if_range != resource_.etag &&
        if_range != resource_.last_modified) {
        return;
    }
    const auto range = parse_range(wanted);
    if (!range || (range->first && range->last && *range->last < *range->first)) {
        return;
    }
    const std::uint64_t size = body_.size();
    const std::uint64_t last = range->first && range->last ? std::min(*range->last, size - 1) : size - 1;
    const std::uint64_t first = range->first ? *range->first : size - std::min(*range->last, size);
    if (first >= size) {
        status_ = 416;
        fields_.emplace_back("Content-Range", fmt::format("bytes */{}", size));
        count_ = 0;
        return;
    }
    set_range(first, last);
}

void Responder::set_range(std::uint64_t first, std::uint64_t last) {
    status_ = 206;
    const auto shifted = static_cast<std::int64_t>(first) + behaviour_.shift_;
    first_ = static_cast<std::uint64_t>(std::clamp<std::int64_t>(shifted, 0, static_cast<std::int64_t>(last)));
    count_ = last - first_ + 1;
    fields_.emplace_back("Content-Range",
                         fmt::format("bytes {}-{}/{}", first_, last, behaviour_.claimed_total_.value_or(body_.size())));
}

void Responder::add_length() {
    if (status_ == 304) {
        return;
    }
    switch (framing_) {
    case Framing::length:
        fields_.emplace_back("Content-Length", std::to_string(behaviour_.declared_length_.value_or(count_)));
        break;
    case Framing::chunked:
        fields_.emplace_back("Transfer-Encoding", "chunked");
        break;
    case Framing::close:
        fields_.emplace_back("Connection", "close");
        break;
    }
}

std::string Responder::head_text() const {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status_, reason_phrase(status_));
    for (const auto& [name, value] : fields_) {
        head += fmt::format("{}: {}\r\n", name, value);
    }
    for (const std::string& line : behaviour_.lines_) {
        head += line;
    }
    return head + "\r\n";
}

void Responder::end(Outcome outcome) {
    room_.record.update(room_.exchange, [&](Exchange& exchange) { exchange.outcome = outcome; });
}

bool Responder::cut(bool by_reset) {
    end(Outcome::cut);
    if (by_reset) {
        room_.wire.reset();
    } else {
        room_.wire.finish();
    }
    return false;
}

bool Responder::peer_gone() {
    end(room_.wire.stopped() ? Outcome::stopped : Outcome::peer_left);
    return false;
}

bool Responder::wait_gate(const std::string& gate) {
    return room_.wire.wait_event(room_.gates.arrive(gate)) == Wire::Wait::ready || peer_gone();
}

bool Responder::send_head() {
    if (behaviour_.delay_.count() > 0 &&
        room_.wire.wait_until(Pace::Clock::now() + behaviour_.delay_) != Wire::Wait::timeout) {
        return peer_gone();
    }
    if (!behaviour_.head_gate_.empty() && !wait_gate(behaviour_.head_gate_)) {
        return false;
    }
    std::string head = behaviour_.raw_ ? *behaviour_.raw_ : head_text();
    if (behaviour_.head_cut_) {
        head.resize(std::min<std::size_t>(head.size(), behaviour_.head_cut_->bytes));
    }
    // Before it leaves: whoever has the answer may look at the record at once.
    room_.record.update(room_.exchange, [&](Exchange& exchange) {
        exchange.status = status_;
        exchange.offset = first_;
    });
    if (!room_.wire.write_all(head)) {
        return peer_gone();
    }
    if (behaviour_.head_cut_) {
        return cut(behaviour_.head_cut_->reset);
    }
    return !behaviour_.raw_ || cut(false);
}

bool Responder::act(const Behaviour::Event& event) {
    switch (event.action) {
    case Action::cut:
        return cut(false);
    case Action::reset:
        return cut(true);
    case Action::stall:
        return wait_gate(event.gate);
    case Action::pause:
        return room_.wire.wait_until(Pace::Clock::now() + event.time) == Wire::Wait::timeout || peer_gone();
    case Action::rate:
        own_pace_.set_rate(event.amount);
        return true;
    case Action::drip:
        drip_bytes_ = event.amount;
        drip_interval_ = event.time;
        return true;
    }
    return true;
}

bool Responder::pace(std::uint64_t count) {
    const auto when =
        std::max({own_pace_.book(count), room_.connection_pace.book(count), room_.server_pace.book(count)});
    return room_.wire.wait_until(when) == Wire::Wait::timeout || peer_gone();
}

bool Responder::send_block(std::uint64_t position, std::uint64_t count) {
    if (!pace(count)) {
        return false;
    }
    block_.clear();
    if (framing_ == Framing::chunked) {
        block_ = fmt::format("{:x}\r\n", count);
    }
    const std::size_t lead = block_.size();
    block_.resize(lead + static_cast<std::size_t>(count));
    body_.read(first_ + position, {block_.data() + lead, static_cast<std::size_t>(count)});
    if (framing_ == Framing::chunked) {
        block_ += "\r\n";
    }
    if (!room_.wire.write_all(block_)) {
        return peer_gone();
    }
    room_.record.update(room_.exchange, [&](Exchange& exchange) { exchange.sent = position + count; });
    if (drip_interval_.count() > 0 &&
        room_.wire.wait_until(Pace::Clock::now() + drip_interval_) != Wire::Wait::timeout) {
        return peer_gone();
    }
    return true;
}

bool Responder::send_body() {
    std::multimap<std::uint64_t, const Behaviour::Event*> events; // keeps the order of events at one place
    for (const auto& event : behaviour_.events_) {
        events.emplace(event.at.in(count_), &event);
    }
    auto event = events.begin();
    std::uint64_t position = 0;
    while (true) {
        for (; event != events.end() && event->first == position; ++event) {
            if (!act(*event->second)) {
                return false;
            }
        }
        if (position == count_) {
            break;
        }
        const std::uint64_t next = event == events.end() ? count_ : event->first;
        std::uint64_t block = std::min(own_pace_.block(most_at_once), room_.connection_pace.block(most_at_once));
        block = std::min(block, room_.server_pace.block(most_at_once));
        if (drip_bytes_ > 0) {
            block = std::min(block, drip_bytes_);
        }
        block = std::min(block, next - position);
        if (!send_block(position, block)) {
            return false;
        }
        position += block;
    }
    std::string tail = framing_ == Framing::chunked ? "0\r\n\r\n" : "";
    tail += behaviour_.append_;
    return tail.empty() || room_.wire.write_all(tail) || peer_gone();
}

Responder::Next Responder::run() {
    const bool body = request_.method != "HEAD" && status_ != 304;
    if (!send_head() || (body && !send_body())) {
        return Next::close;
    }
    end(Outcome::complete);
    // A declared length that is not what was sent can only be told from the end of the connection.
    const bool lied = behaviour_.declared_length_ && *behaviour_.declared_length_ != count_;
    if (framing_ == Framing::close || (body && lied) || iequals(field(request_.fields, "Connection"), "close")) {
        room_.wire.finish();
        return Next::close;
    }
    return Next::keep_alive;
}

} // namespace yizhan::origin
