#include "proxy/relay/transfer.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

namespace yizhan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view files = "files"; // the kind of request, for breakers
// How long one reader may hold up all others while the disk is full.
constexpr seconds laggard{10};

// How long the next readers wait where the first have been told: it is looked at once a second.
constexpr seconds next_patience = client_patience - seconds(1);

// 128 random bits: nobody can guess the ETag of somebody else's delivery.
std::string random_id() {
    thread_local std::random_device device;
    std::string out;
    for (int i = 0; i < 4; ++i)
        out += fmt::format("{:08x}", device());
    return out;
}

} // namespace

Transfer::Transfer(Host host, Object object)
    : host_(std::move(host)), object_(std::move(object)), progress_(new_progress()),
      errand_{
          .context = host_.context,
          .object = object_,
          .ask = {.kind = std::string(files), .size = object_.document ? SizeClass::page : size_class_of(object_.size)},
          .size = object_.size,
          .validator = {},
          .contenders = Contenders(host_.context.endpoints, object_.sources, host_.context.families),
          .came_from = {},
          .left = {},
          .tried = {},
          .contributors = {},
          .dissents = {},
          .ends = {}},
      patience_(host_.context.relay), grace_(host_.context.relay), laggards_(host_.context.relay) {
    progress_->publish([this](Progress::View& view) { view.size = object_.size; });
}

std::shared_ptr<Progress> Transfer::new_progress() {
    return std::make_shared<Progress>(random_id());
}

Transfer::~Transfer() {
    if (couriers_)
        couriers_->stop();
    stop_looking();
    if (repair_)
        repair_->stop();
    search_.request_stop();
    if (intake_ && !over())
        intake_->close(Keep::no, [](bool) {});
}

void Transfer::start() {
    errand_.contenders.prepare(object_, Clock::now(), errand_.tried);
    take_in();
    patience_.expires_after(host_.context.settings.verify_first_patience);
    patience_.async_wait([self = weak_from_this()](error_code ec) {
        if (const auto transfer = self.lock(); transfer && !ec) {
            transfer->patience_over_ = true;
            transfer->release();
        }
    });
}

void Transfer::take_in() {
    auto& context = host_.context;
    intake_ = std::make_shared<Intake>(
        Intake::Means{context.relay, context.disk, context.store, context.settings, host_.in_flight}, object_.identity);
    Couriers::Owner& owner = *this;
    couriers_ = std::make_shared<Couriers>(errand_, *intake_, owner);
    Intake::Owner& hears = *this;
    intake_->open(hears, object_.size);
}

bool Transfer::joinable() const {
    const auto& window = intake_->window();
    return !window || window->begin() == window->first();
}

// ---- bytes

void Transfer::intake_opened() {
    progress_->publish([this](Progress::View& view) { view.file = intake_->file(); });
    if (intake_->inherited() > 0)
        spdlog::info("relay: {} goes on with {} bytes of an earlier time", object_.path, intake_->inherited());
    couriers_->start();
    if (couriers_->split() && intake_->inherited() == 0 && !looked_) {
        looked_ = true;
        FirstLook::Owner& owner = *this;
        first_look_ = std::make_shared<FirstLook>(errand_, owner);
        held_ = first_look_->start();
        if (!held_)
            first_look_.reset();
    }
}

void Transfer::first_look_waited() {
    held_ = false;
    go_on();
}

void Transfer::first_look_ended(const std::vector<std::size_t>& liars) {
    asio::post(host_.context.relay, [self = shared_from_this(), liars] {
        const auto look = std::exchange(self->first_look_, nullptr);
        if (!look || self->state_ != State::fetching || self->failing_)
            return;
        self->held_ = false;
        liars.empty() ? self->go_on() : self->leave_out(liars);
    });
}

void Transfer::go_on() {
    if (opposed_ && intake_->idle())
        return couriers_stranded();
    release();
    if (complete_ && intake_->idle())
        verify();
}

void Transfer::begin_anew() {
    couriers_->stop();
    stop_looking();
    errand_.contributors.clear();
    errand_.came_from.clear();
    errand_.left.clear();
    complete_ = false;
    first_byte_.reset();
    progress_->publish([this](Progress::View& view) {
        view.size = errand_.size;
        view.window.reset();
    });
    intake_->close(Keep::no, [self = shared_from_this()](bool) { self->take_in(); });
}

void Transfer::intake_wrote() {
    if (!first_byte_)
        first_byte_ = Clock::now();
    release();
    if (intake_->window())
        readers_moved();
    go_on();
}

void Transfer::intake_filled_disk(const std::string& why) {
    spdlog::warn("relay: {}: {}; it is passed on without being kept", object_.path, why);
    host_.context.disk_full(why);
    // With no reader it is finished for the next one, who can have nothing of it now.
    asio::post(host_.context.relay, [self = shared_from_this(), why] {
        if (self->readers_ == 0)
            self->fail(Error{Errc::no_space, why, {}});
    });
    progress_->publish([this](Progress::View& view) { view.window = intake_->window(); });
    complete_ = false;
    couriers_->start_in_order();
    look_for_laggards();
}

void Transfer::look_for_laggards() {
    laggards_.expires_after(seconds(1));
    laggards_.async_wait([self = weak_from_this()](error_code ec) {
        if (const auto transfer = self.lock(); transfer && !ec && !transfer->over()) {
            transfer->readers_moved();
            transfer->look_for_laggards();
        }
    });
}

void Transfer::readers_moved() {
    if (!intake_->window() || over())
        return;
    const auto slowest = progress_->slowest(laggard);
    if (!slowest)
        return; // the grace decides
    intake_->drop_below(*slowest);
    if (!intake_->crowded())
        couriers_->resume();
}

std::uint64_t Transfer::bytes_per_second() const {
    if (!first_byte_)
        return 0;
    const auto elapsed = std::chrono::duration_cast<milliseconds>(Clock::now() - *first_byte_).count();
    const auto fetched = intake_->prefix() - std::min(intake_->prefix(), intake_->inherited());
    return fetched * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 1));
}

void Transfer::release() {
    if (state_ == State::repairing) // what is here is known to be wrong
        return;
    const ReleaseRule rule{.verify_first = host_.context.settings.verify_first,
                           .hold_back = host_.context.settings.hold_back};
    const auto view = progress_->view();
    const auto end = releasable(rule, {.size = view.size,
                                       .written = intake_->prefix(),
                                       .bytes_per_second = bytes_per_second(),
                                       .identified = object_.identity.known(),
                                       .patience_over = patience_over_});
    if (held_ || end <= view.released || view.state == Progress::State::verified ||
        view.state == Progress::State::failed)
        return;
    progress_->publish([this, end](Progress::View& shown) {
        shown.file = intake_->file();
        shown.released = end;
        shown.state = Progress::State::flowing;
    });
}

// ---- who brings them

void Transfer::couriers_heard_size() {
    intake_->expect(*errand_.size);
    progress_->publish([this](Progress::View& view) { view.size = errand_.size; });
}

void Transfer::couriers_done() {
    complete_ = true;
    if (intake_->idle())
        verify();
}

// Who sends all or nothing sends once more what an earlier request has left here, and no reader waits for so long: they
// are told in time, one after the other, and find it further on when they ask again.
void Transfer::couriers_pass_over() {
    const auto now = Clock::now();
    if (passed_over_ && now - *passed_over_ < next_patience)
        return;
    passed_over_ = now;
    cut_readers(
        {Errc::unavailable,
         fmt::format("the mirror of {} cannot go on in the middle and sends its first part once more; ask again",
                     object_.filename()),
         errand_.tried});
}

void Transfer::couriers_stranded() {
    const auto absent = [this](const Contender& c) {
        const auto words = host_.context.endpoints.lacks(c.id, object_.path, Clock::now());
        return c.source->root && c.out && words && says_absent(*words);
    };
    const bool root_lacks_it = std::ranges::any_of(errand_.contenders, absent);
    const bool crowded = std::exchange(errand_.crowded, false);
    const auto name = object_.filename();
    const auto here = intake_->added().size();
    if (!errand_.dissents.empty() && errand_.dissents.size() >= errand_.contributors.size() && here > 0) {
        opposed_ = !intake_->idle();
        return opposed_ ? void() : lied(errand_.dissents.front().words);
    }
    if (root_lacks_it && here == intake_->inherited())
        return fail(Error{Errc::not_found, fmt::format("{} does not exist upstream", name), errand_.tried});
    if (crowded)
        return fail(Error{Errc::crowded,
                          fmt::format("{}: every mirror that may be asked for it brings as many other files as it may; "
                                      "ask again in a while",
                                      name),
                          errand_.tried});
    if (errand_.tried.empty())
        return fail(
            Error{Errc::unavailable,
                  fmt::format("{}: no upstream may be asked for it: nothing tells its digest, and only the root "
                              "index's own word counts then",
                              name),
                  {}});
    const bool mistrust = std::ranges::any_of(
        errand_.tried, [](const std::string& line) { return line.find(" should be ") != std::string::npos; });
    const auto* unspliced = here > 0 && !object_.identity.known()
                                ? ", and without a digest the rest cannot be taken from a second answer"
                                : "";
    fail(Error{mistrust ? Errc::digest_mismatch : Errc::unavailable,
               fmt::format("{} could not be fetched{}", name, unspliced), errand_.tried});
}

// ---- the end

void Transfer::commit(const Digests& digests) {
    state_ = State::committing;
    patience_.cancel();
    auto& context = host_.context;
    // PyPI's path spells a digest, which is as good as the root's word that these bytes belong to this path.
    const auto grade = object_.identity.known() ? object_.grade : Grade::seen;
    Provenance provenance{.path = object_.path, .grade = grade, .source = errand_.came_from};
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
    context.store.commit(intake_->take_fill(), digests.sha256, std::move(provenance), std::move(handler));
}

void Transfer::fail(Error error) {
    fail(std::move(error), Keep::yes);
}

// The partial is put away before anybody hears of the failure: the next request may come at once, and goes on with it.
void Transfer::fail(Error error, Keep keep) {
    if (over() || failing_ || state_ == State::committing)
        return;
    failing_ = true;
    spdlog::warn("relay: {} failed: {}", object_.path, error.text());
    couriers_->stop();
    stop_looking();
    if (repair_)
        repair_->stop();
    search_.request_stop();
    if (state_ != State::fetching)
        keep = Keep::no;
    intake_->close(keep, [self = shared_from_this(), why = std::move(error)](bool parked) mutable {
        self->progress_->publish([&](Progress::View& view) {
            view.state = Progress::State::failed;
            view.error = std::move(why);
        });
        self->end(parked ? State::parked : State::failed);
    });
}

void Transfer::end(State state) {
    state_ = state;
    couriers_->stop();
    patience_.cancel();
    grace_.cancel();
    laggards_.cancel();
    host_.ended(shared_from_this());
}

void Transfer::leave() {
    if (--readers_ == 0 && state_ == State::fetching)
        begin_grace();
}

void Transfer::begin_grace() {
    grace_.expires_after(host_.context.settings.reader_grace);
    grace_.async_wait([self = weak_from_this()](error_code ec) {
        const auto transfer = self.lock();
        if (ec || !transfer || transfer->readers_ > 0)
            return;
        // What is half here, or nearly here, is cheaper to finish than to fetch again: the user is going to retry.
        const auto size = transfer->errand_.size;
        const auto here = transfer->intake_->added().size();
        constexpr std::uint64_t little = 32ULL << 20;
        if (!transfer->intake_->window() && size && (here * 2 >= *size || *size - here <= little))
            return;
        transfer->fail(Error{Errc::cancelled, "nobody reads it any more; what is here is kept for the next one", {}});
    });
}

TransferStatus Transfer::status() const {
    const auto state = [this]() -> std::string_view {
        switch (state_) {
        case State::fetching:
            return couriers_->flowing() > 0 ? "filling" : intake_->front() == 0 ? "heading" : "switching";
        case State::verifying:
            return "verifying";
        case State::repairing:
            return "repairing";
        case State::committing:
            return "committing";
        case State::done:
            return "done";
        case State::parked:
            return "parked";
        case State::failed:
            break;
        }
        return "failed";
    };
    return {.path = object_.path,
            .state = std::string(state()),
            .source = errand_.came_from,
            .received = intake_->added().size(),
            .size = errand_.size,
            .readers = readers_,
            .bytes_per_second = couriers_->bytes_per_second(Clock::now()),
            .asking = couriers_->asking(),
            .couriers = couriers_->flowing(),
            .in_memory = intake_->window() != nullptr};
}

} // namespace yizhan
