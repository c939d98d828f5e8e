// When a repair cannot help, and who may be right then.
#include "proxy/relay/repair.hpp"

#include <algorithm>

namespace yizhan {
namespace {

// Whoever contradicts so many parts, far from each other, has another file.
constexpr std::size_t enough_contradictions = 3;

} // namespace

// Two say the same about every part, and it is not right. Who contradicts them wherever it is heard may be the one who
// is; its parts would never get a majority, so the others are not asked about all of theirs before it is heard alone.
// True: for now nobody else is to be asked.
bool Repair::ask_contradictor() {
    if (whom_ == Whom::anybody || suspects_.size() < 2 || !settled())
        return false;
    for (std::size_t i = 0; i < errand_.contenders.size(); ++i) {
        const auto& contender = errand_.contenders[i];
        const auto parts = contradicted_by(contender);
        if (parts == 0)
            continue;
        if (changed_) {
            hash([this] { drive(); });
            return true;
        }
        if (parts >= std::min(enough_contradictions, suspects_.size())) {
            contradictor_ = errand_.context.endpoints.name(contender.id).key();
            give_up();
            return true;
        }
        if (asks(i))
            return true;
        const auto part = farthest_unheard(contender.source->family);
        if (!part || !may_ask(contender))
            continue;
        if (has_place(i) && begin(*part, i))
            return true;
        if (full_) {
            look_again();
            return true;
        }
    }
    return false;
}

// Whether for each part two say what is in the fill.
bool Repair::settled() const {
    return std::ranges::all_of(suspects_, [](const Suspect& suspect) { return suspect.votes(suspect.checksum) > 1; });
}

// How many parts, where it agrees with what is in the fill about none.
std::size_t Repair::contradicted_by(const Contender& contender) const {
    const auto& endpoints = errand_.context.endpoints;
    std::size_t parts = 0;
    for (const auto& suspect : suspects_)
        for (const auto& testimony : suspect.heard) {
            const auto id = endpoints.find(testimony.who);
            if (testimony.family != contender.source->family && !(id && contender.answered_by.contains(*id)))
                continue;
            if (testimony.checksum == suspect.checksum)
                return 0;
            ++parts;
        }
    return parts;
}

// A part that this family has not been heard about, as far as may be from all that it has.
std::optional<std::size_t> Repair::farthest_unheard(const std::string& family) const {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < suspects_.size(); ++i)
        if (suspects_[i].heard_of(family))
            known.push_back(i);
    std::optional<std::size_t> best;
    std::size_t best_distance = 0;
    for (std::size_t i = 0; i < suspects_.size(); ++i) {
        auto distance = suspects_.size();
        for (const auto other : known)
            distance = std::min(distance, other > i ? other - i : i - other);
        if (!suspects_[i].busy && distance > best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

void Repair::give_up() {
    stop();
    owner_.repair_failed();
}

std::string Repair::lonely() const {
    if (!contradictor_.empty())
        return contradictor_;
    for (const auto& contender : errand_.contenders)
        if (contender.outvoted)
            return errand_.context.endpoints.name(contender.id).key();
    const auto most = std::ranges::max_element(strikes_, {}, [](const auto& entry) { return entry.second; });
    return most == strikes_.end() ? std::string() : most->first;
}

} // namespace yizhan
