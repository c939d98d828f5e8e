#include "proxy/relay/health/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace yizhan {
namespace {

// More lies than these say nothing new.
constexpr std::size_t most_lies = 16;

// FNV-1a: a lie must be told from another one after a restart too, and a collision only forgives one.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return hash;
}

Gate gate_of(const Breaker& breaker, Moment now) {
    switch (breaker.state(now)) {
    case Breaker::State::closed:
        return Gate::closed;
    case Breaker::State::half_open:
        return breaker.probing() ? Gate::probing : Gate::half_open;
    case Breaker::State::open:
        return Gate::open;
    }
    return Gate::open;
}

} // namespace

std::string EndpointName::key() const {
    return address == AddressFamily::any ? origin : fmt::format("{} {}", origin, yizhan::name(address));
}

std::string_view name(AddressFamily address) {
    return address == AddressFamily::any ? "any" : address == AddressFamily::v4 ? "v4" : "v6";
}

std::string_view name(Gate gate) {
    constexpr std::array<std::string_view, 5> names{"closed", "half-open", "probing", "open", "expelled"};
    return names[static_cast<std::size_t>(gate)];
}

Endpoint::Endpoint(EndpointId id, EndpointName name, const HealthSettings& rules)
    : id_(id), name_(std::move(name)), rules_(&rules),
      scores_{Score(rules.score), Score(rules.score), Score(rules.score), Score(rules.score)},
      cap_(rules.cap, name_.gentle), retries_(rules.retry) {}

Endpoint::KindState& Endpoint::kind_of(std::string_view kind) {
    const auto at = kinds_.find(kind);
    if (at != kinds_.end())
        return at->second;
    return kinds_.emplace(std::string(kind), KindState{Breaker(rules_->breaker), {}, 0}).first->second;
}

Gate Endpoint::gate(std::string_view kind, Moment now) const {
    if (expelled(now))
        return Gate::expelled;
    const auto at = kinds_.find(kind);
    return at == kinds_.end() ? Gate::closed : gate_of(at->second.breaker, now);
}

std::string Endpoint::words(std::string_view kind, Moment now) const {
    if (expelled(now))
        return fmt::format("expelled for another {}: it sent wrong bytes for {} objects",
                           in_words(expelled_until() - now), lies_.size());
    const auto at = kinds_.find(kind);
    return at == kinds_.end() ? "closed" : at->second.breaker.words(now);
}

// ---- how fast

bool Endpoint::tried() const {
    return std::ranges::any_of(scores_, &Score::tried);
}

Estimate Endpoint::estimate(SizeClass size, Moment now) const {
    const auto wanted = static_cast<int>(size);
    const auto nearest = [&](auto knows) -> const Score* {
        const Score* best = nullptr;
        int distance = static_cast<int>(size_class_count);
        for (int i = 0; i < static_cast<int>(size_class_count); ++i)
            if (const auto& score = scores_[static_cast<std::size_t>(i)];
                i != wanted && knows(score) && std::abs(i - wanted) < distance) {
                best = &score;
                distance = std::abs(i - wanted);
            }
        return best;
    };
    auto prior = Score::prior(rules_->score);
    if (const auto* score = nearest([](const Score& s) { return s.tried(); }))
        prior.first_byte = score->estimate(now).first_byte;
    if (const auto* score = nearest([](const Score& s) { return s.rate_known(); }))
        prior.bytes_per_second = score->estimate(now).bytes_per_second;
    return scores_[static_cast<std::size_t>(size)].estimate(now, prior);
}

Seconds Endpoint::expected(SizeClass size, std::uint64_t bytes, Moment now) const {
    return expected_finish(estimate(size, now), bytes, scores_[static_cast<std::size_t>(size)].in_flight());
}

double Endpoint::measured_rate(SizeClass size, Moment now) const {
    return std::ranges::any_of(scores_, &Score::rate_known) ? estimate(size, now).bytes_per_second : 0;
}

// ---- what failures mean

void Endpoint::neighbour_passed(std::string_view kind, Moment now) {
    auto& state = kind_of(kind);
    state.passed = now;
    state.forbidden_in_row = 0;
}

Effects Endpoint::weigh(const Failure& failure, std::string_view kind, const Breaker::Pass& pass, Moment now) {
    auto effects = effects_of(failure.symptom);
    if (failure.symptom == Symptom::busy && failure.retry_after)
        effects.breaker = Effects::Breaker::busy;
    if (failure.symptom != Symptom::forbidden && failure.symptom != Symptom::block_page)
        return effects;
    auto& state = kind_of(kind);
    ++state.forbidden_in_row;
    const bool neighbour = state.passed && now - *state.passed <= rules_->breaker.neighbour;
    const auto limit = failure.symptom == Symptom::forbidden ? rules_->breaker.forbidden_to_open
                       : neighbour                           ? rules_->breaker.block_pages_to_open
                                                             : 1;
    // After a rest for a block the question is whether it still stands: one 403 answers it.
    const bool still = pass.is_probe() && state.breaker.cause() == RestCause::blocked;
    if (state.forbidden_in_row >= limit || still) {
        effects.blame = Blame::policy;
        effects.breaker = Effects::Breaker::blocked;
        effects.lacks_object = false;
    }
    return effects;
}

void Endpoint::lied(std::string_view object, Moment now) {
    const auto hash = hash_of(object);
    const auto& rules = rules_->integrity;
    std::erase_if(lies_,
                  [&](const Lie& lie) { return lie.object == hash || now - lie.when > rules.window + rules.rest; });
    if (lies_.size() >= most_lies)
        lies_.erase(lies_.begin());
    lies_.push_back({hash, now});
}

void Endpoint::withdraw_lie(std::string_view object) {
    const auto hash = hash_of(object);
    auto& blamed = blamed_[static_cast<std::size_t>(Blame::integrity)];
    blamed -= std::min<std::uint64_t>(blamed, std::erase_if(lies_, [&](const Lie& lie) { return lie.object == hash; }));
}

bool Endpoint::lied_about(std::string_view object, Moment now) const {
    const auto hash = hash_of(object);
    const auto& rules = rules_->integrity;
    return std::ranges::any_of(
        lies_, [&](const Lie& lie) { return lie.object == hash && now - lie.when <= rules.window + rules.rest; });
}

// From the newest lie that had enough others within the window before it.
Moment Endpoint::expelled_until() const {
    for (auto last = lies_.rbegin(); last != lies_.rend(); ++last) {
        const auto count = std::count_if(
            last, lies_.rend(), [&](const Lie& lie) { return last->when - lie.when < rules_->integrity.window; });
        if (count >= std::ptrdiff_t{rules_->integrity.lies_to_expel})
            return last->when + rules_->integrity.rest;
    }
    return Moment::min();
}

bool Endpoint::expelled(Moment now) const {
    return !lies_.empty() && now < expelled_until();
}

// ---- redirects

void Endpoint::landed(const std::shared_ptr<Endpoint>& other, Moment now) {
    if (other.get() == this) {
        signpost_ = {};
        return;
    }
    if (signpost_.to.lock() != other)
        signpost_ = Signpost{other, 0, now};
    ++signpost_.in_row;
    signpost_.seen = now;
}

std::shared_ptr<Endpoint> Endpoint::leads_to(Moment now) const {
    const bool believed =
        signpost_.in_row >= rules_->redirects.in_row && now - signpost_.seen < rules_->redirects.believed;
    return believed ? signpost_.to.lock() : nullptr;
}

// ---- to see it, and to keep it

EndpointStatus Endpoint::status(Moment now) const {
    EndpointStatus out;
    out.name = name_;
    out.words = "closed";
    out.blamed = blamed_;
    out.in_flight = in_flight_;
    out.cap = cap_.at(now);
    out.cap_words = cap_.words(now);
    for (const auto size : all_size_classes) {
        const auto i = static_cast<std::size_t>(size);
        out.speeds[i] = {size, scores_[i].tried(), estimate(size, now), scores_[i].in_flight()};
    }
    for (const auto& [kind, state] : kinds_) {
        out.kinds.push_back({kind, gate(kind, now), words(kind, now)});
        if (out.kinds.back().gate >= out.gate) {
            out.gate = out.kinds.back().gate;
            out.words = out.kinds.back().words;
        }
    }
    if (expelled(now)) {
        out.gate = Gate::expelled;
        out.words = words({}, now);
    }
    if (const auto other = leads_to(now))
        out.leads_to = other->name().origin;
    return out;
}

LearntEndpoint Endpoint::learnt(Moment now) const {
    LearntEndpoint out;
    for (std::size_t i = 0; i < size_class_count; ++i)
        out.scores[i] = scores_[i].learnt(now);
    for (const auto& [kind, state] : kinds_)
        out.kinds.push_back({kind, state.breaker.learnt(now)});
    out.cap = cap_.learnt(now);
    for (const auto& lie : lies_)
        out.lies.push_back({lie.object, now - lie.when});
    return out;
}

void Endpoint::restore(const LearntEndpoint& learnt, Moment now) {
    for (std::size_t i = 0; i < size_class_count; ++i)
        scores_[i].restore(learnt.scores[i], now);
    for (const auto& kind : learnt.kinds)
        kind_of(kind.name).breaker.restore(kind.breaker, now);
    if (learnt.cap > 0)
        cap_.restore(learnt.cap, now);
    lies_.clear();
    for (const auto& lie : learnt.lies)
        lies_.push_back({lie.object, now - std::chrono::duration_cast<Moment::duration>(lie.age)});
    std::ranges::sort(lies_, {}, &Lie::when);
}

} // namespace yizhan
