#include "proxy/relay/couriers.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

} // namespace

Couriers::Couriers(Errand& errand, Intake& intake, Owner& owner)
    : errand_(errand), intake_(intake), owner_(owner), tick_(errand.context.relay) {}

void Couriers::start() {
    segments_ = Segments(errand_.size.value_or(0) > 0 ? *errand_.size : Segments::endless);
    segments_.begin_again(intake_.added());
    for (const auto& [begin, end] : intake_.added().ranges())
        broken_.insert(end);
    advanced_ = Clock::now();
    drive();
}

void Couriers::start_in_order() {
    rides_.clear();
    in_order_ = true;
    segments_.begin_again(intake_.added());
    want_turn();
}

void Couriers::stop() {
    stopped_ = true;
    tick_.cancel();
    for (const auto& ride : rides_)
        ride->abandon();
}

void Couriers::leave(std::size_t contender) {
    broken_.clear();
    for (const auto& ride : rides_) {
        if (ride->over() || !(ride->rides_with(contender) || ride->compares()))
            continue;
        segments_.give_back({ride->at(), ride->segment().end});
        ride->abandon();
    }
    want_turn();
}

void Couriers::bring_again(const Extents& missing) {
    for (const auto& [begin, end] : missing.ranges())
        segments_.give_back({begin, end});
    leaderless_ = false; // those who contradicted what is gone may be asked again
    want_turn();
}

void Couriers::resume() {
    advanced_ = Clock::now(); // our pause was nobody's silence
    for (const auto& ride : rides_)
        ride->resume();
}

// ---- what rides report

// What an earlier time left here may have holes: this one brings the first, and what is free ended nowhere until now.
void Couriers::ride_heard_size() {
    segments_.end_at(*errand_.size);
    owner_.couriers_heard_size();
}

Credit Couriers::ride_brought(Ride& ride, std::span<const std::byte> bytes, const std::string& source) {
    if (leads(ride))
        advanced_ = Clock::now();
    intake_.add(ride.at(), bytes, source);
    if (!intake_.crowded())
        return Credit::more;
    wait_for_room();
    return Credit::pause;
}

void Couriers::wait_for_room() {
    intake_.wait_for_room([self = weak_from_this()] {
        const auto couriers = self.lock();
        if (!couriers || couriers->stopped_)
            return;
        couriers->intake_.crowded() ? couriers->wait_for_room() : couriers->resume();
    });
}

bool Couriers::ride_runs_on(Ride& ride) {
    const auto more = segments_.take_at(ride.segment().end, errand_.context.settings.segments.first,
                                        errand_.context.settings.segments.least);
    if (more)
        ride.extend(more->end);
    return more.has_value();
}

void Couriers::ride_arrived(Ride&) {
    leaderless_ = false;
    want_turn();
}

void Couriers::ride_stranded(Ride& ride) {
    leaderless_ = leads(ride);
    for (const auto helper : ride.not_now())
        declined_.insert(helper);
    if (ride.left() > 0)
        segments_.give_back({ride.at(), ride.segment().end});
    if (ride.at() > ride.segment().begin)
        broken_.insert(ride.at());
    want_turn();
}

void Couriers::read_before(Ride& ride, std::uint64_t size) {
    // Not by its address: when the disk answers another ride may stand there, and compare with these bytes.
    const std::weak_ptr<Ride> who = *std::ranges::find(rides_, &ride, &std::shared_ptr<Ride>::get);
    intake_.read_back(ride.at(), size, [self = weak_from_this(), who](auto before) {
        const auto couriers = self.lock();
        const auto still = who.lock();
        if (couriers && !couriers->stopped_ && still)
            still->went_on(std::move(before));
    });
}

// ---- who rides

void Couriers::want_turn() {
    if (std::exchange(turn_wanted_, true))
        return;
    asio::post(errand_.context.relay, [self = weak_from_this()] {
        if (const auto couriers = self.lock())
            couriers->turn();
    });
}

void Couriers::turn() {
    turn_wanted_ = false;
    if (stopped_)
        return;
    std::erase_if(rides_, [](const auto& ride) { return ride->over(); });
    drive();
}

void Couriers::drive() {
    if (rides_.empty() && segments_.free() == 0 && errand_.size && intake_.front() >= *errand_.size)
        return owner_.couriers_done();
    const auto now = Clock::now();
    if (leaderless_ && (rides_.empty() || silence(now) > client_patience))
        return owner_.couriers_stranded();
    if (!leaderless_ && std::ranges::none_of(rides_, [this](const auto& ride) { return leads(*ride); }))
        lead();
    while (call_helper(now)) {
    }
    schedule();
}

bool Couriers::split() const {
    const auto& rules = errand_.context.settings.segments;
    return !in_order_ && !errand_.alone && errand_.object.identity.known() && errand_.size.value_or(0) >= rules.from &&
           errand_.contenders.families() >= rules.families;
}

std::uint64_t Couriers::length_for(double rate, Clock::time_point now) const {
    const auto& rules = errand_.context.settings.segments;
    const auto idle = errand_.contenders.idle(errand_.ask, rules.connections, now).size();
    return segment_length(rules, rate, segments_.free(), static_cast<unsigned>(rides_.size() + std::max(idle, 1UL)));
}

Ride& Couriers::add_ride(Segment segment, bool follows_on) {
    Ride::Owner& hears = *this;
    return *rides_.emplace_back(std::make_shared<Ride>(errand_, hears, segment, follows_on));
}

// Somebody for the next byte that the readers wait for.
void Couriers::lead() {
    const auto length = split() ? length_for(0, Clock::now()) : Segments::endless;
    const auto segment = segments_.take_at(intake_.front(), length, errand_.context.settings.segments.least);
    if (!segment)
        return; // somebody who has just ended brought it: a turn is on its way
    const bool follows_on = segment->begin > 0 && (broken_.erase(segment->begin) > 0 || in_order_);
    add_ride(*segment, follows_on).ask();
}

// One more for what is further on. False where nobody is idle, or there is nothing to do.
bool Couriers::call_helper(Clock::time_point now) {
    if (rides_.empty() || !split())
        return false;
    const auto& rules = errand_.context.settings.segments;
    for (const auto helper : errand_.contenders.idle(errand_.ask, rules.connections, now)) {
        if (declined_.contains(helper))
            continue;
        const auto id = errand_.contenders[helper].id;
        const auto length = length_for(errand_.context.endpoints.measured_rate(id, errand_.ask.size, now), now);
        auto segment = segments_.take(length, rules.least, intake_.front() + rules.window);
        if (!segment)
            segment = steal_for(helper, now);
        if (!segment)
            continue;
        const bool follows_on = segment->begin > 0 && broken_.erase(segment->begin) > 0;
        auto& ride = add_ride(*segment, follows_on);
        ride.ask(helper);
        if (ride.over())
            declined_.insert(helper);
        return true;
    }
    return false;
}

// The tail of the segment that would be done last. The two never bring the same bytes: splitting costs nothing, racing
// would cost what the loser brought.
std::optional<Segment> Couriers::steal_for(std::size_t helper, Clock::time_point now) {
    const auto& endpoints = errand_.context.endpoints;
    // Where all are slow to answer, one who has answered nothing in this transfer would do no better; and a request
    // that took another one's place is left the time that it takes, or none would ever live to its first byte.
    const bool proven = errand_.contenders[helper].spoke_for(errand_.contributors);
    Ride* slowest = nullptr;
    double longest = 0;
    for (const auto& ride : rides_) {
        if (ride->over() || ride->rides_with(helper) || !ride->judged(now))
            continue;
        if (!ride->flows() && !(proven && !handed_on_.contains(ride->segment().begin)))
            continue;
        if (ride->overtakes_us())
            continue; // a second sender would bring nothing sooner, and what waits in its socket would be lost
        const auto takes = static_cast<double>(ride->left()) / std::max(ride->rate(now), 1.0);
        if (takes > longest) {
            slowest = ride.get();
            longest = takes;
        }
    }
    if (!slowest)
        return std::nullopt;
    const auto measured = endpoints.measured_rate(errand_.contenders[helper].id, errand_.ask.size, now);
    const auto rate = measured > 0 ? measured : std::max(slowest->rate(now), 1.0);
    const auto end = slowest->segment().end;
    const auto at = split_at(slowest->at(), end, slowest->rate(now), rate);
    if (!at)
        return std::nullopt;
    slowest->shorten(*at);
    if (slowest->left() == 0 && !slowest->flows()) {
        handed_on_.insert(*at);
        slowest->abandon();
        want_turn();
    }
    return Segment{.begin = *at, .end = end};
}

// ---- time

void Couriers::schedule() {
    const auto now = Clock::now();
    auto next = now + seconds(1);
    for (const auto& ride : rides_)
        next = std::min(next, ride->next_look(now));
    if (leaderless_)
        next = std::min(next, now + milliseconds(100));
    tick_.expires_at(next);
    tick_.async_wait([self = weak_from_this()](boost::system::error_code ec) {
        if (const auto couriers = self.lock(); couriers && !ec)
            couriers->tick();
    });
}

void Couriers::tick() {
    if (stopped_)
        return;
    const auto now = Clock::now();
    declined_.clear();
    leaderless_ = leaderless_ && rides_.empty();    // while others bring theirs somebody may be free for the next byte
    for (std::size_t i = 0; i < rides_.size(); ++i) // none is taken out before its turn
        rides_[i]->tick(now);
    if (stopped_)
        return;
    if (!turn_wanted_)
        drive();
    else
        schedule();
}

// ---- what is shown

double Couriers::bytes_per_second(Clock::time_point now) const {
    double out = 0;
    for (const auto& ride : rides_)
        out += ride->rate(now);
    return out;
}

std::vector<std::string> Couriers::asking() const {
    std::vector<std::string> out;
    for (const auto& ride : rides_)
        std::ranges::move(ride->asking(), std::back_inserter(out));
    return out;
}

unsigned Couriers::flowing() const {
    return static_cast<unsigned>(std::ranges::count_if(rides_, [](const auto& ride) { return ride->flows(); }));
}

} // namespace yizhan
