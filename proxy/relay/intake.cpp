#include "proxy/relay/intake.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

// Bytes: smaller writes cost more in threads woken than in copying.
constexpr std::size_t worth_writing = std::size_t{1024} * 1024;
// Bytes of a batch. They come from another core's cache: hashed first, which hides the way, and while they lie in this
// core's own, they are written. In batches of some MiB each of both waited for the memory: 2.7 CPU seconds for a GiB.
constexpr std::size_t batch_size = std::size_t{128} * 1024;
// Bytes that one job reads back for the hash, when a hole has closed: 20 ms at 1.6 GB/s, so that writes do not wait.
constexpr std::uint64_t catch_up_step = std::uint64_t{32} * 1024 * 1024;

} // namespace

struct Intake::Writer {
    explicit Writer(const Identity& identity) : hasher(identity) {}

    std::optional<Fill> fill; // none: what comes is passed through memory
    StreamHasher hasher;
    std::uint64_t hashed = 0;
    std::optional<Digests> digests; // once the hasher is spent
    Extents present;

    void begin_again(const Identity& identity) {
        hasher = StreamHasher(identity);
        hashed = 0;
        digests.reset();
    }

    const Digests& finish() {
        if (!digests)
            digests = hasher.finish();
        return *digests;
    }

    // What did not fit on the disk comes once more, and other bytes may have joined it behind.
    void hash_in_turn(std::uint64_t offset, std::span<const std::byte> bytes) {
        if (offset > hashed || offset + bytes.size() <= hashed)
            return;
        bytes = bytes.subspan(static_cast<std::size_t>(hashed - offset));
        hasher.update(bytes);
        hashed += bytes.size();
    }

    // Hashes what lies on the disk already, up to where the first byte is missing; through the page cache it has just
    // gone.
    Result<void> catch_up(std::uint64_t most) {
        if (!fill)
            return {};
        const auto end = std::min(present.prefix(), hashed + std::min(most, UINT64_MAX - hashed));
        std::vector<std::byte> buffer;
        while (hashed < end) {
            buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(end - hashed, 1 << 20)));
            if (auto got = Blob(fill->file()).read(hashed, buffer); !got)
                return got;
            hasher.update(buffer);
            hashed += buffer.size();
        }
        return {};
    }
};

struct Intake::Written {
    Result<void> result;
    Extents done;
    std::vector<Batch> left;        // where the disk was full
    std::optional<Digests> digests; // of everything
};

// ---- one job at a time

template <class Job, class Then>
void Intake::run(Job job, Then then) {
    busy_ = true;
    asio::post(means_.disk, [self = shared_from_this(), writer = writer_, work = std::move(job),
                             after = std::move(then)]() mutable {
        auto outcome = work(*writer);
        asio::post(self->means_.relay, [self, after = std::move(after), outcome = std::move(outcome)]() mutable {
            self->busy_ = false;
            after(std::move(outcome));
            self->next();
        });
    });
}

void Intake::next() {
    if (busy_)
        return;
    if (!batches_.empty())
        return flush();
    if (closing_)
        return std::exchange(closing_, nullptr)();
    if (waiting_.empty())
        return;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    job();
}

// ---- beginning

void Intake::open(Owner& owner, std::optional<std::uint64_t> size) {
    owner_ = &owner;
    size_ = size;
    writer_ = std::make_shared<Writer>(identity_);
    run([this, size](Writer&) { return means_.store.begin(identity_, size); },
        [this](Result<Fill> fill) {
            if (owner_)
                opened(std::move(fill));
        });
}

void Intake::opened(Result<Fill> fill) {
    if (!fill && fill.error().code != Errc::no_space)
        return owner_->intake_failed(std::move(fill.error()));
    if (!fill) {
        pass_through_memory(fill.error().message, {});
        return owner_->intake_opened();
    }
    writer_->fill.emplace(std::move(*fill));
    if (writer_->fill->left_behind() > 0)
        return take_over();
    owner_->intake_opened();
}

// What a former fill left is read once more, a piece at a time: it has to be hashed anyway, and readers get each piece
// as soon as it is known to be what was written then.
void Intake::take_over() {
    using Span = std::pair<std::uint64_t, std::uint64_t>;
    auto job = [](Writer& writer) -> Result<std::optional<Span>> {
        auto piece = writer.fill->take_over();
        if (!piece)
            return std::unexpected(piece.error());
        if (!*piece)
            return std::nullopt;
        const Span span{(*piece)->offset, (*piece)->offset + (*piece)->bytes.size()};
        writer.present.add(span.first, span.second);
        writer.hash_in_turn(span.first, (*piece)->bytes);
        return span;
    };
    run(std::move(job), [this](Result<std::optional<Span>> span) {
        if (!owner_)
            return;
        if (!span)
            return owner_->intake_failed(std::move(span.error()));
        if (!*span)
            return owner_->intake_opened();
        const auto [begin, end] = **span;
        added_.add(begin, end);
        present_.add(begin, end);
        inherited_ += end - begin;
        owner_->intake_took_over();
        take_over();
    });
}

// ---- bytes

bool Intake::crowded() const {
    if (window_ && window_->end() - window_->begin() + batched_ + writing_ >= Window::most)
        return true;
    return batched_ + writing_ >= means_.settings.in_flight ||
           means_.in_flight->bytes >= means_.settings.in_flight_total;
}

void Intake::add(std::uint64_t offset, std::span<const std::byte> bytes, const std::string& source) {
    added_.add(offset, offset + bytes.size());
    batched_ += bytes.size();
    means_.in_flight->bytes += bytes.size();
    const auto goes_on = [&](const Batch& batch) {
        return batch.offset + batch.bytes.size() == offset && batch.source == source;
    };
    auto at = std::ranges::find_if(batches_.rbegin(), batches_.rend(), goes_on);
    const bool follows = at != batches_.rend();
    if (!follows || at->bytes.size() + bytes.size() > batch_size) {
        batches_.push_back({.offset = offset, .bytes = {}, .source = source});
        at = batches_.rbegin();
        if (follows) // a small file's only batch takes what it needs
            at->bytes.reserve(std::max(batch_size, bytes.size()));
    }
    at->bytes.insert(at->bytes.end(), bytes.begin(), bytes.end());
    flush_soon();
}

// What one turn of the relay brings is written together.
void Intake::flush_soon() {
    if (busy_)
        return;
    if (batched_ >= worth_writing)
        return flush();
    if (flush_posted_)
        return;
    flush_posted_ = true;
    asio::post(means_.relay, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->next();
    });
}

// What arrives meanwhile makes the next batch, so batches grow exactly when the disk is slow.
void Intake::flush() {
    writing_ = std::exchange(batched_, 0);
    auto job = [batches = std::exchange(batches_, {}), window = window_, size = size_](Writer& writer) mutable {
        std::ranges::sort(batches, {}, &Batch::offset);
        Written out;
        auto at = batches.begin();
        for (; at != batches.end(); ++at) {
            writer.hash_in_turn(at->offset, at->bytes); // what does not fit on the disk comes once more, from memory
            out.result = window ? window->append(at->bytes) : writer.fill->write(at->offset, at->bytes, at->source);
            if (!out.result)
                break;
            writer.present.add(at->offset, at->offset + at->bytes.size());
            out.done.add(at->offset, at->offset + at->bytes.size());
        }
        out.left.assign(std::make_move_iterator(at), std::make_move_iterator(batches.end()));
        // The hash must be there where the disk ends: what goes through memory cannot be read twice.
        if (!window)
            if (auto hashed = writer.catch_up(out.result ? catch_up_step : UINT64_MAX); !hashed)
                out.result = std::move(hashed);
        if (out.result && writer.hashed == size && writer.present.end() == size)
            out.digests = writer.finish();
        return out;
    };
    run(std::move(job), [this](Written outcome) { written(std::move(outcome)); });
}

void Intake::written(Written outcome) {
    means_.in_flight->bytes -= std::exchange(writing_, 0);
    for (const auto& [begin, end] : outcome.done.ranges())
        present_.add(begin, end);
    digests_ = outcome.digests;
    give_way();
    if (!owner_)
        return;
    if (!outcome.result && outcome.result.error().code == Errc::no_space && !window_)
        pass_through_memory(outcome.result.error().message, std::move(outcome.left));
    else if (!outcome.result)
        return owner_->intake_failed(std::move(outcome.result.error()));
    owner_->intake_wrote();
}

// What is on the disk stays where it is, and the rest goes through memory to those who read now. What was ahead is
// fetched again in its turn.
void Intake::pass_through_memory(const std::string& why, std::vector<Batch> left) {
    window_ = std::make_shared<Window>(present_.prefix());
    means_.in_flight->bytes -= std::exchange(batched_, 0);
    left.insert(left.end(), std::make_move_iterator(batches_.begin()), std::make_move_iterator(batches_.end()));
    batches_.clear();
    added_ = present_ = {};
    added_.add(0, window_->end());
    std::ranges::sort(left, {}, &Batch::offset);
    for (const auto& batch : left)
        if (batch.offset == front())
            add(batch.offset, batch.bytes, batch.source);
    owner_->intake_filled_disk(why);
}

// Others wait for what this one has taken.
void Intake::give_way() {
    auto& waiting = means_.in_flight->waiting;
    if (waiting.empty() || means_.in_flight->bytes >= means_.settings.in_flight_total)
        return;
    for (auto& room : std::exchange(waiting, {}))
        asio::post(means_.relay, std::move(room));
}

void Intake::drop_below(std::uint64_t offset) {
    if (window_)
        window_->drop_below(offset);
}

// ---- after the writes

void Intake::read_back(std::uint64_t offset, std::uint64_t size, Read handler) {
    const auto from = std::max(added_.begin_of(offset == 0 ? 0 : offset - 1), offset - std::min(size, offset));
    if (window_ && offset > window_->first()) // memory has let go of it, perhaps: the digest decides alone
        return handler(std::make_shared<const std::string>());
    waiting_.push_back([this, from, count = offset - from, handler = std::move(handler)]() mutable {
        auto job = [from, count](Writer& writer) {
            auto out = std::make_shared<std::string>(count, '\0');
            const std::span bytes(reinterpret_cast<std::byte*>(out->data()), out->size());
            return Blob(writer.fill->file()).read(from, bytes) ? out : std::make_shared<std::string>();
        };
        run(std::move(job), [this, handler = std::move(handler)](std::shared_ptr<std::string> bytes) {
            if (owner_)
                handler(std::move(bytes));
        });
    });
    next();
}

void Intake::finish(std::function<void(const Digests&)> handler) {
    if (digests_ && idle() && waiting_.empty())
        return handler(*digests_);
    waiting_.push_back([this, handler = std::move(handler)]() mutable {
        auto job = [](Writer& writer) -> Result<Digests> {
            if (auto hashed = writer.catch_up(UINT64_MAX); !hashed)
                return std::unexpected(hashed.error());
            return writer.finish();
        };
        run(std::move(job), [this, handler = std::move(handler)](Result<Digests> digests) {
            if (!owner_)
                return;
            if (!digests)
                return owner_->intake_failed(std::move(digests.error()));
            handler(*digests);
        });
    });
    next();
}

void Intake::replace(std::uint64_t offset, std::vector<std::byte> bytes, std::string source) {
    waiting_.push_back([this, offset, bytes = std::move(bytes), from = std::move(source)]() mutable {
        auto job = [offset, what = std::move(bytes), who = std::move(from)](Writer& writer) {
            return writer.fill->write(offset, what, who);
        };
        run(std::move(job), [this](Result<void> result) {
            if (owner_ && !result)
                owner_->intake_failed(std::move(result.error()));
        });
    });
    next();
}

void Intake::hash_again(std::function<void(const Digests&)> handler) {
    digests_.reset();
    waiting_.push_back([this] {
        auto job = [identity = identity_](Writer& writer) {
            writer.begin_again(identity);
            return true;
        };
        run(std::move(job), [this](bool) { digests_.reset(); });
    });
    finish(std::move(handler));
}

void Intake::forget(std::set<std::string> sources, std::function<void(const Extents&)> then) {
    digests_.reset();
    waiting_.push_back([this, sources = std::move(sources), then = std::move(then)]() mutable {
        auto job = [sources, identity = identity_, in_memory = window_ != nullptr](Writer& writer) {
            Extents gone;
            if (in_memory)
                return gone;
            for (const auto& source : sources)
                for (const auto& piece : writer.fill->forget(source))
                    gone.add(piece.offset, piece.end());
            for (const auto& [begin, end] : gone.ranges())
                writer.present.remove(begin, end);
            if (writer.present.prefix() < writer.hashed)
                writer.begin_again(identity);
            return gone;
        };
        run(std::move(job), [this, then = std::move(then)](const Extents& gone) {
            digests_.reset();
            for (const auto& [begin, end] : gone.ranges()) {
                added_.remove(begin, end);
                present_.remove(begin, end);
            }
            if (owner_)
                then(gone);
        });
    });
    next();
}

std::vector<Piece> Intake::pieces() {
    return writer_->fill ? writer_->fill->pieces() : std::vector<Piece>{};
}

std::shared_ptr<const Blob::File> Intake::file() const {
    return writer_ && writer_->fill ? writer_->fill->file() : nullptr;
}

// ---- the end

Fill Intake::take_fill() {
    owner_ = nullptr;
    return std::move(*std::exchange(writer_->fill, std::nullopt));
}

void Intake::close(Keep keep, std::function<void(bool parked)> closed) {
    const auto self = shared_from_this(); // `closed` may let go of it
    owner_ = nullptr;
    waiting_.clear();
    if (keep == Keep::no) {
        means_.in_flight->bytes -= std::exchange(batched_, 0);
        batches_.clear();
        give_way();
    }
    closing_ = [this, keep, then = std::move(closed)] {
        const bool parked = keep == Keep::yes && writer_ && writer_->fill && writer_->fill->park();
        writer_.reset();
        then(parked);
    };
    next();
}

} // namespace yizhan
