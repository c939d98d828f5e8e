#include "proxy/relay/health/breaker.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace yizhan {
namespace {

std::string_view reason(RestCause cause) {
    switch (cause) {
    case RestCause::faults:
        return "faults in a row";
    case RestCause::blocked:
        return "it blocks us";
    case RestCause::busy:
        return "it asked for a pause";
    case RestCause::foreign_page:
        return "it sent a page in place of a file";
    }
    return "?";
}

// first × 2^(n-1), no more than the cap; the exponent is bounded because 2^n soon leaves every integer.
Seconds doubled(std::chrono::milliseconds first, unsigned openings, std::chrono::milliseconds cap) {
    const auto exponent = std::min(std::max(openings, 1u) - 1, 20u);
    return std::min(Seconds(first) * static_cast<double>(1u << exponent), Seconds(cap));
}

} // namespace

Breaker::State Breaker::state(Moment now) const {
    if (!opened_)
        return State::closed;
    return now < until_ ? State::open : State::half_open;
}

std::optional<Breaker::Pass> Breaker::admit(Moment now, Panic panic) {
    const auto current = state(now);
    if (current == State::closed)
        return Pass(Pass::Kind::normal);
    if (current == State::half_open && !probing_) {
        probing_ = true;
        return Pass(Pass::Kind::probe, ++probe_serial_);
    }
    if (panic == Panic::yes)
        return Pass(Pass::Kind::panic);
    return std::nullopt;
}

// A probe whose breaker was opened again meanwhile, by an older request's bad news, is a probe no more.
bool Breaker::is_current(const Pass& pass) const {
    return pass.is_probe() && probing_ && pass.serial_ == probe_serial_;
}

void Breaker::passed(const Pass& pass, Moment now) {
    if (!opened_) {
        faults_in_row_ = 0;
        return;
    }
    if (!is_current(pass) && pass.kind_ != Pass::Kind::panic)
        return;
    opened_ = probing_ = false;
    faults_in_row_ = 0;
    closed_since_ = now;
}

void Breaker::faulted(const Pass& pass, std::string_view words, Moment now, const Chance& chance) {
    if (opened_) {
        if (is_current(pass))
            open(RestCause::faults, {}, words, now, chance);
        return;
    }
    words_ = bounded(words);
    if (++faults_in_row_ >= rules_->faults_to_open)
        open(RestCause::faults, {}, words, now, chance);
}

void Breaker::rest(RestCause cause, const Pass& pass, std::optional<std::chrono::seconds> told, std::string_view words,
                   Moment now, const Chance& chance) {
    // What a dozen requests under way hear of one block is one block. A Retry-After may still grow.
    if (state(now) == State::open && cause == cause_ && cause != RestCause::busy && !is_current(pass))
        return;
    open(cause, told, words, now, chance);
}

void Breaker::abandoned(const Pass& pass) {
    if (is_current(pass))
        probing_ = false;
}

unsigned* Breaker::openings(RestCause cause) {
    if (cause == RestCause::faults)
        return &fault_openings_;
    return cause == RestCause::blocked ? &block_openings_ : nullptr;
}

void Breaker::open(RestCause cause, std::optional<std::chrono::seconds> told, std::string_view words, Moment now,
                   const Chance& chance) {
    if (!opened_ && closed_since_) {
        if (now - *closed_since_ >= rules_->fault_clean)
            fault_openings_ = 0;
        if (now - *closed_since_ >= rules_->block_clean)
            block_openings_ = 0;
    }
    if (auto* count = openings(cause))
        *count += *count < 1000;
    const auto end = now + std::chrono::duration_cast<Moment::duration>(length(cause, told, chance));
    if (state(now) != State::open || end > until_) {
        until_ = end;
        cause_ = cause;
        words_ = bounded(words);
    }
    opened_ = true;
    probing_ = false;
}

Seconds Breaker::longest(RestCause cause) const {
    switch (cause) {
    case RestCause::faults:
        return rules_->fault_rest_cap;
    case RestCause::blocked:
        return rules_->block_rest_cap;
    case RestCause::busy:
        return rules_->busy_rest_cap;
    case RestCause::foreign_page:
        return rules_->foreign_page_rest;
    }
    return rules_->fault_rest_cap;
}

Seconds Breaker::length(RestCause cause, std::optional<std::chrono::seconds> told, const Chance& chance) const {
    const auto share = rules_->jitter * chance();
    if (cause == RestCause::busy) {
        // No sooner than told, and a "Retry-After: 0" beside a refusal is no invitation to knock at once.
        const auto wish = told ? Seconds(std::max(*told, std::chrono::seconds(1))) : Seconds(rules_->busy_rest);
        return std::min(wish * (1 + share), longest(cause));
    }
    auto whole = longest(cause);
    if (cause == RestCause::faults)
        whole = doubled(rules_->fault_rest, fault_openings_, rules_->fault_rest_cap);
    if (cause == RestCause::blocked)
        whole = doubled(rules_->block_rest, block_openings_, rules_->block_rest_cap);
    return whole * (1 - share);
}

std::string Breaker::words(Moment now) const {
    const auto last = words_.empty() ? std::string{} : fmt::format(", the last: {}", words_);
    if (!opened_)
        return faults_in_row_ == 0
                   ? "closed"
                   : fmt::format("closed, {} fault{} in a row{}", faults_in_row_, faults_in_row_ == 1 ? "" : "s", last);
    const auto why = fmt::format("{}{}", reason(cause_), last);
    if (state(now) == State::open)
        return fmt::format("open for another {}: {}", in_words(until_ - now), why);
    return fmt::format("half open, {}: {}", probing_ ? "one request is trying it" : "the next request will try it",
                       why);
}

Breaker::Learnt Breaker::learnt(Moment now) const {
    return {.cause = cause_,
            .left = opened_ && now < until_ ? Seconds(until_ - now) : Seconds(0),
            .opened = opened_,
            .fault_openings = fault_openings_,
            .block_openings = block_openings_};
}

void Breaker::restore(const Learnt& learnt, Moment now) {
    opened_ = learnt.opened;
    probing_ = false;
    cause_ = learnt.cause;
    fault_openings_ = learnt.fault_openings;
    block_openings_ = learnt.block_openings;
    const auto left = std::clamp(learnt.left, Seconds(0), longest(cause_));
    until_ = now + std::chrono::duration_cast<Moment::duration>(left);
    // The clean period starts anew: what was clean before the restart is not told.
    closed_since_ = opened_ ? std::nullopt : std::optional(now);
    words_ = opened_ ? "learnt before the restart" : "";
}

} // namespace yizhan
