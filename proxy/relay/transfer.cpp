#include "proxy/relay/transfer.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <random>

namespace yizhan {
namespace {

// A source that brought nothing this many times in a row is not asked again by this transfer; one that brings bytes
// before it breaks may be asked on, since each try gets further.
constexpr unsigned max_fruitless = 2;

// 128 random bits: nobody can guess the ETag of somebody else's delivery.
std::string random_id() {
    thread_local std::random_device device;
    std::string out;
    for (int i = 0; i < 4; ++i)
        out += fmt::format("{:08x}", device());
    return out;
}

} // namespace

struct Transfer::Writer {
    Writer(Fill into, const Identity& identity) : fill(std::move(into)), hasher(identity) {}
    Fill fill;
    StreamHasher hasher;
};

Transfer::Transfer(Host host, Object object)
    : host_(std::move(host)), object_(std::move(object)), progress_(std::make_shared<Progress>(random_id())),
      attempts_(object_.sources.size()), patience_(host_.context.relay), grace_(host_.context.relay) {}

Transfer::~Transfer() = default;

void Transfer::start() {
    progress_->publish([this](Progress::View& view) { view.size = object_.size; });
    patience_.expires_after(host_.context.settings.verify_first_patience);
    patience_.async_wait([self = weak_from_this()](error_code ec) {
        if (const auto transfer = self.lock(); transfer && !ec) {
            transfer->patience_over_ = true;
            transfer->release();
        }
    });
    open_fill();
}

void Transfer::open_fill() {
    asio::post(host_.context.disk, [self = shared_from_this()] {
        auto& context = self->host_.context;
        auto fill = context.store.begin(self->object_.size);
        asio::post(context.relay, [self, into = std::move(fill)]() mutable {
            if (self->state_ == State::failed)
                return;
            if (!into)
                return self->fail(std::move(into.error()));
            self->writer_ = std::make_shared<Writer>(std::move(*into), self->object_.identity);
            self->progress_->publish([&](Progress::View& view) { view.file = self->writer_->fill.file(); });
            self->ask_next();
        });
    });
}

// ---- sources

const Source* Transfer::choose() {
    const auto now = Quarantine::Clock::now();
    const Source* best = nullptr;
    unsigned least = max_fruitless;
    for (std::size_t i = 0; i < object_.sources.size(); ++i) {
        const auto& source = object_.sources[i];
        if (attempts_[i].lacks_it || attempts_[i].fruitless >= least)
            continue;
        // Without a digest a second endpoint's bytes cannot be told from the first one's: only the root will do.
        if (!object_.identity.known() && !source.root)
            continue;
        if (const auto words = host_.quarantine.reason(object_.path, source.endpoint, now)) {
            attempts_[i].lacks_it = true;
            tried_.push_back(
                fmt::format("{}: left alone for this file after it sent wrong bytes: {}", source.endpoint, *words));
            continue;
        }
        best = &source;
        least = attempts_[i].fruitless;
    }
    return best;
}

// A client waits 15 s for a byte (pip). Another try may take a whole connect and a whole stall: it is begun only where
// its failure could still be told in time.
bool Transfer::out_of_time() const {
    constexpr std::chrono::seconds patience{14};
    const auto& settings = host_.context.settings;
    return !tried_.empty() && Clock::now() - last_byte_ > patience - settings.connect_timeout - settings.stall_timeout;
}

void Transfer::ask_next() {
    // A source that went wrong only after the object's last byte has brought all there is; the digest decides.
    if (const auto size = progress_->view().size; size && *size > 0 && received_ == *size) {
        complete_ = true;
        if (!writing_ && batch_.empty())
            verify();
        return;
    }
    source_ = choose();
    if (!source_ || out_of_time())
        return give_up();
    if (received_ > 0 && !object_.identity.known())
        return give_up(); // two answers must not be spliced when nothing proves that they belong together
    rejection_.reset();
    skip_ = 0;
    UpstreamRequest request{.url = source_->url,
                            .head_only = false,
                            .accept = {},
                            .compressed = false,
                            .range = received_ > 0 ? fmt::format("{}-", received_) : std::string{},
                            .fields = {},
                            .private_address_allowed = false};
    auto& context = host_.context;
    Sink& self = *this;
    follow_ = std::make_unique<Follow>(Follow::Context{context.upstream, context.named, context.settings.max_redirects},
                                       std::move(request), self);
}

Verdict Transfer::on_head(const Head& head) {
    const auto size = progress_->view().size;
    const auto accepted = judge_head(head, {.offset = received_, .size = size, .filename = object_.filename()});
    if (!accepted) {
        rejection_ = accepted.error();
        return Verdict::stop;
    }
    skip_ = accepted->skip;
    state_ = State::filling;
    if (!size && accepted->total)
        progress_->publish([&](Progress::View& view) { view.size = accepted->total; });
    return Verdict::go_on;
}

Credit Transfer::on_bytes(std::span<const std::byte> bytes) {
    if (rejection_)
        return Credit::more; // the rest of an answer that has been judged already
    const auto dropped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= dropped;
    bytes = bytes.subspan(static_cast<std::size_t>(dropped));
    if (bytes.empty())
        return Credit::more;
    if (received_ == 0)
        rejection_ = judge_first_bytes(bytes, object_.filename());
    if (const auto size = progress_->view().size; size && bytes.size() > *size - received_)
        rejection_ = Rejection{Fault::integrity, fmt::format("more than the {} bytes that the object has", *size)};
    if (rejection_) {
        // Not wanted any more, however much is still to come. Its on_done will not be heard.
        follow_.reset();
        asio::post(host_.context.relay, [self = shared_from_this()] {
            if (self->rejection_ && !self->follow_)
                self->source_failed(*self->rejection_);
        });
        return Credit::more;
    }
    if (!first_byte_)
        first_byte_ = Clock::now();
    last_byte_ = Clock::now();
    attempts_[static_cast<std::size_t>(source_ - object_.sources.data())].fruitless = 0;
    contributors_.insert(source_->endpoint);
    batch_.insert(batch_.end(), bytes.begin(), bytes.end());
    received_ += bytes.size();
    flush();
    paused_ = received_ - written_ >= host_.context.settings.in_flight;
    return paused_ ? Credit::pause : Credit::more;
}

void Transfer::on_done(Result<Stats> result) {
    follow_.reset();
    if (rejection_)
        return source_failed(*rejection_);
    if (!result)
        return source_failed({Fault::mirror, result.error().message});
    const auto size = progress_->view().size;
    if (size && received_ < *size)
        return source_failed({Fault::mirror, fmt::format("the answer ended after {} of {} bytes", received_, *size)});
    if (!size)
        progress_->publish([this](Progress::View& view) { view.size = received_; });
    complete_ = true;
    if (!writing_ && batch_.empty())
        verify();
}

void Transfer::source_failed(Rejection rejection) {
    const auto index = static_cast<std::size_t>(source_ - object_.sources.data());
    auto& attempts = attempts_[index];
    ++attempts.fruitless;
    if (rejection.fault == Fault::object || rejection.fault == Fault::integrity)
        attempts.lacks_it = true;
    root_lacks_it_ |= rejection.fault == Fault::object && source_->root;
    const auto words = rejection.words.starts_with("http")
                           ? rejection.words
                           : fmt::format("{}: {}", redacted(source_->url.str()), rejection.words);
    spdlog::warn("relay: {} at byte {}: {}", object_.path, received_, words);
    tried_.push_back(words);
    rejection_.reset();
    if (state_ == State::filling)
        state_ = State::switching;
    ask_next();
}

void Transfer::give_up() {
    if (root_lacks_it_)
        return fail(Error{Errc::not_found, fmt::format("{} does not exist upstream", object_.filename()), tried_});
    if (tried_.empty())
        return fail(
            Error{Errc::unavailable,
                  fmt::format("{}: no upstream may be asked for it: nothing tells its digest, and only the root "
                              "index's own word counts then",
                              object_.filename()),
                  {}});
    const bool mistrust = std::ranges::any_of(
        tried_, [](const std::string& line) { return line.find(" should be ") != std::string::npos; });
    fail(Error{mistrust ? Errc::digest_mismatch : Errc::unavailable,
               fmt::format("{} could not be fetched{}", object_.filename(),
                           received_ > 0 && !object_.identity.known()
                               ? ", and without a digest the rest cannot be taken "
                                 "from a second answer"
                               : ""),
               tried_});
}

// ---- bytes

// One write at a time; what arrives meanwhile makes the next batch, so batches grow exactly when the disk is slow.
void Transfer::flush() {
    if (writing_ || batch_.empty() || !writer_)
        return;
    writing_ = true;
    asio::post(host_.context.disk,
               [self = shared_from_this(), writer = writer_, bytes = std::move(batch_), offset = written_] {
                   writer->hasher.update(bytes);
                   auto result = writer->fill.write(offset, bytes);
                   asio::post(self->host_.context.relay,
                              [self, writer, outcome = std::move(result), size = bytes.size()]() mutable {
                                  if (self->writer_ == writer)
                                      self->written(std::move(outcome), size);
                              });
               });
    batch_ = {};
}

void Transfer::written(Result<void> result, std::uint64_t bytes) {
    writing_ = false;
    if (state_ == State::failed)
        return;
    if (!result)
        return fail(std::move(result.error()));
    written_ += bytes;
    release();
    if (paused_ && received_ - written_ < host_.context.settings.in_flight / 2) {
        paused_ = false;
        if (follow_)
            follow_->resume();
    }
    if (!batch_.empty())
        return flush();
    if (complete_)
        verify();
}

std::uint64_t Transfer::bytes_per_second() const {
    if (!first_byte_)
        return 0;
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *first_byte_).count();
    return received_ * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed, 1));
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
    state_ = State::verifying;
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
        return lied(std::move(*words));
    // First: a client whose line breaks at the last byte may be back before the next statement.
    host_.verified(progress_->delivery_id(), digests.sha256);
    progress_->publish([&](Progress::View& view) {
        view.state = Progress::State::verified;
        view.released = received_;
        view.digest = digests.sha256;
    });
    commit(digests);
}

void Transfer::lied(std::string words) {
    const auto now = Quarantine::Clock::now();
    for (const auto& endpoint : contributors_)
        host_.quarantine.add(object_.path, endpoint, words, now);
    std::string whom;
    for (const auto& endpoint : contributors_)
        whom += (whom.empty() ? "" : ", ") + endpoint;
    spdlog::error("relay: {}: wrong bytes from {}: {}", object_.path, whom, words);
    tried_.push_back(fmt::format("{}: {}", whom, words));
    if (progress_->view().released > 0)
        return fail(
            Error{Errc::digest_mismatch,
                  fmt::format("{} arrived with wrong bytes after its first part had left; this response is cut, "
                              "ask again",
                              object_.filename()),
                  tried_});
    // Nothing has left yet: begin again with whoever has not lied.
    for (std::size_t i = 0; i < attempts_.size(); ++i)
        if (contributors_.contains(object_.sources[i].endpoint))
            attempts_[i].lacks_it = true;
    contributors_.clear();
    received_ = written_ = 0;
    complete_ = false;
    first_byte_.reset();
    progress_->publish([this](Progress::View& view) { view.size = object_.size; });
    state_ = State::switching;
    writer_.reset();
    open_fill();
}

void Transfer::commit(const Digests& digests) {
    state_ = State::committing;
    patience_.cancel();
    auto& context = host_.context;
    // PyPI's path spells a digest, which is as good as the root's word that these bytes belong to this path.
    const auto grade = object_.identity.known() ? object_.grade : Grade::seen;
    Provenance provenance{
        .path = object_.path, .grade = grade, .source = source_ ? redacted(source_->url.str()) : std::string{}};
    host_.committing->fetch_add(1);
    auto handler = [self = shared_from_this(), committing = host_.committing](Result<Blob> result) {
        asio::post(self->host_.context.relay, [self, outcome = std::move(result)] {
            if (!outcome)
                spdlog::error("relay: {} was delivered but could not be kept: {}", self->object_.path,
                              outcome.error().text());
            self->end(State::done);
        });
        committing->fetch_sub(1);
        committing->notify_all();
    };
    context.store.commit(std::move(writer_->fill), digests.sha256, std::move(provenance), std::move(handler));
}

void Transfer::fail(Error error) {
    if (state_ == State::failed || state_ == State::committing || state_ == State::done)
        return;
    spdlog::warn("relay: {} failed: {}", object_.path, error.text());
    follow_.reset();
    writer_.reset(); // its partial file goes before anybody hears of the failure
    progress_->publish([&](Progress::View& view) {
        view.state = Progress::State::failed;
        view.error = std::move(error);
    });
    end(State::failed);
}

void Transfer::end(State state) {
    state_ = state;
    patience_.cancel();
    grace_.cancel();
    host_.ended(shared_from_this());
}

void Transfer::leave() {
    if (--readers_ > 0 || state_ == State::verifying || state_ == State::committing || state_ == State::done ||
        state_ == State::failed)
        return;
    grace_.expires_after(host_.context.settings.reader_grace);
    grace_.async_wait([self = weak_from_this()](error_code ec) {
        const auto transfer = self.lock();
        if (ec || !transfer || transfer->readers_ > 0)
            return;
        // What is half here, or nearly here, is cheaper to finish than to fetch again: the user is going to retry.
        const auto size = transfer->progress_->view().size;
        constexpr std::uint64_t little = 32ULL << 20;
        if (size && (transfer->received_ * 2 >= *size || *size - transfer->received_ <= little))
            return;
        transfer->fail(Error{Errc::cancelled, "nobody reads it any more", {}});
    });
}

TransferStatus Transfer::status() const {
    static constexpr std::array names{"heading", "filling", "switching", "verifying", "committing", "done", "failed"};
    return {.path = object_.path,
            .state = names[static_cast<std::size_t>(state_)],
            .source = source_ ? redacted(source_->url.str()) : "",
            .received = received_,
            .size = progress_->view().size,
            .readers = readers_};
}

} // namespace yizhan
