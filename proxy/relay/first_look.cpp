#include "proxy/relay/first_look.hpp"

#include "index/zip.hpp"
#include "proxy/relay/judge.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t part_size = std::uint64_t{64} * 1024;
// Once they differ somebody lies, and knowing who is worth more. And who is later than that brings little meanwhile.
constexpr milliseconds patience_with_a_lie{2'000};

constexpr std::string_view differs = "has other bytes at its ends than others have";

std::uint64_t checksum_of(const std::string& part) {
    Checksum sum;
    sum.update(as_bytes(part));
    return sum.value();
}

} // namespace

FirstLook::FirstLook(Errand& errand, Owner& owner) : errand_(errand), owner_(owner), patience_(errand.context.relay) {}

// However many must be asked one after the other: readers wait.
bool FirstLook::in_time() const {
    return std::chrono::steady_clock::now() - begun_ < 2 * patience_with_a_lie;
}

bool FirstLook::start() {
    const auto patience = errand_.context.settings.segments.first_look;
    if (patience == milliseconds(0))
        return false;
    for (int i = 0; i < 2; ++i) {
        const auto contender = another_family();
        if (!contender || !ask(*contender)) {
            stop();
            return false;
        }
    }
    wait(patience);
    return true;
}

void FirstLook::stop() {
    over_ = true;
    patience_.cancel();
    abandon_questions();
}

void FirstLook::abandon_questions() {
    for (auto& question : std::exchange(questions_, {})) {
        question.leg->abandon();
        --errand_.contenders[witnesses_[question.witness].contender].legs;
    }
}

// The quickest of a family that has not been asked, whose connections have room for both questions.
std::optional<std::size_t> FirstLook::another_family() const {
    const auto now = std::chrono::steady_clock::now();
    for (const auto index : errand_.contenders.idle(errand_.ask, 8, now))
        if (errand_.context.endpoints.spare(errand_.contenders[index].id, now) >= 2 &&
            !asked_.contains(errand_.contenders[index].source->family))
            return index;
    return std::nullopt;
}

bool FirstLook::ask(std::size_t contender) {
    auto& context = errand_.context;
    auto& whom = errand_.contenders[contender];
    const auto size = *errand_.size;
    // What so few bytes show of a mirror's speed holds for small ones only.
    const Ask ask{.kind = errand_.ask.kind, .size = SizeClass::small};
    asked_.insert(whom.source->family);
    witnesses_.push_back({.contender = contender, .parts = {}, .from = {}});
    for (std::size_t part = 0; part < 2; ++part) {
        auto attempt = context.endpoints.begin(whom.id, ask, std::chrono::steady_clock::now());
        if (!attempt)
            return false;
        const auto begin = part == 0 ? 0 : size - part_size;
        Leg::Wanted wanted{.path = errand_.object.path,
                           .offset = begin,
                           .end = begin + part_size,
                           .size = size,
                           .whole_too = false,
                           .before = nullptr,
                           .validator = {}};
        Leg::Rider& rider = *this;
        ++whom.legs;
        questions_.push_back(
            {witnesses_.size() - 1, part,
             std::make_unique<Leg>(
                 Leg::Means{context.upstream, context.named, context.settings.max_redirects, context.endpoints},
                 *whom.source, std::move(*attempt), whom.address, std::move(wanted), rider)});
    }
    return true;
}

void FirstLook::wait(milliseconds how_long) {
    patience_.expires_after(how_long);
    patience_.async_wait([self = weak_from_this()](boost::system::error_code ec) {
        if (const auto look = self.lock(); look && !ec && !look->over_)
            look->waited();
    });
}

void FirstLook::waited() {
    if (std::exchange(late_, true) || misfits_) { // who has not answered by now is not waited for
        abandon_questions();
        return weigh();
    }
    wait(patience_with_a_lie);
    owner_.first_look_waited();
}

void FirstLook::leg_heard(Leg& leg, const Head&) {
    const auto at = std::ranges::find_if(questions_, [&](const Question& q) { return q.leg.get() == &leg; });
    auto& witness = witnesses_[at->witness];
    witness.from[at->part] = leg.charged_id();
    answered_[witness.contender].insert(leg.charged_id());
    errand_.contenders[witness.contender].answered_by.insert(leg.charged_id());
}

Credit FirstLook::leg_brought(Leg& leg, std::span<const std::byte> bytes) {
    const auto at = std::ranges::find_if(questions_, [&](const Question& q) { return q.leg.get() == &leg; });
    auto& into = witnesses_[at->witness].parts[at->part];
    const auto count = std::min<std::uint64_t>(bytes.size(), part_size - into.size());
    into.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count));
    if (into.size() == part_size && leg.whole())
        leg.enough();
    return Credit::more;
}

void FirstLook::leg_ended(Leg& leg, std::optional<Rejection> why) {
    const auto at = std::ranges::find_if(questions_, [&](const Question& q) { return q.leg.get() == &leg; });
    const auto question = std::move(*at);
    questions_.erase(at);
    auto& contender = errand_.contenders[witnesses_[question.witness].contender];
    --contender.legs;
    if (const auto& witness = witnesses_[question.witness]; witness.answered(part_size))
        for (std::size_t part = 0; part < 2; ++part)
            errand_.ends.push_back({.who = *witness.from[part],
                                    .offset = part == 0 ? 0 : *errand_.size - part_size,
                                    .size = part_size,
                                    .checksum = checksum_of(witness.parts[part])});
    if (why) { // those who ride there hear of it too, and say so
        contender.no_ranges |= why->symptom == Symptom::no_ranges;
        const auto meaning = question.leg->fail(*why, std::chrono::steady_clock::now());
        contender.out |= meaning.lacks_object;
    }
    if (questions_.empty())
        asio::post(errand_.context.relay, [self = weak_from_this()] {
            // The timer may have weighed in between, and asked others: their answers are waited for.
            if (const auto look = self.lock(); look && !look->over_ && look->questions_.empty())
                look->weigh();
        });
}

// Of two that point to the same place, or of which one points to the other, only one is heard.
void FirstLook::leave_one_of_each_source() {
    const auto& endpoints = errand_.context.endpoints;
    const auto is_root = [this](const Witness& witness) { return errand_.contenders[witness.contender].source->root; };
    if (const auto root = std::ranges::find_if(witnesses_, is_root); root != witnesses_.end())
        std::rotate(witnesses_.begin(), root, root + 1); // its word is the one that is kept
    std::set<std::string> families[2];
    std::erase_if(witnesses_, [&](const Witness& witness) {
        bool heard = false;
        for (std::size_t part = 0; part < 2; ++part)
            heard |= !families[part].insert(endpoints.name(*witness.from[part]).family).second;
        return heard;
    });
}

bool FirstLook::same(const Witness& a, const Witness& b) const {
    return a.parts[0] == b.parts[0] && a.parts[1] == b.parts[1];
}

// Those whom most agree with: two at least, and more than any others have.
std::optional<std::size_t> FirstLook::believed() const {
    std::optional<std::size_t> best;
    std::ptrdiff_t most = 1;
    bool tied = false;
    for (std::size_t i = 0; i < witnesses_.size(); ++i) {
        const auto alike =
            std::ranges::count_if(witnesses_, [&](const Witness& other) { return same(other, witnesses_[i]); });
        tied = alike > most ? false : tied || (alike == most && best && !same(witnesses_[*best], witnesses_[i]));
        if (alike > most) {
            best = i;
            most = alike;
        }
    }
    return tied ? std::nullopt : best;
}

// A wheel ends as a ZIP archive does. What does not is another file, however many have it.
bool FirstLook::fits(const Witness& witness) const {
    return !promises_zip(errand_.object.filename()) ||
           (witness.parts[0].starts_with("PK\x03\x04") && find_zip_end(witness.parts[1], *errand_.size));
}

void FirstLook::weigh() {
    std::erase_if(witnesses_, [](const Witness& witness) { return !witness.answered(part_size); });
    leave_one_of_each_source();
    if (witnesses_.size() < 2 && !late_ && in_time())
        if (const auto other = another_family(); other && ask(*other))
            return wait(errand_.context.settings.segments.first_look);
    const auto fitting = std::ranges::count_if(witnesses_, [this](const Witness& witness) { return fits(witness); });
    misfits_ = std::cmp_less(fitting, witnesses_.size());
    if (misfits_ && ask_all_others())
        return;
    Liars liars;
    if (misfits_ && fitting > 0)
        std::erase_if(witnesses_, [&](const Witness& witness) {
            return !fits(witness) && liars.emplace(witness.contender, "is no ZIP archive at its ends").second;
        });
    if (const auto who = believed()) {
        for (const auto& witness : witnesses_)
            if (!same(witness, witnesses_[*who]))
                liars.emplace(witness.contender, differs);
        if (liars.empty() && ask_all_others())
            return;
    } else if (witnesses_.size() == 2) {
        const auto third = liars.empty() && in_time() ? another_family() : std::nullopt; // else all have been asked
        if (third && ask(*third))
            return wait(patience_with_a_lie);
        const auto root = std::ranges::find_if(
            witnesses_, [this](const Witness& witness) { return errand_.contenders[witness.contender].source->root; });
        if (root != witnesses_.end())
            liars.emplace(witnesses_[root == witnesses_.begin() ? 1 : 0].contender, differs);
    }
    end(liars);
}

// Where the first two agree readers need not wait; but each of the others may have another file.
bool FirstLook::ask_all_others() {
    for (auto other = another_family(); other && ask(*other); other = another_family()) {
    }
    if (questions_.empty())
        return false;
    wait(patience_with_a_lie);
    if (!misfits_ && !std::exchange(late_, true))
        owner_.first_look_waited();
    return true;
}

void FirstLook::end(const Liars& liars) {
    stop();
    std::vector<std::size_t> left_out;
    for (const auto& [liar, why] : liars) {
        auto& contender = errand_.contenders[liar];
        const auto words = fmt::format("{}: {}", errand_.context.endpoints.name(contender.id).key(), why);
        spdlog::warn("relay: {}: {}; left out", errand_.object.path, words);
        errand_.tried.push_back(words);
        // Where its two ends came from two places the right bytes tell which one was wrong.
        const auto& whom = answered_[liar];
        if (whom.size() == 1)
            errand_.dissents.push_back({*whom.begin(), Errand::Dissent::Of::bytes, words});
        for (std::size_t i = 0; i < errand_.contenders.size(); ++i) {
            auto& other = errand_.contenders[i];
            if (i != liar && !(whom.size() == 1 && other.spoke_for(whom)))
                continue; // who points to the same place has the same
            other.out = other.outvoted = true;
            if (std::ranges::find(left_out, i) == left_out.end())
                left_out.push_back(i);
        }
    }
    owner_.first_look_ended(left_out);
}

} // namespace yizhan
