#include "proxy/relay/health/choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

struct Runner {
    const Candidate* candidate;
    Seconds expected; // an unknown one is taken to be no worse than the best known
};
using Field = std::vector<Runner>;

std::size_t draw(std::size_t count, const Chance& chance) {
    return std::min(static_cast<std::size_t>(chance() * static_cast<double>(count)), count - 1);
}

Field runners(std::span<const Candidate> candidates, const Wish& wish) {
    Field out;
    for (const auto& candidate : candidates)
        if (std::ranges::find(wish.families_taken, candidate.family) == wish.families_taken.end())
            out.push_back({&candidate, candidate.expected});
    return out;
}

template <class Keep>
Field only(const Field& field, Keep keep) {
    Field out;
    std::ranges::copy_if(field, std::back_inserter(out), [&](const Runner& r) { return keep(*r.candidate); });
    return out;
}

bool is_ready(const Candidate& candidate) {
    return candidate.gate <= Gate::half_open;
}
bool has_room(const Candidate& candidate) {
    return !candidate.full;
}

Field this_round(Field field, const Wish& wish) {
    const auto least = std::ranges::min_element(field, {}, [](const Runner& r) { return r.candidate->asked; });
    field = only(field, [asked = least->candidate->asked](const Candidate& c) { return c.asked == asked; });
    if (wish.root_last)
        if (auto others = only(field, [](const Candidate& c) { return !c.root; }); !others.empty())
            return others;
    return field;
}

// Sorted by expected finish, best first.
Field rank(Field field, const Wish& wish) {
    std::optional<Seconds> best;
    for (const auto& runner : field)
        if (runner.candidate->tried && (!best || runner.expected < *best))
            best = runner.expected;
    for (auto& runner : field)
        if (!runner.candidate->tried && best)
            runner.expected = std::min(runner.expected, *best);
    std::ranges::sort(field, {}, [](const Runner& r) { return std::pair(r.expected, r.candidate->index); });
    if (!wish.families_once)
        return field;
    Field out;
    for (const auto& runner : field)
        if (std::ranges::none_of(out, [&](const Runner& r) { return r.candidate->family == runner.candidate->family; }))
            out.push_back(runner);
    return out;
}

std::string suffix(const Candidate& candidate) {
    return candidate.gate == Gate::half_open ? ", which tries it after a rest" : "";
}

Chosen explored(const Field& field, const Chance& chance) {
    const auto& runner = field[1 + draw(field.size() - 1, chance)];
    return {runner.candidate->index, Manner::explored,
            fmt::format("to see how it does now: {} expected where the best promises {}{}", in_words(runner.expected),
                        in_words(field.front().expected), suffix(*runner.candidate))};
}

Chosen drawn(const Field& field, double within, const Chance& chance) {
    const auto pool = static_cast<std::size_t>(
        std::ranges::count_if(field, [&](const Runner& r) { return r.expected <= field.front().expected * within; }));
    const auto first = draw(std::max<std::size_t>(pool, 1), chance);
    if (pool < 2) {
        const auto& best = field.front();
        return {best.candidate->index, Manner::only,
                fmt::format("{} expected, {}{}", in_words(best.expected),
                            field.size() == 1 ? "the only one that may be asked" : "nobody else comes near",
                            suffix(*best.candidate))};
    }
    auto second = draw(pool - 1, chance);
    second += second >= first;
    const auto& a = field[first];
    const auto& b = field[second];
    const auto& winner = b.expected < a.expected ? b : a;
    const auto& loser = b.expected < a.expected ? a : b;
    return {winner.candidate->index, Manner::drawn,
            fmt::format("{} expected, drawn against {} with {}{}", in_words(winner.expected), loser.candidate->name,
                        in_words(loser.expected), suffix(*winner.candidate))};
}

std::expected<Chosen, NoChoice> panic(const Field& all, const Wish& wish) {
    auto field = only(all, [](const Candidate& c) { return c.gate != Gate::expelled; });
    const bool last_resort = field.empty();
    if (last_resort)
        field = all;
    if (wish.may_wait && std::ranges::any_of(field, [](const Runner& r) { return r.candidate->gate == Gate::probing; }))
        return std::unexpected(NoChoice{true, "everybody rests, and a request is trying one of them"});
    const auto count = field.size();
    field = only(field, has_room);
    if (field.empty())
        return std::unexpected(NoChoice{true, "everybody rests and has as many requests as it may"});
    field = rank(this_round(std::move(field), wish), wish);
    return Chosen{field.front().candidate->index, Manner::panic,
                  last_resort ? "everybody who may have it has sent wrong bytes; what comes is checked"
                              : fmt::format("panic: {} rest{}, the best of {} is asked all the same",
                                            count == 1 ? "the only one" : fmt::format("all {}", count),
                                            count == 1 ? "s" : "", field.size())};
}

} // namespace

std::expected<Chosen, NoChoice> choose(std::span<const Candidate> candidates, const Wish& wish,
                                       const HealthSettings::Choice& rules, const Chance& chance) {
    const auto all = runners(candidates, wish);
    if (all.empty())
        return std::unexpected(
            NoChoice{false, candidates.empty() ? "nobody is left" : "nobody of another family is left"});
    const auto ready = only(all, is_ready);
    if (ready.empty())
        return panic(all, wish);
    auto field = only(ready, has_room);
    if (field.empty())
        return std::unexpected(NoChoice{true, "everybody who may be asked has as many requests as it may"});
    field = rank(this_round(std::move(field), wish), wish);
    if (field.size() > 1 && chance() < rules.explore)
        return explored(field, chance);
    return drawn(field, rules.within, chance);
}

} // namespace yizhan
