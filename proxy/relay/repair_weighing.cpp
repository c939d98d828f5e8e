// How a repair weighs what it was sent: what is tried out, what stays, and who was wrong in the end.
#include "proxy/relay/repair.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace yizhan {

void Repair::weigh(Check check) {
    auto& suspect = suspects_[check.suspect];
    const auto [who, family] = sender_of(check);
    suspect.asked.insert(errand_.contenders[check.witness].source->family);
    if (whom_ == Whom::others && suspect.has_word_of(family))
        return drive(); // it pointed to one that has been heard: that is no second word
    Checksum sum;
    sum.update(check.bytes);
    const auto checksum = sum.value();
    suspect.heard.push_back({.who = who, .family = family, .checksum = checksum});
    strike_minority(suspect);
    if (checksum == suspect.checksum)
        return drive();
    spdlog::warn("relay: {}: bytes {} to {} differ between {} and {}", errand_.object.path, suspect.offset,
                 suspect.end() - 1, suspect.heard.front().who, who);
    if (whom_ == Whom::anybody) { // no third word to weigh the two against: the digest, once all is here
        put(suspect, std::move(check.bytes), who, checksum);
        return drive();
    }
    const auto mine = suspect.votes(suspect.checksum);
    const auto other = suspect.votes(checksum);
    const bool stays = other > mine || (other == mine && strikes(suspect.heard.front().who) > strikes(who));
    // What the struck have sent is wrong in many places, so one look at the digest is enough for all of it.
    if (stays && strikes(suspect.heard.front().who) > 0 && struck_left()) {
        owed_ = true;
        put(suspect, std::move(check.bytes), who, checksum);
        return drive();
    }
    // One hash of everything for each of the first, then ever more rarely: a mirror with another file altogether does
    // not cost one for each of its parts.
    constexpr unsigned always = 16;
    ++trials_;
    if (trials_ <= always || std::has_single_bit(trials_))
        return try_out(suspect, std::move(check), checksum, stays);
    if (stays)
        put(suspect, std::move(check.bytes), who, checksum);
    drive();
}

Repair::Sender Repair::sender_of(const Check& check) const {
    const auto& name = errand_.context.endpoints.name(check.from.value_or(errand_.contenders[check.witness].id));
    return {.who = name.key(), .family = name.family};
}

// Puts the part in, looks at the digest, and takes it out again where that does not close and nothing else speaks for
// it.
void Repair::try_out(Suspect& suspect, Check check, std::uint64_t checksum, bool stays) {
    trying_ = true;
    const auto who = sender_of(check).who;
    const auto former = suspect.checksum;
    auto put_in = [self = weak_from_this(), &suspect, who, checksum, former, stays, unproved = changed_,
                   bytes = std::make_shared<std::vector<std::byte>>(std::move(check.bytes))](
                      const std::shared_ptr<const std::string>& before) {
        const auto repair = self.lock();
        if (!repair || repair->over_)
            return;
        repair->put(suspect, std::move(*bytes), who, checksum);
        repair->hash([repair = repair.get(), &suspect, before, former, stays, unproved] {
            if (!stays) {
                const auto old = as_bytes(*before);
                repair->put(suspect, {old.begin(), old.end()}, suspect.heard.front().who, former);
                repair->changed_ = unproved; // what others have put in was not looked at without this
            }
            repair->drive();
        });
    };
    intake_.read_back(suspect.end(), suspect.size, std::move(put_in));
}

void Repair::put(Suspect& suspect, std::vector<std::byte> bytes, const std::string& who, std::uint64_t checksum) {
    suspect.checksum = checksum;
    changed_ = true;
    intake_.replace(suspect.offset, std::move(bytes), who);
}

void Repair::hash(std::function<void()> otherwise) {
    trying_ = true;
    changed_ = false;
    intake_.hash_again([self = weak_from_this(), otherwise = std::move(otherwise)](const Digests& digests) {
        const auto repair = self.lock();
        if (!repair || repair->over_)
            return;
        repair->trying_ = false;
        if (mismatch(repair->errand_.object.identity, digests))
            return otherwise();
        repair->tell();
        repair->stop();
        repair->owner_.repair_closed(digests);
    });
}

// Two families against one: that one is not asked any more while others are left.
void Repair::strike_minority(const Suspect& suspect) {
    std::size_t most = 0;
    std::uint64_t best = 0;
    for (const auto& testimony : suspect.heard)
        if (const auto votes = suspect.votes(testimony.checksum); votes > most) {
            most = votes;
            best = testimony.checksum;
        }
    if (most < 2)
        return;
    for (const auto& testimony : suspect.heard)
        if (testimony.checksum != best)
            ++strikes_[testimony.who];
}

bool Repair::only_sender_is_struck(const Suspect& suspect) const {
    return suspect.heard.size() == 1 && strikes(suspect.heard.front().who) > 0;
}

// Whether anything is unexamined that somebody sent who is known to be wrong elsewhere.
bool Repair::struck_left() const {
    return std::ranges::any_of(suspects_, [this](const Suspect& suspect) { return only_sender_is_struck(suspect); });
}

// The right bytes are known now, so everybody's word can be measured by them.
void Repair::tell() {
    auto& endpoints = errand_.context.endpoints;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& suspect : suspects_)
        for (const auto& testimony : suspect.heard) {
            const auto id = endpoints.find(testimony.who);
            if (!id || testimony.checksum == suspect.checksum || endpoints.lied_about(*id, errand_.object.path, now))
                continue;
            const auto words = fmt::format("its bytes {} to {} were not what they should be", suspect.offset,
                                           suspect.offset + suspect.size - 1);
            spdlog::error("relay: {}: {}: {}", errand_.object.path, testimony.who, words);
            endpoints.lied(*id, errand_.object.path, words, now);
        }
}

} // namespace yizhan
