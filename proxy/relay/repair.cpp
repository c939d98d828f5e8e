#include "proxy/relay/repair.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace yizhan {
namespace {

// Parts that are fetched at the same time: each is held in memory until it is compared, up to 8 MiB and a little.
constexpr std::size_t at_a_time = 4;
// How often is looked whether somebody has a place free again, and for how long: other transfers leave theirs sooner or
// later. Then each alone is better, which asks also those who are full.
constexpr std::chrono::milliseconds look_step{100};
constexpr std::chrono::seconds patience_with_the_full{30};

std::string family_of(const Endpoints& endpoints, const std::string& key) {
    const auto id = endpoints.find(key);
    return id ? endpoints.name(*id).family : key; // of an endpoint that is gone: nobody vouches for it
}

} // namespace

bool Repair::possible(const Errand& errand, const std::vector<Piece>& pieces) {
    std::set<std::string> senders;
    std::set<EndpointId> ids;
    for (const auto& piece : pieces) {
        senders.insert(family_of(errand.context.endpoints, piece.source));
        if (const auto id = errand.context.endpoints.find(piece.source))
            ids.insert(*id);
    }
    return std::ranges::any_of(errand.contenders, [&](const Contender& contender) {
        return (!contender.out || contender.outvoted) &&
               (senders.size() > 1 || !(senders.contains(contender.source->family) || contender.spoke_for(ids)));
    });
}

Repair::Repair(Errand& errand, Intake& intake, std::vector<Piece> suspects, Whom whom, Owner& owner)
    : errand_(errand), intake_(intake), whom_(whom), owner_(owner), again_(errand.context.relay) {
    std::ranges::sort(suspects, {}, &Piece::offset);
    for (const auto& piece : suspects)
        suspects_.push_back({.offset = piece.offset,
                             .size = piece.size,
                             .checksum = piece.checksum,
                             .heard = {{.who = piece.source,
                                        .family = family_of(errand.context.endpoints, piece.source),
                                        .checksum = piece.checksum}}});
    for (const auto& contender : errand.contenders)
        if (contender.outvoted) {
            auto spoke = contender.answered_by;
            spoke.insert(contender.id);
            for (const auto id : spoke)
                ++strikes_[errand.context.endpoints.name(id).key()];
        }
}

void Repair::stop() {
    over_ = true;
    again_.cancel();
    for (auto& check : std::exchange(checks_, {})) {
        check->leg->abandon();
        --errand_.contenders[check->witness].legs;
    }
}

std::size_t Repair::Suspect::votes(std::uint64_t what) const {
    return static_cast<std::size_t>(std::ranges::count(heard, what, &Testimony::checksum));
}

bool Repair::Suspect::heard_of(const std::string& family) const {
    return asked.contains(family) || has_word_of(family);
}

bool Repair::Suspect::has_word_of(const std::string& family) const {
    return std::ranges::find(heard, family, &Testimony::family) != heard.end();
}

bool Repair::Suspect::disputed() const {
    const auto mine = votes(checksum);
    return std::ranges::any_of(heard, [&](const Testimony& testimony) {
        return testimony.checksum != checksum && votes(testimony.checksum) >= mine;
    });
}

unsigned Repair::strikes(const std::string& who) const {
    const auto at = strikes_.find(who);
    return at == strikes_.end() ? 0 : at->second;
}

// What it sent, or those to whom it pointed.
bool Repair::struck(const Contender& contender) const {
    const auto& endpoints = errand_.context.endpoints;
    return strikes(endpoints.name(contender.id).key()) > 0 ||
           std::ranges::any_of(contender.answered_by,
                               [&](EndpointId id) { return strikes(endpoints.name(id).key()) > 0; });
}

std::vector<Piece> Repair::heard() const {
    std::vector<Piece> out;
    for (const auto& suspect : suspects_)
        for (const auto& testimony : suspect.heard)
            out.push_back({suspect.offset, suspect.size, testimony.checksum, testimony.who});
    return out;
}

// ---- asking

void Repair::drive() {
    if (over_ || trying_)
        return;
    if (!unweighed_.empty()) {
        auto next = std::move(unweighed_.front());
        unweighed_.pop_front();
        return weigh(std::move(next));
    }
    if (owed_ && changed_ && !struck_left()) {
        owed_ = false;
        return hash([this] { drive(); });
    }
    full_ = false;
    if (ask_contradictor())
        return;
    while (checks_.size() < at_a_time &&
           (ask_outvoted() || ask_one(false) || (checks_.empty() && !full_ && ask_one(true)))) {
    }
    if (full_)
        look_again();
    if (full_ || !checks_.empty())
        return;
    if (changed_)
        return hash([this] { drive(); });
    give_up();
}

void Repair::look_again() {
    again_.expires_after(look_step);
    again_.async_wait([self = weak_from_this()](boost::system::error_code ec) {
        if (const auto repair = self.lock(); repair && !ec)
            repair->drive();
    });
}

// The first look left one out for its ends, and now it shows that the others are no better: if that one was right, its
// ends close the digest. Many may lie alike (what they have was copied from one of them). First it is seen whether what
// it sent was all that is wrong.
bool Repair::ask_outvoted() {
    for (std::size_t i = 0; i < errand_.contenders.size() && !suspects_.empty(); ++i) {
        const auto& contender = errand_.contenders[i];
        const auto key = errand_.context.endpoints.name(contender.id).key();
        const auto unexamined = [&](const Suspect& suspect) {
            return suspect.heard.size() == 1 && suspect.heard.front().who == key;
        };
        if (!contender.outvoted || !may_ask(contender) || asks(i) || std::ranges::any_of(suspects_, unexamined))
            continue;
        for (const auto suspect : {std::size_t{0}, suspects_.size() - 1})
            if (!suspects_[suspect].busy && !suspects_[suspect].heard_of(contender.source->family) && has_place(i) &&
                begin(suspect, i))
                return true;
    }
    return false;
}

bool Repair::may_ask(const Contender& contender) const {
    return (!contender.out || contender.outvoted) && !contender.no_ranges && contender.fruitless < 2;
}

// Nobody is pushed over its cap: who has no free place now is asked when it has one.
bool Repair::has_place(std::size_t witness) {
    const auto now = Clock::now();
    auto& contender = errand_.contenders[witness];
    if (!errand_.context.endpoints.candidate(contender.id, errand_.ask, {}, now).full)
        return true;
    if (now - stuck_since_.value_or(now) < patience_with_the_full)
        full_ = true;
    else
        contender.fruitless = 2;
    stuck_since_ = stuck_since_.value_or(now);
    return false;
}

// Somebody who may be asked about this part; one part at a time from each. Who has not been heard at all comes first:
// one with another file altogether shows early.
std::optional<std::size_t> Repair::witness_for(const Suspect& suspect, bool struck_too) {
    const auto now = Clock::now();
    const auto& endpoints = errand_.context.endpoints;
    if (whom_ == Whom::anybody && suspect.heard.size() > 1)
        return std::nullopt;
    std::optional<std::size_t> best;
    std::pair<bool, double> best_rank;
    for (std::size_t i = 0; i < errand_.contenders.size(); ++i) {
        const auto& contender = errand_.contenders[i];
        const auto& family = contender.source->family;
        if (contender.out || !may_ask(contender) || (!struck_too && struck(contender)) ||
            (whom_ == Whom::others && (suspect.heard_of(family) || speaks_for_the_heard(contender, suspect))) ||
            asks(i) || !has_place(i))
            continue;
        const bool unheard =
            std::ranges::none_of(suspects_, [&](const Suspect& other) { return other.heard_of(family); });
        const std::pair rank{unheard, endpoints.measured_rate(contender.id, errand_.ask.size, now)};
        if (!best || rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

// Whether it pointed to one that was heard about this part, and would most likely point there again.
bool Repair::speaks_for_the_heard(const Contender& contender, const Suspect& suspect) const {
    return std::ranges::any_of(suspect.heard, [&](const Testimony& testimony) {
        const auto id = errand_.context.endpoints.find(testimony.who);
        return id && contender.answered_by.contains(*id);
    });
}

// What is disputed comes first, then what the struck have sent, then whatever the fewest were heard about.
bool Repair::ask_one(bool struck_too) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < suspects_.size(); ++i)
        if (!suspects_[i].busy)
            order.push_back(i);
    std::ranges::sort(order, {}, [this](std::size_t i) {
        const auto& suspect = suspects_[i];
        return std::tuple(!suspect.disputed(), !only_sender_is_struck(suspect), suspect.heard.size(), i);
    });
    for (const auto i : order) {
        const auto witness = witness_for(suspects_[i], struck_too);
        if (!witness)
            continue;
        if (begin(i, *witness))
            return true;
    }
    return false;
}

bool Repair::asks(std::size_t witness) const {
    return std::ranges::any_of(checks_, [witness](const auto& check) { return check->witness == witness; });
}

bool Repair::begin(std::size_t suspect, std::size_t witness) {
    auto& contender = errand_.contenders[witness];
    auto attempt = errand_.context.endpoints.begin(contender.id, errand_.ask, Clock::now(), Panic::yes);
    if (attempt)
        ask(suspect, witness, std::move(*attempt));
    else
        contender.fruitless = 2;
    return attempt.has_value();
}

void Repair::ask(std::size_t which, std::size_t witness, Attempt attempt) {
    auto& context = errand_.context;
    auto& suspect = suspects_[which];
    auto& contender = errand_.contenders[witness];
    Leg::Wanted wanted{.path = errand_.object.path,
                       .offset = suspect.offset,
                       .end = suspect.end(),
                       .size = errand_.size,
                       .whole_too = false,
                       .before = nullptr,
                       .validator = {}};
    Leg::Rider& rider = *this;
    suspect.busy = true;
    stuck_since_.reset();
    ++contender.legs;
    auto leg = std::make_unique<Leg>(
        Leg::Means{context.upstream, context.named, context.settings.max_redirects, context.endpoints},
        *contender.source, std::move(attempt), contender.address, std::move(wanted), rider);
    checks_.push_back(std::make_unique<Check>(which, witness, std::move(leg), std::vector<std::byte>{}));
}

void Repair::leg_heard(Leg& leg, const Head&) {
    const auto at = std::ranges::find_if(checks_, [&](const auto& check) { return check->leg.get() == &leg; });
    (*at)->from = leg.charged_id();
    errand_.contenders[(*at)->witness].answered_by.insert(leg.charged_id());
}

Credit Repair::leg_brought(Leg& leg, std::span<const std::byte> bytes) {
    const auto at = std::ranges::find_if(checks_, [&](const auto& check) { return check->leg.get() == &leg; });
    auto& into = (*at)->bytes;
    const auto room = suspects_[(*at)->suspect].size - into.size();
    bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, bytes.size())));
    into.insert(into.end(), bytes.begin(), bytes.end());
    if (into.size() == suspects_[(*at)->suspect].size && leg.whole())
        leg.enough();
    return Credit::more;
}

void Repair::leg_ended(Leg& leg, std::optional<Rejection> why) {
    const auto at = std::ranges::find_if(checks_, [&](const auto& check) { return check->leg.get() == &leg; });
    const auto check = std::move(*at);
    checks_.erase(at);
    auto& contender = errand_.contenders[check->witness];
    auto& suspect = suspects_[check->suspect];
    --contender.legs;
    suspect.busy = false;
    if (why) {
        contender.no_ranges |= why->symptom == Symptom::no_ranges;
        contender.fruitless += why->symptom != Symptom::no_ranges;
        const auto meaning = check->leg->fail(*why, std::chrono::steady_clock::now());
        contender.out |= meaning.lacks_object;
    } else if (check->bytes.size() == suspect.size) {
        unweighed_.push_back({check->suspect, check->witness, nullptr, std::move(check->bytes), check->from});
    }
    // Legs must not be begun from inside another one's end.
    asio::post(errand_.context.relay, [self = weak_from_this()] {
        if (const auto repair = self.lock())
            repair->drive();
    });
}

} // namespace yizhan
