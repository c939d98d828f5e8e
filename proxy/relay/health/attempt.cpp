#include "proxy/relay/health/attempt.hpp"

#include <fmt/format.h>

#include <utility>

namespace yizhan {

Attempt::Attempt(std::shared_ptr<Shared> shared, std::shared_ptr<Endpoint> endpoint, Ask ask, Breaker::Pass pass,
                 Licence licence, Moment now)
    : shared_(std::move(shared)), asked_(endpoint), charged_(std::move(endpoint)), ask_(std::move(ask)), pass_(pass),
      licence_(licence), began_(now), hop_began_(now) {
    if (counts())
        asked_->connected();
    asked_->score(ask_.size).began();
    asked_->retries().asked();
}

Attempt::Attempt(Attempt&&) noexcept = default;

Attempt& Attempt::operator=(Attempt&& other) noexcept {
    if (this == &other)
        return *this;
    release();
    shared_ = std::move(other.shared_);
    asked_ = std::move(other.asked_);
    charged_ = std::move(other.charged_);
    ask_ = std::move(other.ask_);
    pass_ = other.pass_;
    licence_ = other.licence_;
    began_ = other.began_;
    hop_began_ = other.hop_began_;
    flowing_ = other.flowing_;
    bytes_ = other.bytes_;
    return *this;
}

Attempt::~Attempt() {
    release();
}

void Attempt::release() {
    if (!asked_)
        return;
    charged_->breaker(ask_.kind).abandoned(pass_); // nothing, where it has been judged
    if (flowing_)
        charged_->ebbed();
    if (counts())
        charged_->disconnected();
    each_score([](Endpoint&, Score& score) { score.ended(); });
    asked_.reset();
}

template <class Call>
void Attempt::each_score(Call call) {
    call(*asked_, asked_->score(ask_.size));
    if (charged_ != asked_)
        call(*charged_, charged_->score(ask_.size));
}

void Attempt::moved(std::shared_ptr<Endpoint> to, Breaker::Pass pass, Moment now) {
    if (!asked_)
        return;
    charged_->breaker(ask_.kind).passed(pass_, now); // it answered, if only by pointing elsewhere
    if (counts())
        charged_->disconnected();
    if (charged_ != asked_)
        charged_->score(ask_.size).ended();
    charged_ = std::move(to);
    pass_ = pass;
    hop_began_ = now;
    if (counts())
        charged_->connected();
    if (charged_ != asked_)
        charged_->score(ask_.size).began();
}

void Attempt::points_to(const std::shared_ptr<Endpoint>& to, Moment now) {
    if (asked_)
        asked_->landed(to, now);
}

void Attempt::first_byte(Moment now) {
    if (!asked_ || flowing_)
        return;
    flowing_ = true;
    charged_->flows();
    asked_->landed(charged_, now);
    each_score([&](Endpoint& endpoint, Score& score) {
        // Whoever only points elsewhere is as quick as what follows; whoever is pointed at is not charged the detour.
        const auto after = now - (&endpoint == asked_.get() ? began_ : hop_began_);
        score.first_byte(after, now);
        endpoint.first_bytes(ask_.size).add(after, shared_->rules.hedge);
    });
}

void Attempt::received(std::uint64_t bytes, Seconds elapsed, Moment now) {
    if (!asked_)
        return;
    bytes_ += bytes;
    each_score([&](Endpoint&, Score& score) { score.received(bytes, elapsed, now); });
    if (pass_.is_probe() && bytes_ >= shared_->rules.breaker.probe_bytes)
        pass_probe(now);
}

void Attempt::pass_probe(Moment now) {
    charged_->breaker(ask_.kind).passed(pass_, now);
    charged_->neighbour_passed(ask_.kind, now);
}

void Attempt::finished(std::uint64_t bytes, Seconds elapsed, Moment now) {
    if (!asked_)
        return;
    first_byte(now); // of an empty body it is the end
    received(bytes, elapsed, now);
    pass_probe(now);
    release();
}

Meaning Attempt::failed(const Failure& failure, Moment now) {
    Meaning meaning;
    if (!asked_)
        return meaning;
    const auto effects = charged_->weigh(failure, ask_.kind, pass_, now);
    meaning.blame = effects.blame;
    meaning.lacks_object = effects.lacks_object;
    charged_->blame(effects.blame);
    if (charged_ != asked_ && failure.symptom != Symptom::not_now) // that one only pointed on: see points_to
        asked_->landed(charged_, now);
    if (effects.costs_score)
        each_score([&](Endpoint&, Score& score) { score.failed(flowing_ ? Seconds(0) : now - began_, now); });
    if (effects.lacks_object && !failure.object.empty()) {
        shared_->negative.add(charged_->id(), failure.object, failure.words, now);
        if (charged_ != asked_)
            shared_->negative.add(asked_->id(), failure.object, failure.words, now);
    }
    if (effects.lied)
        charged_->lied(failure.object, now);
    break_and_cut(effects, failure, now, meaning);
    meaning.words = fmt::format("{}: {}{}{}", charged_->name().key(), bounded(failure.words),
                                meaning.opened ? "; " + charged_->words(ask_.kind, now) : std::string{},
                                meaning.cut_cap ? "; connections: " + charged_->cap().words(now) : std::string{});
    release();
    return meaning;
}

void Attempt::break_and_cut(const Effects& effects, const Failure& failure, Moment now, Meaning& meaning) {
    auto& breaker = charged_->breaker(ask_.kind);
    const bool was_open = breaker.state(now) == Breaker::State::open;
    switch (effects.breaker) {
    case Effects::Breaker::none:
        break;
    case Effects::Breaker::passes:
        breaker.passed(pass_, now);
        break;
    case Effects::Breaker::fault:
        breaker.faulted(pass_, failure.words, now, shared_->chance);
        break;
    case Effects::Breaker::blocked:
        breaker.rest(RestCause::blocked, pass_, {}, failure.words, now, shared_->chance);
        break;
    case Effects::Breaker::busy:
        breaker.rest(RestCause::busy, pass_, failure.retry_after, failure.words, now, shared_->chance);
        break;
    case Effects::Breaker::foreign_page:
        breaker.rest(RestCause::foreign_page, pass_, {}, failure.words, now, shared_->chance);
        break;
    }
    meaning.opened = !was_open && breaker.state(now) == Breaker::State::open;
    const bool others_flow = charged_->flowing() > (flowing_ ? 1u : 0u);
    if (effects.cap == Effects::Cap::halve || (effects.cap == Effects::Cap::halve_if_others_flow && others_flow))
        meaning.cut_cap = charged_->cap().choked(hop_began_, now);
}

void Attempt::cancelled(Moment now) {
    if (!asked_)
        return;
    if (!flowing_)
        each_score([&](Endpoint& endpoint, Score& score) {
            const auto waited = now - (&endpoint == asked_.get() ? began_ : hop_began_);
            endpoint.first_bytes(ask_.size).add(waited, shared_->rules.hedge);
            // A bound from below: it counts where it is later than what was expected anyway.
            if (waited > score.estimate(now).first_byte)
                score.first_byte(waited, now);
        });
    release();
}

} // namespace yizhan
