#include "proxy/relay/contenders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace yizhan {
namespace {

// A contender that brought nothing this many times in a row is not asked again by this transfer; one that brings bytes
// before it breaks may be asked on, since each try gets further.
constexpr unsigned max_fruitless = 2;

bool usable(const Contender& contender) {
    return !contender.out && contender.fruitless < max_fruitless;
}

} // namespace

bool is_gentle(std::string_view host) {
    return host.ends_with(".edu.cn") || host.ends_with(".edu");
}

Contenders::Contenders(Endpoints& endpoints, const std::vector<Source>& sources, const FamiliesOf& families)
    : endpoints_(endpoints) {
    for (const auto& source : sources)
        for (const auto address : families(source.url))
            all_.push_back({.source = &source,
                            .address = address,
                            .id = endpoints.add({.origin = source.url.origin(),
                                                 .address = address,
                                                 .family = source.family,
                                                 .gentle = is_gentle(source.url.host())})});
}

void Contenders::prepare(const Object& object, Moment now, std::vector<std::string>& tried) {
    if (!object.identity.known()) {
        // A second endpoint's bytes could not be told from the first one's: only one will do, and it is the root.
        std::erase_if(all_, [](const Contender& c) { return !c.source->root; });
        if (all_.size() > 1)
            all_.resize(1);
    }
    const auto lacks = [&](const Contender& c) { return endpoints_.lacks(c.id, object.path, now).has_value(); };
    const auto lied = [&](const Contender& c) { return endpoints_.lied_about(c.id, object.path, now); };
    const bool all_lack = std::ranges::all_of(all_, [&](const Contender& c) { return lacks(c) || lied(c); });
    for (auto& contender : all_) {
        // Where nobody else is left, who did not have it is asked again; who lied about it only after a while.
        contender.outvoted = false;
        contender.out = all_lack ? lacks(contender) && lied(contender) : lacks(contender) || lied(contender);
        if (!contender.out)
            continue;
        const auto words = endpoints_.lacks(contender.id, object.path, now);
        tried.push_back(fmt::format("{}: left alone for this file after {}: {}", contender.source->endpoint,
                                    lied(contender) ? "it sent wrong bytes" : "it did not have it",
                                    words.value_or("a while ago")));
    }
}

std::vector<Candidate> Contenders::field(const Ask& ask, const Round& round, std::optional<std::uint64_t> bytes,
                                         Crowd crowd, Moment now) const {
    std::vector<Candidate> out;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto& contender = all_[i];
        if (!usable(contender) || std::ranges::find(round.busy, i) != round.busy.end())
            continue;
        auto candidate = endpoints_.candidate(contender.id, ask, bytes, now, crowd);
        candidate.index = i;
        candidate.root = contender.source->root;
        candidate.asked = i < round.asked.size() ? round.asked[i] : 0;
        out.push_back(std::move(candidate));
    }
    return out;
}

std::vector<std::size_t> Contenders::idle(const Ask& ask, unsigned connections, Moment now) const {
    struct Idle {
        unsigned legs;
        Seconds expected;
        std::size_t index;
    };
    std::vector<Idle> found;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto& contender = all_[i];
        if (!usable(contender) || contender.no_ranges || contender.legs >= connections)
            continue;
        if (endpoints_.spare(contender.id, now) < (contender.legs == 0 ? 1U : 2U))
            continue;
        const auto candidate = endpoints_.candidate(contender.id, ask, {}, now);
        if (candidate.gate == Gate::closed && !candidate.full)
            found.push_back({contender.legs, candidate.expected, i});
    }
    std::ranges::sort(found, {}, [](const Idle& idle) { return std::tuple(idle.legs, idle.expected, idle.index); });
    std::vector<std::size_t> out;
    out.reserve(found.size());
    for (const auto& idle : found)
        out.push_back(idle.index);
    return out;
}

unsigned Contenders::families() const {
    std::set<std::string_view> out;
    for (const auto& contender : all_)
        if (usable(contender) && !contender.no_ranges)
            out.insert(contender.source->family);
    return static_cast<unsigned>(out.size());
}

std::vector<EndpointId> Contenders::others_than(EndpointId id) const {
    std::vector<EndpointId> out;
    for (const auto& contender : all_)
        if (contender.id != id && usable(contender))
            out.push_back(contender.id);
    return out;
}

bool Contenders::any_left() const {
    return std::ranges::any_of(all_, usable);
}

bool Contenders::anybody_but(const std::set<EndpointId>& those, const Object& object, Moment now) const {
    std::set<std::string_view> families;
    for (const auto id : those)
        families.insert(endpoints_.name(id).family);
    return std::ranges::any_of(all_, [&](const Contender& contender) {
        return !contender.spoke_for(those) && !families.contains(contender.source->family) &&
               !endpoints_.lacks(contender.id, object.path, now);
    });
}

void Contenders::take_back(const std::set<EndpointId>& those, const Object& object, Moment now) {
    for (auto& contender : all_)
        if (contender.spoke_for(those) && !contender.outvoted && !endpoints_.lacks(contender.id, object.path, now))
            contender.out = false;
}

void Contenders::leave_only(EndpointId one) {
    const auto is_it = [one](const Contender& contender) { return contender.spoke_for({one}); };
    if (std::ranges::any_of(all_, [&](const Contender& contender) { return is_it(contender) && !contender.out; }))
        for (auto& contender : all_)
            contender.out |= !is_it(contender);
}

void Contenders::begin_again() {
    for (auto& contender : all_)
        contender.fruitless = 0;
}

} // namespace yizhan
