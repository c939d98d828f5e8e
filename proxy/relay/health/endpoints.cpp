#include "proxy/relay/health/endpoints.hpp"

#include "proxy/relay/health/learnt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {

Endpoints::Endpoints(const HealthSettings& rules, Chance chance)
    : shared_(std::make_shared<Attempt::Shared>(rules, std::move(chance))), hedges_(shared_->rules.hedge) {}

EndpointId Endpoints::add(EndpointName name) {
    const auto key = name.key();
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        at(found->second).rename_family(std::move(name.family));
        return found->second;
    }
    const auto id = static_cast<EndpointId>(endpoints_.size());
    endpoints_.push_back(std::make_shared<Endpoint>(id, std::move(name), shared_->rules));
    by_key_.emplace(key, id);
    return id;
}

std::optional<EndpointId> Endpoints::find(std::string_view origin, AddressFamily address) const {
    const auto found =
        by_key_.find(EndpointName{.origin = std::string(origin), .address = address, .family = {}}.key());
    return found == by_key_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<EndpointId> Endpoints::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? std::nullopt : std::optional(found->second);
}

Candidate Endpoints::candidate(EndpointId id, const Ask& ask, std::optional<std::uint64_t> bytes, Moment now,
                               Crowd crowd) const {
    const auto& endpoint = at(id);
    Candidate out{.name = endpoint.name().key(),
                  .family = endpoint.name().family,
                  .gate = endpoint.gate(ask.kind, now),
                  .full = endpoint.full(now, crowd),
                  .tried = endpoint.tried(),
                  .expected = endpoint.expected(ask.size, bytes.value_or(typical_bytes(ask.size)), now)};
    if (const auto other = endpoint.leads_to(now)) {
        out.gate = std::max(out.gate, other->gate(ask.kind, now));
        out.full = out.full || other->full(now, crowd);
    }
    return out;
}

unsigned Endpoints::spare(EndpointId id, Moment now) const {
    const auto& endpoint = at(id);
    const auto cap = endpoint.cap().at(now);
    return cap - std::min(cap, endpoint.in_flight());
}

std::expected<Chosen, NoChoice> Endpoints::choose(std::span<const Candidate> candidates, const Wish& wish) const {
    return yizhan::choose(candidates, wish, shared_->rules.choice, shared_->chance);
}

std::optional<std::string_view> Endpoints::lacks(EndpointId id, std::string_view object, Moment now) const {
    return shared_->negative.find(id, object, now);
}

void Endpoints::mark_lacking(EndpointId id, std::string_view object, std::string_view words, Moment now,
                             std::optional<std::chrono::milliseconds> rest) {
    shared_->negative.add(id, object, words, now, rest);
}

std::expected<Attempt, std::string> Endpoints::begin(EndpointId id, Ask ask, Moment now, Panic panic, Crowd crowd) {
    const auto& endpoint = endpoints_[static_cast<std::size_t>(id)];
    const auto other = endpoint->leads_to(now);
    for (const auto* each : {endpoint.get(), other.get()}) {
        if (!each)
            continue;
        if (ask.size != SizeClass::page && each->full(now, crowd))
            return std::unexpected(
                fmt::format("{} has as many requests as it may: {}", each->name().key(), each->cap().words(now)));
        if (panic == Panic::no && each->gate(ask.kind, now) > Gate::half_open)
            return std::unexpected(fmt::format("{}: {}", each->name().key(), each->words(ask.kind, now)));
    }
    const auto pass = endpoint->breaker(ask.kind).admit(now, panic);
    if (!pass)
        return std::unexpected(fmt::format("{}: {}", endpoint->name().key(), endpoint->words(ask.kind, now)));
    hedges_.asked(now);
    return Attempt(shared_, endpoint, std::move(ask), *pass, {panic, crowd}, now);
}

// A host that we hear of only through a redirect is its own family until the configuration names it. There is no end of
// hosts that a mirror can name, so beyond the bound they are not kept apart from whoever pointed there.
std::shared_ptr<Endpoint> Endpoints::met(std::string_view origin, AddressFamily address) {
    auto known = find(origin, address);
    if (!known && address != AddressFamily::any)
        known = find(origin, AddressFamily::any);
    if (!known && endpoints_.size() >= shared_->rules.redirects.most_endpoints)
        return nullptr;
    if (!known)
        known = add({.origin = std::string(origin), .address = address, .family = std::string(origin), .gentle = true});
    return endpoints_[static_cast<std::size_t>(*known)];
}

std::expected<void, Failure> Endpoints::redirected(Attempt& attempt, std::string_view origin, Moment now) {
    if (attempt.over() || attempt.charged_name().origin == origin)
        return {};
    const auto to = met(origin, attempt.charged_name().address);
    if (!to)
        return {};
    const auto refuse = [&](Symptom symptom, const std::string& why) {
        return std::unexpected(
            Failure{.symptom = symptom,
                    .words = fmt::format("redirects to {}, which may not be asked now: {}", to->name().key(), why)});
    };
    const auto& kind = attempt.ask().kind;
    if (attempt.panic() == Panic::no && to->expelled(now))
        return refuse(Symptom::lacks, to->words(kind, now));
    // Who keeps pointing there is not asked in vain for long: it is taken for a signpost.
    if (attempt.ask().size != SizeClass::page && to->full(now, attempt.crowd())) {
        attempt.points_to(to, now);
        return refuse(Symptom::not_now, "it has as many requests as it may: " + to->cap().words(now));
    }
    const auto pass = to->breaker(kind).admit(now, attempt.panic());
    if (!pass) {
        attempt.points_to(to, now);
        return refuse(Symptom::not_now, to->words(kind, now));
    }
    attempt.moved(to, *pass, now);
    return {};
}

bool Endpoints::may_repeat(EndpointId id, bool asked_before, unsigned failovers, Moment now) {
    return is_free_failover(shared_->rules.retry, asked_before, failovers) || at(id).retries().take(now);
}

Seconds Endpoints::hedge_after(EndpointId id, SizeClass size) const {
    return at(id).first_bytes(size).patience(shared_->rules.hedge);
}

Rivals Endpoints::rivals(std::span<const EndpointId> candidates, EndpointId current, const Ask& ask, Moment now) const {
    Rivals out;
    for (const auto id : candidates) {
        if (id == current)
            continue;
        const auto candidate = this->candidate(id, ask, {}, now);
        if (candidate.gate != Gate::closed || candidate.full)
            continue;
        out.ready = true;
        // Measured only: nobody is called slow by the measure of a guess.
        out.bytes_per_second = std::max(out.bytes_per_second, at(id).measured_rate(ask.size, now));
    }
    return out;
}

void Endpoints::lied(EndpointId id, std::string_view object, std::string_view words, Moment now) {
    auto& endpoint = at(id);
    endpoint.blame(Blame::integrity);
    endpoint.lied(object, now);
    shared_->negative.add(id, object, words, now);
}

std::vector<EndpointStatus> Endpoints::status(Moment now) const {
    std::vector<EndpointStatus> out;
    out.reserve(endpoints_.size());
    for (const auto& endpoint : endpoints_)
        out.push_back(endpoint->status(now));
    return out;
}

std::vector<std::pair<std::string, std::string>> Endpoints::learnt(Moment now, std::int64_t wall) const {
    std::vector<std::pair<std::string, std::string>> out;
    out.reserve(endpoints_.size());
    for (const auto& endpoint : endpoints_)
        out.emplace_back(endpoint->name().key(), encode_learnt(endpoint->learnt(now), wall));
    return out;
}

Result<void> Endpoints::restore(std::string_view key, std::string_view row, Moment now, std::int64_t wall) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end())
        return fail(Errc::not_found, fmt::format("no endpoint {} is configured", bounded(key)));
    auto learnt = decode_learnt(row, wall);
    if (!learnt)
        return std::unexpected(std::move(learnt.error()));
    if (*learnt)
        at(found->second).restore(**learnt, now);
    return {};
}

} // namespace yizhan
