#include "proxy/relay/ride.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long what is here may come once more where an answer cannot begin in the middle. Then the next transfer may find
// somebody better: who failed in this one is not asked by it again.
constexpr std::chrono::minutes passing_over_at_most{5};
// Once the client has heard nothing for so long, everybody who is left is asked, one after the other in these steps,
// whatever the budget for second requests says: five silent mirrors must not use up what the sixth needs.
constexpr seconds urgent_after{4};
constexpr milliseconds urgent_step{500};
// A request that has waited so long for others to end may be one too many: manners end where a client would give up.
constexpr seconds crowd_after{6};
// Until one is asked again that points to another one without room: each time is a real request.
constexpr milliseconds later{500};
// Looks again where everybody is at the cap or rests; nobody is asked by it.
constexpr milliseconds wait_step{100};
// Bytes: what two answers must have in common before the second is spliced to the first (facts: mirrors 4.5).
constexpr std::uint64_t overlap = std::uint64_t{64} * 1024;
// Bytes that wait in a socket though we read it as fast as we can: a connection that its mirror or the network holds
// back has next to none. Linux gives a young one 128 KiB in all, and the sender keeps as much again and more.
constexpr std::uint64_t backlog = std::uint64_t{64} * 1024;

bool is_strong(std::string_view etag) {
    return etag.size() > 2 && etag.starts_with('"') && etag.ends_with('"');
}

} // namespace

Ride::Ride(Errand& errand, Owner& owner, Segment segment, bool follows_on)
    : errand_(errand), owner_(owner), segment_(segment), at_(segment.begin), follows_on_(follows_on),
      asked_(errand.contenders.size()) {}

Ride::~Ride() {
    abandon();
}

// ---- asking

bool Ride::bounded() const {
    return segment_.end < errand_.size.value_or(Segments::endless);
}

// Two answers must not be spliced when nothing proves that they belong together.
bool Ride::may_ask() const {
    return at_ == 0 || errand_.object.identity.known() || !errand_.validator.empty();
}

// Called when nobody is being asked, and when those who are are late.
void Ride::ask() {
    if (over_ || ridden_ || reading_)
        return;
    if (!may_ask())
        return strand();
    auto& endpoints = errand_.context.endpoints;
    const auto now = Clock::now();
    const auto waited = owner_.silence(now);
    const auto crowd = waited > crowd_after ? Crowd::yes : Crowd::no;
    Contenders::Round round{.asked = asked_, .busy = {}};
    for (const auto& mount : legs_)
        round.busy.push_back(mount.contender);
    std::erase_if(later_, [now](const auto& each) { return each.second <= now; });
    for (const auto& [contender, until] : later_)
        round.busy.push_back(contender);
    const auto rest = segment_.end == Segments::endless ? std::nullopt : std::optional(left());
    const auto field = errand_.contenders.field(errand_.ask, round, rest, crowd, now);
    if (field.empty() && legs_.empty() && later_.empty())
        return strand();
    if (field.empty()) {
        ask_again_ = now + wait_step;
        return;
    }
    if (must_read()) {
        reading_ = true;
        return owner_.read_before(*this, overlap);
    }
    ask_again_ = now + wait_step;
    const auto chosen = endpoints.choose(field, {.families_once = true, .may_wait = waited < urgent_after});
    if (!chosen) {
        if (chosen.error().wait || !legs_.empty())
            return;
        errand_.tried.push_back(chosen.error().why);
        return strand();
    }
    const auto index = chosen->index;
    const auto id = errand_.contenders[index].id;
    if (!endpoints.may_repeat(id, asked_[index] > 0, errand_.failovers, now))
        return;
    auto attempt =
        endpoints.begin(id, errand_.ask, now, chosen->manner == Manner::panic ? Panic::yes : Panic::no, crowd);
    if (!attempt)
        return;
    spdlog::debug("relay: {} at byte {} is asked of {}: {}", errand_.object.path, at_,
                  errand_.contenders[index].source->endpoint, chosen->why);
    begin_leg(index, std::move(*attempt));
    ask_again_ = now + std::chrono::duration_cast<Clock::duration>(endpoints.hedge_after(id, errand_.ask.size));
}

void Ride::ask(std::size_t contender) {
    if (must_read()) {
        first_ = contender;
        reading_ = true;
        return owner_.read_before(*this, overlap);
    }
    const auto now = Clock::now();
    auto& endpoints = errand_.context.endpoints;
    const auto id = errand_.contenders[contender].id;
    auto attempt = endpoints.begin(id, errand_.ask, now);
    if (!attempt)
        return strand();
    begin_leg(contender, std::move(*attempt));
    ask_again_ = now + std::chrono::duration_cast<Clock::duration>(endpoints.hedge_after(id, errand_.ask.size));
}

void Ride::went_on(std::shared_ptr<const std::string> before) {
    reading_ = false;
    before_ = std::move(before);
    if (over_)
        return;
    if (const auto first = std::exchange(first_, std::nullopt))
        return ask(*first);
    ask();
}

bool Ride::must_read() const {
    return follows_on_ && !before_ && errand_.object.identity.known();
}

void Ride::begin_leg(std::size_t contender, Attempt attempt) {
    errand_.failovers += asked_[contender] == 0 && owner_.leads(*this) &&
                         (errand_.failovers > 0 || !errand_.tried.empty() || !legs_.empty());
    ++asked_[contender];
    auto& whom = errand_.contenders[contender];
    ++whom.legs;
    auto& context = errand_.context;
    const bool known = errand_.object.identity.known();
    Leg::Wanted wanted{.path = errand_.object.path,
                       .offset = at_,
                       .end = bounded() ? std::optional(segment_.end) : std::nullopt,
                       .size = errand_.size,
                       .whole_too = owner_.leads(*this),
                       .before = known ? before_ : nullptr,
                       .validator = known || at_ == 0 ? std::string{} : errand_.validator};
    Leg::Rider& rider = *this;
    legs_.push_back(
        {contender, std::make_unique<Leg>(
                        Leg::Means{context.upstream, context.named, context.settings.max_redirects, context.endpoints},
                        *whom.source, std::move(attempt), whom.address, std::move(wanted), rider)});
}

// ---- legs

void Ride::leg_heard(Leg& leg, const Head& head) {
    errand_.contenders[mount_of(leg)->contender].answered_by.insert(leg.charged_id());
    if (!errand_.object.identity.known() && at_ == 0)
        errand_.validator = is_strong(head.field("etag")) ? std::string(head.field("etag")) : std::string{};
}

// Where nothing else tells the size, the word of whose bytes are taken does: a head alone binds nobody.
void Ride::take_size(const Leg& leg) {
    if (errand_.size || !leg.total())
        return;
    errand_.size = leg.total();
    if (segment_.end == Segments::endless)
        segment_.end = *leg.total();
    owner_.ride_heard_size();
}

// Of several failures before the next byte the first is told: it is what began it.
void Ride::leave(const Leg& leg, const std::string& why) {
    errand_.left.try_emplace(at_, leg.charged().key(), why);
}

void Ride::ride(Leg& leg) {
    if (const auto& first = *legs_.front().leg; &first != &leg)
        leave(first, "its first byte was late; another was asked too, and was first");
    abandon_but(&leg);
    ridden_ = &leg;
    since_ = Clock::now();
    errand_.contributors.insert(leg.charged_id());
    errand_.contenders[legs_.front().contender].fruitless = 0;
    take_size(leg);
    const auto whom = leg.charged().key();
    if (const auto left = errand_.left.extract(at_))
        spdlog::info("relay: {} object={:?} at={} from={:?} to={:?} reason={:?}",
                     left.mapped().whom == whom ? "resume" : "switch", errand_.object.path, at_, left.mapped().whom,
                     whom, left.mapped().why);
    if (owner_.leads(*this))
        errand_.came_from = whom;
    before_.reset();
}

Credit Ride::leg_brought(Leg& leg, std::span<const std::byte> bytes) {
    if (over_)
        return Credit::more;
    if (ridden_ != &leg)
        ride(leg);
    auto credit = Credit::more;
    while (!bytes.empty()) {
        const auto mine = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left(), bytes.size())));
        if (!mine.empty()) {
            credit = owner_.ride_brought(*this, mine, leg.charged().key());
            paused_ = credit == Credit::pause;
            at_ += mine.size();
            follows_on_ = true;
        }
        bytes = bytes.subspan(mine.size());
        if (left() > 0 || at_ == errand_.size.value_or(Segments::endless))
            break;
        if (leg.whole() && owner_.ride_runs_on(*this))
            continue;
        leg.enough();
        break;
    }
    return credit;
}

void Ride::leg_ended(Leg& leg, std::optional<Rejection> why) {
    if (!why && segment_.end != Segments::endless && left() > 0)
        why = Rejection{Symptom::reset, fmt::format("the answer ended {} bytes early", left())};
    if (why)
        return failed(leg, *why);
    const auto ended = dismiss(leg);
    errand_.contributors.insert(ended.leg->charged_id()); // of an empty object nobody brought a byte
    abandon_but(nullptr);
    if (!errand_.size && segment_.end == Segments::endless) { // nothing of it lies beyond
        errand_.size = at_;
        segment_.end = at_;
        owner_.ride_heard_size();
    }
    over_ = true;
    owner_.ride_arrived(*this);
}

void Ride::failed(Leg& leg, const Rejection& why) {
    const bool brought = ridden_ == &leg;
    const auto ended = dismiss(leg);
    auto& contender = errand_.contenders[ended.contender];
    const auto url = redacted(contender.source->url.str());
    const auto words = why.words.starts_with("http") ? why.words : fmt::format("{}: {}", url, why.words);
    if (why.symptom == Symptom::no_ranges) {
        contender.no_ranges = true;
        leave(*ended.leg, why.words);
        ended.leg->fail(why, Clock::now());
        spdlog::info("relay: {} at byte {}: {}", errand_.object.path, at_, words);
        return owner_.leads(*this) ? ask() : strand();
    }
    if (why.symptom == Symptom::not_now) {
        ended.leg->fail(why, Clock::now());
        if (!std::exchange(contender.told_later, true))
            errand_.tried.push_back(words);
        later_[ended.contender] = Clock::now() + later;
        return owner_.leads(*this) ? ask() : strand();
    }
    contender.fruitless = brought ? 1 : contender.fruitless + 1;
    errand_.tried.push_back(words);
    leave(*ended.leg, why.words);
    // It or who came before: that shows at the end. Of a size that only another one told the same is true.
    const bool hearsay = why.symptom == Symptom::wrong_size && !errand_.object.size && errand_.object.identity.known();
    if (why.symptom == Symptom::wrong_bytes || hearsay) {
        ended.leg->abandon();
        contender.out = true;
        const auto of = hearsay ? Errand::Dissent::Of::size : Errand::Dissent::Of::bytes;
        errand_.dissents.push_back({ended.leg->charged_id(), of, words});
        spdlog::warn("relay: {} at byte {}: {}; not spliced", errand_.object.path, at_, words);
    } else {
        const auto meaning = ended.leg->fail(why, Clock::now());
        contender.out |= meaning.lacks_object;
        spdlog::warn("relay: {} at byte {}: {}{}", errand_.object.path, at_, words,
                     meaning.opened || meaning.cut_cap ? " (" + meaning.words + ")" : std::string{});
    }
    if (owner_.leads(*this))
        ask();
    else if (legs_.empty())
        strand();
}

std::vector<Ride::Mount>::iterator Ride::mount_of(const Leg& leg) {
    return std::ranges::find_if(legs_, [&](const Mount& mount) { return mount.leg.get() == &leg; });
}

Ride::Mount Ride::dismiss(const Leg& leg) {
    const auto at = mount_of(leg);
    auto out = std::move(*at);
    legs_.erase(at);
    --errand_.contenders[out.contender].legs;
    if (ridden_ == &leg)
        ridden_ = nullptr;
    return out;
}

void Ride::abandon_but(const Leg* one) {
    std::vector<Leg*> others;
    for (const auto& mount : legs_)
        if (mount.leg.get() != one)
            others.push_back(mount.leg.get());
    for (auto* leg : others) {
        leg->abandon();
        dismiss(*leg);
    }
}

void Ride::abandon() {
    over_ = true;
    abandon_but(nullptr);
}

void Ride::strand() {
    over_ = true;
    abandon_but(nullptr);
    owner_.ride_stranded(*this);
}

// ---- time

void Ride::tick(Clock::time_point now) {
    if (over_)
        return;
    auto& endpoints = errand_.context.endpoints;
    if (ridden_) {
        auto others =
            endpoints.rivals(errand_.contenders.others_than(ridden_->asked()), ridden_->asked(), errand_.ask, now);
        if (bounded()) // of several who bring it together the slow are helped: only who crawls is left
            others.bytes_per_second = 0;
        if (auto stall = ridden_->stalled(others, now))
            failed(*ridden_, *stall);
        return;
    }
    if (reading_ || !owner_.leads(*this))
        return;
    const auto waited = owner_.silence(now);
    if (waited > client_patience) {
        if (!passes_over() || waited > passing_over_at_most) {
            errand_.crowded = legs_.empty() && (errand_.tried.empty() || !later_.empty());
            for (const auto& mount : legs_)
                errand_.tried.push_back(fmt::format("{}: nothing new, after {} s in all", mount.leg->charged().key(),
                                                    std::chrono::floor<seconds>(waited).count()));
            return strand();
        }
        owner_.ride_passes_over(*this);
    }
    if (!legs_.empty() && now < ask_again_)
        return;
    const bool urgent = waited > urgent_after;
    if (legs_.empty() || urgent || endpoints.may_hedge(static_cast<unsigned>(legs_.size()), now))
        ask();
    ask_again_ = urgent ? std::min(ask_again_, now + urgent_step) : std::max(ask_again_, now + wait_step);
}

bool Ride::passes_over() const {
    return std::ranges::any_of(legs_, [](const Mount& mount) { return mount.leg->passes_over(); });
}

Ride::Clock::time_point Ride::next_look(Clock::time_point now) const {
    const auto at_most = now + seconds(1); // a running leg is looked at once a second
    if (ridden_ || !owner_.leads(*this))
        return at_most;
    const auto given_up = now - owner_.silence(now) + client_patience + milliseconds(1);
    if (passes_over())
        return given_up > now ? std::min(given_up, at_most) : at_most;
    return std::max(now + milliseconds(10), std::min(ask_again_, given_up));
}

void Ride::resume() {
    if (std::exchange(paused_, false) && ridden_)
        ridden_->resume();
}

// ---- what it is asked about

void Ride::shorten(std::uint64_t end) {
    segment_.end = std::max(end, at_);
    if (ridden_ && left() == 0)
        ridden_->enough();
}

bool Ride::overtakes_us() const {
    return paused_ || (ridden_ && ridden_->unread() > backlog);
}

bool Ride::judged(Clock::time_point now) const {
    constexpr milliseconds flowing{300}; // slow start over a wide network; and nobody's rate can be told in less
    constexpr seconds asking{1};         // its first byte is late
    return now - since_ >= (ridden_ ? Clock::duration(flowing) : asking);
}

bool Ride::rides_with(std::size_t contender) const {
    return std::ranges::any_of(legs_, [&](const Mount& mount) { return mount.contender == contender; });
}

std::vector<std::size_t> Ride::not_now() const {
    std::vector<std::size_t> out;
    out.reserve(later_.size());
    for (const auto& [contender, until] : later_)
        out.push_back(contender);
    return out;
}

std::vector<std::string> Ride::asking() const {
    std::vector<std::string> out;
    for (const auto& mount : legs_)
        if (mount.leg.get() != ridden_)
            out.push_back(mount.leg->charged().key());
    return out;
}

} // namespace yizhan
