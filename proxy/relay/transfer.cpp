#include "proxy/relay/transfer.hpp"

#include "cache/blob_file.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <random>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view files = "files"; // the kind of request, for breakers

// pip gives up after 15 s without a byte: a failure must be told before that, or the rest must flow.
constexpr seconds client_patience{14};
// Once the client has heard nothing for so long, everybody who is left is asked, one after the other in these steps,
// whatever the budget for second requests says: five silent mirrors must not use up what the sixth needs.
constexpr seconds urgent_after{4};
constexpr milliseconds urgent_step{500};
// A request that has waited so long for others to end may be one too many: manners end where a client would give up.
constexpr seconds crowd_after{6};
// Looks again where everybody is at the cap or rests; nobody is asked by it.
constexpr milliseconds wait_step{100};
// Bytes: what two answers must have in common before the second is spliced to the first (facts: mirrors 4.5).
constexpr std::uint64_t overlap = std::uint64_t{64} * 1024;
// Bytes: smaller writes cost more in threads woken than in copying; libcurl hands over 16 KiB.
constexpr std::size_t worth_writing = std::size_t{128} * 1024;
// How long one reader may hold up all others while the disk is full.
constexpr seconds laggard{10};

// 128 random bits: nobody can guess the ETag of somebody else's delivery.
std::string random_id() {
    thread_local std::random_device device;
    std::string out;
    for (int i = 0; i < 4; ++i)
        out += fmt::format("{:08x}", device());
    return out;
}

// Of the same file, read where it was written; through the page cache it has just gone.
std::string read_back(int fd, std::uint64_t from, std::uint64_t size) {
    std::string out(size, '\0');
    const auto got = pread(fd, out.data(), out.size(), static_cast<off_t>(from));
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
}

bool is_strong(std::string_view etag) {
    return etag.size() > 2 && etag.starts_with('"') && etag.ends_with('"');
}

} // namespace

struct Transfer::Writer {
    Writer(std::optional<Fill> into, const Identity& identity) : fill(std::move(into)), hasher(identity) {}
    std::optional<Fill> fill; // none: what comes is passed through memory
    StreamHasher hasher;
    std::vector<std::byte> inherited; // the piece taken over last
};

Transfer::Transfer(Host host, Object object)
    : host_(std::move(host)), object_(std::move(object)), progress_(std::make_shared<Progress>(random_id())),
      ask_{.kind = std::string(files), .size = size_class_of(object_.size)},
      contenders_(host_.context.endpoints, object_.sources, host_.context.families), tick_(host_.context.relay),
      patience_(host_.context.relay), grace_(host_.context.relay) {
    progress_->publish([this](Progress::View& view) { view.size = object_.size; });
}

Transfer::~Transfer() = default;

void Transfer::start() {
    contenders_.prepare(object_, Clock::now(), tried_);
    open_fill();
    patience_.expires_after(host_.context.settings.verify_first_patience);
    patience_.async_wait([self = weak_from_this()](error_code ec) {
        if (const auto transfer = self.lock(); transfer && !ec) {
            transfer->patience_over_ = true;
            transfer->release();
        }
    });
}

// ---- the place for the bytes

void Transfer::open_fill() {
    asio::post(host_.context.disk, [self = shared_from_this()] {
        auto opened = self->host_.context.store.begin(self->object_.identity, self->object_.size);
        asio::post(self->host_.context.relay, [self, fill = std::move(opened)]() mutable {
            if (self->over())
                return;
            if (!fill && fill.error().code != Errc::no_space)
                return self->fail(std::move(fill.error()), Keep::no);
            if (!fill) {
                self->writer_ = std::make_shared<Writer>(std::nullopt, self->object_.identity);
                self->write_to_memory(fill.error());
                return self->ask();
            }
            const bool inherits = fill->left_behind() > 0;
            self->writer_ = std::make_shared<Writer>(std::move(*fill), self->object_.identity);
            self->progress_->publish([&](Progress::View& view) { view.file = self->writer_->fill->file(); });
            inherits ? self->take_over() : self->ask();
        });
    });
}

// What a former transfer left is read once more, a piece at a time: it has to be hashed anyway, and readers get each
// piece as soon as it is known to be what was written then.
void Transfer::take_over() {
    writing_ = true;
    asio::post(host_.context.disk, [self = shared_from_this(), writer = writer_] {
        auto piece = writer->fill->take_over();
        if (piece)
            writer->hasher.update(*piece);
        asio::post(self->host_.context.relay, [self, size = piece ? piece->size() : 0, failed = !piece] {
            self->writing_ = false;
            if (self->failure_)
                return self->bury();
            if (failed)
                return self->fail(Error{Errc::io, "what was here of " + self->object_.path + " cannot be read", {}},
                                  Keep::no);
            self->taken_over(size);
        });
    });
}

void Transfer::taken_over(std::uint64_t bytes) {
    if (bytes == 0) {
        if (taken_over_ > 0)
            spdlog::info("relay: {} goes on at byte {}, where it was left", object_.path, taken_over_);
        last_byte_ = Clock::now();
        return ask();
    }
    taken_over_ += bytes;
    received_ = written_ = taken_over_;
    release();
    take_over();
}

// The disk is full: what is on it stays where it is, and the rest goes through memory to those who read now.
void Transfer::write_to_memory(const Error& why) {
    spdlog::warn("relay: {}: {}; it is passed on without being kept", object_.path, why.message);
    host_.context.disk_full(why.message);
    window_ = std::make_shared<Window>(written_);
    progress_->publish([&](Progress::View& view) { view.window = window_; });
}

// ---- endpoints

bool Transfer::all_here() const {
    const auto size = progress_->view().size;
    return size && *size > 0 && received_ == *size;
}

// Asks one endpoint more. Called when nobody is being asked, and when those who are are late.
void Transfer::ask() {
    if (over() || ridden_ || failure_ || state_ >= State::verifying || !writer_)
        return;
    if (!settled())
        return; // what has come is written first: the next answer is compared with its end
    // A leg that went wrong only after the object's last byte has brought all there is; the digest decides.
    if (all_here()) {
        complete_ = true;
        return verify();
    }
    if (received_ > 0 && !object_.identity.known() && validator_.empty())
        return give_up(); // two answers must not be spliced when nothing proves that they belong together
    const auto now = Clock::now();
    const auto rest = object_.size ? std::optional(*object_.size - received_) : std::nullopt;
    const auto crowd = silent(now) > crowd_after ? Crowd::yes : Crowd::no;
    const auto field = contenders_.field(ask_, rest, crowd, now);
    if (field.empty())
        return legs_.empty() ? give_up() : schedule();
    if (received_ > 0 && !overlap_)
        return read_overlap();
    const auto chosen =
        host_.context.endpoints.choose(field, {.families_once = true, .may_wait = silent(now) < urgent_after});
    ask_again_ = now + wait_step;
    if (!chosen) {
        if (!chosen.error().wait && legs_.empty()) {
            tried_.push_back(chosen.error().why);
            return give_up();
        }
        return schedule();
    }
    auto& contender = contenders_[chosen->index];
    if (!host_.context.endpoints.may_repeat(contender.id, contender.asked > 0, failovers_, now))
        return schedule();
    auto attempt = host_.context.endpoints.begin(contender.id, ask_, now,
                                                 chosen->manner == Manner::panic ? Panic::yes : Panic::no, crowd);
    if (!attempt)
        return schedule();
    spdlog::debug("relay: {} at byte {} is asked of {}: {}", object_.path, received_, contender.source->endpoint,
                  chosen->why);
    begin_leg(contender, std::move(*attempt));
    ask_again_ =
        now + std::chrono::duration_cast<Clock::duration>(host_.context.endpoints.hedge_after(contender.id, ask_.size));
    schedule();
}

void Transfer::begin_leg(Contender& contender, Attempt attempt) {
    failovers_ += contender.asked == 0 && (failovers_ > 0 || !tried_.empty() || !legs_.empty());
    ++contender.asked;
    contender.busy = true;
    auto& context = host_.context;
    Leg::Wanted wanted{.path = object_.path,
                       .offset = received_,
                       .size = progress_->view().size,
                       .before = object_.identity.known() ? overlap_ : nullptr,
                       .validator = object_.identity.known() || received_ == 0 ? std::string{} : validator_};
    Leg::Rider& rider = *this;
    legs_.push_back(std::make_unique<Leg>(
        Leg::Means{context.upstream, context.named, context.settings.max_redirects, context.endpoints},
        *contender.source, std::move(attempt), contender.address, std::move(wanted), rider));
}

// What the next answer is compared with, before it is asked for.
void Transfer::read_overlap() {
    const auto size = std::min(overlap, written_);
    if (window_ && written_ > window_->first()) {
        overlap_ = std::make_shared<const std::string>(); // memory has let go of it, perhaps: the digest decides alone
        return ask();
    }
    writing_ = true;
    asio::post(host_.context.disk, [self = shared_from_this(), writer = writer_, from = written_ - size, size] {
        auto bytes = std::make_shared<const std::string>(read_back(Blob(writer->fill->file()).fd(), from, size));
        asio::post(self->host_.context.relay, [self, bytes, complete = bytes->size() == size] {
            self->writing_ = false;
            if (self->failure_)
                return self->bury();
            self->overlap_ = complete ? bytes : std::make_shared<const std::string>();
            self->ask();
        });
    });
}

void Transfer::leg_heard(Leg&, const Head& head, std::optional<std::uint64_t> total) {
    if (!progress_->view().size && total)
        progress_->publish([&](Progress::View& view) { view.size = total; });
    if (!object_.identity.known() && received_ == 0)
        validator_ = is_strong(head.field("etag")) ? std::string(head.field("etag")) : std::string{};
}

void Transfer::ride(Leg& leg) {
    abandon_legs(&leg);
    ridden_ = &leg;
    contributors_.insert(leg.charged_id());
    contenders_.of(leg.source(), leg.address()).fruitless = 0;
    const auto whom = leg.charged().key();
    if (!left_because_.empty())
        spdlog::info("relay: switch object={} at={} from={} to={} reason=\"{}\"", object_.path, received_,
                     came_from_.empty() ? "-" : came_from_, whom, left_because_);
    left_because_.clear();
    came_from_ = whom;
    overlap_.reset();
    state_ = State::filling;
}

Credit Transfer::leg_brought(Leg& leg, std::span<const std::byte> bytes) {
    if (over() || failure_)
        return Credit::more;
    if (ridden_ != &leg)
        ride(leg);
    last_byte_ = Clock::now();
    if (!first_byte_)
        first_byte_ = last_byte_;
    batch_.insert(batch_.end(), bytes.begin(), bytes.end());
    received_ += bytes.size();
    host_.in_flight.bytes += bytes.size();
    flush_soon();
    paused_ = crowded();
    if (paused_)
        host_.in_flight.waiting.push_back(weak_from_this());
    return paused_ ? Credit::pause : Credit::more;
}

std::unique_ptr<Leg> Transfer::dismiss(Leg& leg) {
    const auto at = std::ranges::find(legs_, &leg, &std::unique_ptr<Leg>::get);
    auto out = std::move(*at);
    legs_.erase(at);
    contenders_.of(leg.source(), leg.address()).busy = false;
    if (ridden_ == &leg)
        ridden_ = nullptr;
    return out;
}

void Transfer::abandon_legs(const Leg* but) {
    std::vector<Leg*> others;
    for (const auto& leg : legs_)
        if (leg.get() != but)
            others.push_back(leg.get());
    for (auto* leg : others) {
        leg->abandon();
        dismiss(*leg);
    }
}

void Transfer::leg_ended(Leg& leg, std::optional<Rejection> why) {
    if (why)
        return leg_failed(leg, *why);
    const auto ended = dismiss(leg);
    contributors_.insert(ended->charged_id()); // of an empty object nobody brought a byte
    abandon_legs();
    if (!progress_->view().size)
        progress_->publish([this](Progress::View& view) { view.size = received_; });
    complete_ = true;
    if (settled())
        verify();
}

void Transfer::leg_failed(Leg& leg, const Rejection& why) {
    const auto ended = dismiss(leg);
    auto& contender = contenders_.of(ended->source(), ended->address());
    ++contender.fruitless;
    const auto url = redacted(ended->source().url.str());
    const auto words = why.words.starts_with("http") ? why.words : fmt::format("{}: {}", url, why.words);
    tried_.push_back(words);
    if (left_because_.empty())
        left_because_ = why.words;
    if (why.symptom == Symptom::wrong_bytes) { // it or who came before: that shows at the end
        ended->abandon();
        contender.out = true;
        dissents_.push_back({ended->charged_id(), words});
        spdlog::warn("relay: {} at byte {}: {}; not spliced", object_.path, received_, words);
    } else {
        const auto meaning = ended->fail(why, Clock::now());
        contender.out |= meaning.lacks_object;
        spdlog::warn("relay: {} at byte {}: {}{}", object_.path, received_, words,
                     meaning.opened || meaning.cut_cap ? " (" + meaning.words + ")" : std::string{});
    }
    if (state_ == State::filling && !ridden_)
        state_ = State::switching;
    flush();
    ask();
}

void Transfer::give_up() {
    const auto absent = [&](const Contender& c) { return c.source->root && c.out; };
    const bool root_lacks_it =
        std::ranges::any_of(contenders_, absent) &&
        std::ranges::any_of(tried_, [](const std::string& line) { return line.ends_with("(does not have it)"); });
    const auto name = object_.filename();
    if (!dissents_.empty() && dissents_.size() >= contributors_.size() && received_ > 0)
        return lied(dissents_.front().words); // those who are left contradict what is here
    if (root_lacks_it && received_ == taken_over_)
        return fail(Error{Errc::not_found, fmt::format("{} does not exist upstream", name), tried_});
    if (tried_.empty())
        return fail(
            Error{Errc::unavailable,
                  fmt::format("{}: no upstream may be asked for it: nothing tells its digest, and only the root "
                              "index's own word counts then",
                              name),
                  {}});
    const bool mistrust = std::ranges::any_of(
        tried_, [](const std::string& line) { return line.find(" should be ") != std::string::npos; });
    const auto* unspliced = received_ > 0 && !object_.identity.known()
                                ? ", and without a digest the rest cannot be taken from a second answer"
                                : "";
    fail(Error{mistrust ? Errc::digest_mismatch : Errc::unavailable,
               fmt::format("{} could not be fetched{}", name, unspliced), tried_});
}

// ---- time

void Transfer::schedule() {
    const auto now = Clock::now();
    auto next = now + seconds(1); // a running leg is looked at once a second
    if (!ridden_)
        next = std::max(now + milliseconds(10), std::min(ask_again_, last_byte_ + client_patience + milliseconds(1)));
    tick_.expires_at(next);
    tick_.async_wait([self = weak_from_this()](error_code ec) {
        if (const auto transfer = self.lock(); transfer && !ec)
            transfer->tick();
    });
}

void Transfer::tick() {
    if (over() || failure_ || state_ >= State::verifying)
        return;
    const auto now = Clock::now();
    auto& endpoints = host_.context.endpoints;
    if (ridden_) {
        if (window_)
            readers_moved();
        const auto rivals = endpoints.rivals(contenders_.others_than(ridden_->asked()), ridden_->asked(), ask_, now);
        if (auto stall = ridden_->stalled(rivals, now))
            return leg_failed(*ridden_, *stall);
        return schedule();
    }
    if (!legs_.empty() && silent(now) > client_patience)
        return give_up();
    if (legs_.empty() || now >= ask_again_) {
        const bool urgent = silent(now) > urgent_after;
        if (legs_.empty() || urgent || endpoints.may_hedge(static_cast<unsigned>(legs_.size()), now))
            ask();
        if (urgent)
            ask_again_ = std::min(ask_again_, now + urgent_step);
        else
            ask_again_ = std::max(ask_again_, now + wait_step);
    }
    if (!over() && !ridden_)
        schedule();
}

// ---- bytes

// What one turn of the relay brings is written together.
void Transfer::flush_soon() {
    if (batch_.size() >= worth_writing || complete_)
        return flush();
    if (flush_posted_ || writing_)
        return;
    flush_posted_ = true;
    asio::post(host_.context.relay, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

// One write at a time; what arrives meanwhile makes the next batch, so batches grow exactly when the disk is slow.
void Transfer::flush() {
    if (writing_ || batch_.empty() || !writer_ || over())
        return;
    writing_ = true;
    asio::post(host_.context.disk, [self = shared_from_this(), writer = writer_, window = window_,
                                    bytes = std::move(batch_), offset = written_, source = came_from_]() mutable {
        writer->hasher.update(bytes);
        auto result = window ? window->append(bytes) : writer->fill->write(offset, bytes, source);
        asio::post(self->host_.context.relay, [self, outcome = std::move(result), lost = std::move(bytes)]() mutable {
            if (!outcome && outcome.error().code == Errc::no_space && !self->window_ && !self->failure_) {
                self->write_to_memory(outcome.error());
                outcome = self->window_->append(lost);
            }
            self->written(std::move(outcome), lost.size());
        });
    });
    batch_ = {};
}

void Transfer::written(Result<void> result, std::uint64_t bytes) {
    writing_ = false;
    host_.in_flight.bytes -= bytes;
    give_way();
    if (failure_)
        return bury();
    if (!result)
        return fail(std::move(result.error()), Keep::no);
    written_ += bytes;
    release();
    if (window_)
        readers_moved();
    go_on();
    if (!batch_.empty())
        return flush();
    if (complete_)
        return verify();
    if (!ridden_)
        ask();
}

bool Transfer::crowded() const {
    const auto& settings = host_.context.settings;
    if (window_ && window_->end() - window_->begin() + (received_ - written_) >= Window::most)
        return true;
    return received_ - written_ >= settings.in_flight || host_.in_flight.bytes >= settings.in_flight_total;
}

void Transfer::go_on() {
    if (!paused_ || crowded())
        return;
    paused_ = false;
    last_byte_ = Clock::now(); // our pause was not the mirror's silence
    if (ridden_)
        ridden_->resume();
}

// Others wait for what this one has taken.
void Transfer::give_way() {
    if (host_.in_flight.waiting.empty() || host_.in_flight.bytes >= host_.context.settings.in_flight_total)
        return;
    for (const auto& waiting : std::exchange(host_.in_flight.waiting, {}))
        if (const auto transfer = waiting.lock(); transfer && transfer.get() != this)
            asio::post(host_.context.relay, [transfer] { transfer->go_on(); });
}

void Transfer::readers_moved() {
    if (!window_ || over())
        return;
    const auto slowest = progress_->slowest(laggard);
    if (!slowest)
        return; // the grace decides
    window_->drop_below(*slowest);
    go_on();
}

std::uint64_t Transfer::bytes_per_second() const {
    if (!first_byte_)
        return 0;
    const auto elapsed = std::chrono::duration_cast<milliseconds>(Clock::now() - *first_byte_).count();
    return (received_ - taken_over_) * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 1));
}

void Transfer::release() {
    const ReleaseRule rule{.verify_first = host_.context.settings.verify_first,
                           .hold_back = host_.context.settings.hold_back};
    const auto view = progress_->view();
    const auto end = releasable(rule, {.size = view.size,
                                       .written = written_,
                                       .bytes_per_second = bytes_per_second(),
                                       .identified = object_.identity.known(),
                                       .patience_over = patience_over_});
    if (end <= view.released || view.state == Progress::State::verified || view.state == Progress::State::failed)
        return;
    progress_->publish([end](Progress::View& shown) {
        shown.released = end;
        shown.state = Progress::State::flowing;
    });
}

// ---- the end

void Transfer::verify() {
    if (state_ >= State::verifying)
        return;
    state_ = State::verifying;
    tick_.cancel();
    asio::post(host_.context.disk, [self = shared_from_this(), writer = writer_] {
        auto digests = writer->hasher.finish();
        asio::post(self->host_.context.relay, [self, found = digests] {
            if (self->state_ == State::verifying)
                self->judge_digests(found);
        });
    });
}

void Transfer::judge_digests(const Digests& digests) {
    if (auto words = mismatch(object_.identity, digests))
        return lied(*words, digests.sha256);
    // First: a client whose line breaks at the last byte may be back before the next statement.
    host_.verified(progress_->delivery_id(), digests.sha256);
    progress_->publish([&](Progress::View& view) {
        view.state = Progress::State::verified;
        view.released = received_;
        view.digest = digests.sha256;
    });
    for (const auto& dissent : dissents_)
        host_.context.endpoints.lied(dissent.who, object_.path, dissent.words, Clock::now());
    for (const auto who : host_.suspects.liars(object_.path))
        if (!host_.context.endpoints.lied_about(who, object_.path, Clock::now()))
            host_.context.endpoints.lied(who, object_.path, "others sent the right bytes", Clock::now());
    clear_up_suspicions();
    if (window_) {
        spdlog::warn("relay: {} was delivered but not kept: the disk is full", object_.path);
        return end(State::done);
    }
    commit(digests);
}

// Wrong bytes are here. Nobody is called a liar on a guess: where several sent parts, their checksums are kept until
// the right bytes tell.
void Transfer::blame(const std::string& words, const std::optional<Sha256>& found) {
    auto& endpoints = host_.context.endpoints;
    const auto now = Clock::now();
    std::string whom;
    for (const auto id : contributors_)
        whom += (whom.empty() ? "" : ", ") + endpoints.name(id).key();
    spdlog::error("relay: {}: wrong bytes from {}: {}", object_.path, whom.empty() ? "an earlier time" : whom, words);
    tried_.push_back(fmt::format("{}: {}", whom.empty() ? "what was here already" : whom, words));
    if (contributors_.size() == 1 && taken_over_ == 0)
        return blame_one(*contributors_.begin(), words, found);
    for (const auto id : contributors_)
        endpoints.mark_lacking(id, object_.path, words, now);
    if (writer_ && writer_->fill)
        host_.suspects.add(object_.path, writer_->fill->pieces());
}

// One sent it all. Where another family has sent the very same bytes, neither of them lied: the index did.
void Transfer::blame_one(EndpointId who, const std::string& words, const std::optional<Sha256>& found) {
    auto& endpoints = host_.context.endpoints;
    const auto others = found ? host_.suspects.same_as(object_.path, *found, who, endpoints.name(who).family)
                              : std::vector<EndpointId>{};
    if (others.empty())
        return endpoints.lied(who, object_.path, words, Clock::now());
    spdlog::error(
        "relay: {}: independent mirrors send the same bytes, which are not what the index says ({}); the index "
        "is wrong or was tampered with, and no mirror is blamed",
        object_.path, words);
    for (const auto other : others)
        endpoints.withdraw_lie(other, object_.path);
    endpoints.mark_lacking(who, object_.path, words, Clock::now());
}

void Transfer::lied(const std::string& words, const std::optional<Sha256>& found) {
    blame(words, found);
    if (progress_->view().released > 0)
        return fail(
            Error{Errc::digest_mismatch,
                  fmt::format("{} arrived with wrong bytes after its first part had left; this response is cut, "
                              "ask again",
                              object_.filename()),
                  tried_},
            Keep::no);
    begin_again();
}

// Nothing has left yet: from the start, with whoever has not lied.
void Transfer::begin_again() {
    abandon_legs();
    contenders_.begin_again();
    contenders_.prepare(object_, Clock::now(), tried_);
    spent_.insert(contributors_.begin(), contributors_.end());
    for (auto& contender : contenders_)
        contender.out |= spent_.contains(contender.id);
    contributors_.clear();
    dissents_.clear();
    came_from_.clear();
    overlap_.reset();
    received_ = written_ = taken_over_ = 0;
    complete_ = false;
    first_byte_.reset();
    window_.reset();
    progress_->publish([this](Progress::View& view) {
        view.size = object_.size;
        view.window.reset();
    });
    state_ = State::switching;
    writer_.reset();
    if (!contenders_.any_left())
        return give_up();
    open_fill();
}

// Earlier bytes of this object were wrong, and now the right ones are here: whose parts differ from them?
void Transfer::clear_up_suspicions() {
    auto pieces = host_.suspects.take(object_.path);
    if (pieces.empty() || !writer_->fill)
        return;
    asio::post(host_.context.disk, [self = shared_from_this(), file = writer_->fill->file(),
                                    suspected = std::move(pieces)] {
        std::vector<std::string> liars;
        for (const auto& piece : suspected) {
            const auto bytes = read_back(Blob(file).fd(), piece.offset, piece.size);
            Checksum right;
            right.update(as_bytes(bytes));
            if (right.value() != piece.checksum)
                liars.push_back(piece.source);
        }
        asio::post(self->host_.context.relay, [self, suspected, liars] {
            auto& endpoints = self->host_.context.endpoints;
            for (const auto& piece : suspected) {
                const auto id = endpoints.find(piece.source);
                if (!id)
                    continue;
                if (std::ranges::find(liars, piece.source) == liars.end()) {
                    endpoints.acquit(*id, self->object_.path);
                } else if (!endpoints.lied_about(*id, self->object_.path, Clock::now())) {
                    spdlog::error("relay: {}: the wrong bytes of before were {}'s", self->object_.path, piece.source);
                    endpoints.lied(*id, self->object_.path, "its part of the file was not what it should be",
                                   Clock::now());
                }
            }
        });
    });
}

void Transfer::commit(const Digests& digests) {
    state_ = State::committing;
    patience_.cancel();
    auto& context = host_.context;
    // PyPI's path spells a digest, which is as good as the root's word that these bytes belong to this path.
    const auto grade = object_.identity.known() ? object_.grade : Grade::seen;
    Provenance provenance{.path = object_.path, .grade = grade, .source = came_from_};
    host_.committing->fetch_add(1);
    // The store keeps the handler for as long as it likes, on its own thread: the transfer must not live in it.
    auto handler = [self = shared_from_this(), &relay = context.relay,
                    committing = host_.committing](Result<Blob> result) mutable {
        asio::post(relay, [transfer = std::move(self), outcome = std::move(result)] {
            if (!outcome)
                spdlog::error("relay: {} was delivered but could not be kept: {}", transfer->object_.path,
                              outcome.error().text());
            transfer->end(State::done);
        });
        committing->fetch_sub(1);
        committing->notify_all();
    };
    context.store.commit(std::move(*writer_->fill), digests.sha256, std::move(provenance), std::move(handler));
}

void Transfer::fail(Error error) {
    fail(std::move(error), Keep::yes);
}

void Transfer::fail(Error error, Keep keep) {
    if (over() || failure_ || state_ == State::committing)
        return;
    spdlog::warn("relay: {} failed: {}", object_.path, error.text());
    abandon_legs();
    failure_.emplace(std::move(error), keep);
    if (!writing_)
        bury();
}

// The partial is put away before anybody hears of the failure: the next request may come at once, and goes on with it.
void Transfer::bury() {
    auto [error, keep] = std::move(*failure_);
    host_.in_flight.bytes -= batch_.size();
    batch_.clear();
    give_way();
    const bool parked =
        keep == Keep::yes && writer_ && writer_->fill && state_ != State::verifying && writer_->fill->park();
    writer_.reset();
    progress_->publish([&](Progress::View& view) {
        view.state = Progress::State::failed;
        view.error = std::move(error);
    });
    end(parked ? State::parked : State::failed);
}

void Transfer::end(State state) {
    state_ = state;
    failure_.reset();
    patience_.cancel();
    grace_.cancel();
    tick_.cancel();
    host_.ended(shared_from_this());
}

void Transfer::leave() {
    if (--readers_ > 0 || over() || state_ == State::verifying || state_ == State::committing)
        return;
    grace_.expires_after(host_.context.settings.reader_grace);
    grace_.async_wait([self = weak_from_this()](error_code ec) {
        const auto transfer = self.lock();
        if (ec || !transfer || transfer->readers_ > 0)
            return;
        // What is half here, or nearly here, is cheaper to finish than to fetch again: the user is going to retry.
        const auto size = transfer->progress_->view().size;
        constexpr std::uint64_t little = 32ULL << 20;
        if (!transfer->window_ && size && (transfer->received_ * 2 >= *size || *size - transfer->received_ <= little))
            return;
        transfer->fail(Error{Errc::cancelled, "nobody reads it any more; what is here is kept for the next one", {}});
    });
}

TransferStatus Transfer::status() const {
    static constexpr std::array names{"heading",    "filling", "switching", "verifying",
                                      "committing", "done",    "parked",    "failed"};
    const auto now = Clock::now();
    TransferStatus out{.path = object_.path,
                       .state = names[static_cast<std::size_t>(state_)],
                       .source = came_from_,
                       .received = received_,
                       .size = progress_->view().size,
                       .readers = readers_,
                       .bytes_per_second = ridden_ ? ridden_->bytes_per_second(now) : 0,
                       .asking = {},
                       .in_memory = window_ != nullptr};
    for (const auto& leg : legs_)
        if (leg.get() != ridden_)
            out.asking.push_back(leg->charged().key());
    return out;
}

} // namespace yizhan
