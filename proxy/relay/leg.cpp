#include "proxy/relay/leg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace yizhan {
namespace {

using Clock = std::chrono::steady_clock;

std::string range_of(std::uint64_t first, std::optional<std::uint64_t> end) {
    if (end)
        return fmt::format("{}-{}", first, *end - 1);
    return first > 0 ? fmt::format("{}-", first) : std::string{};
}

} // namespace

Leg::Leg(Means means, const Source& source, Attempt attempt, AddressFamily address, Wanted wanted, Rider& rider)
    : endpoints_(means.endpoints), source_(source), address_(address), attempt_(std::move(attempt)),
      asked_(attempt_.asked()), wanted_(std::move(wanted)), rider_(rider),
      watch_(means.endpoints.rules().stall, Clock::now()) {
    UpstreamRequest request{.url = source.url,
                            .range =
                                range_of(wanted_.offset - (wanted_.before ? wanted_.before->size() : 0), wanted_.end),
                            .address = address};
    if (!wanted_.validator.empty())
        request.fields.emplace_back("If-Range", wanted_.validator);
    auto hop = [this](const Url& next) -> Result<void> {
        if (auto allowed = endpoints_.redirected(attempt_, next.origin(), Clock::now()); !allowed) {
            rejection_ = Rejection{allowed.error().symptom, allowed.error().words};
            return yizhan::fail(Errc::refused, rejection_->words);
        }
        return {};
    };
    Sink& self = *this;
    follow_ = std::make_unique<Follow>(Follow::Context{means.upstream, means.named, means.max_redirects, hop},
                                       std::move(request), self);
}

Leg::~Leg() = default;

void Leg::resume() {
    watch_.resumed(Clock::now());
    if (follow_)
        follow_->resume();
}

void Leg::abandon() {
    const auto now = Clock::now();
    account(now);
    follow_.reset();
    attempt_.cancelled(now);
}

std::optional<Rejection> Leg::stalled(const Rivals& rivals, Moment now) {
    account(now);
    if (const auto stall = watch_.check(rivals, now))
        return Rejection{stall->symptom, stall->words};
    return std::nullopt;
}

Meaning Leg::fail(const Rejection& rejection, Moment now) {
    follow_.reset();
    return attempt_.failed({.symptom = rejection.symptom,
                            .object = wanted_.path,
                            .retry_after = rejection.retry_after,
                            .words = rejection.words},
                           now);
}

Verdict Leg::on_head(const Head& head) {
    const auto first = wanted_.offset - (wanted_.before ? wanted_.before->size() : 0);
    const auto accepted = judge_head(
        head, {.offset = first, .end = wanted_.end, .size = wanted_.size, .filename = filename_of(wanted_.path)});
    if (!accepted)
        rejection_ = accepted.error();
    else if (accepted->skip > 0 && !wanted_.whole_too)
        rejection_ = Rejection{Symptom::no_ranges, "sends the whole file where a part was asked for"};
    else if (!wanted_.validator.empty() && head.status != 206)
        rejection_ = Rejection{Symptom::lacks, "has changed since it sent the first part"};
    if (rejection_)
        return Verdict::stop;
    skip_ = accepted->skip;
    begins_before_ = skip_ > 0;
    whole_ = head.status == 200;
    total_ = accepted->total;
    rider_.leg_heard(*this, head);
    return Verdict::go_on;
}

// Takes off the front what is here already, and says where it differs.
std::optional<Rejection> Leg::compare(std::span<const std::byte>& bytes) {
    const auto known = wanted_.before ? std::string_view(*wanted_.before).substr(compared_) : std::string_view{};
    const auto count = std::min(known.size(), bytes.size());
    if (count == 0)
        return std::nullopt;
    if (std::memcmp(bytes.data(), known.data(), count) != 0)
        return Rejection{Symptom::wrong_bytes,
                         fmt::format("sends other bytes than came before, in the {} before byte {}",
                                     wanted_.before->size(), wanted_.offset)};
    compared_ += count;
    bytes = bytes.subspan(count);
    return std::nullopt;
}

Credit Leg::on_bytes(std::span<const std::byte> bytes) {
    if (rejection_ || enough_)
        return Credit::more; // the rest of an answer that has been judged already
    const auto now = Clock::now();
    attempt_.first_byte(now);
    if (unaccounted_ == 0 && received_ == 0)
        accounted_at_ = watch_.active(now);
    watch_.received(bytes.size(), now);
    unaccounted_ += bytes.size();

    const auto dropped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= dropped;
    bytes = bytes.subspan(static_cast<std::size_t>(dropped));
    if (auto differs = compare(bytes)) {
        reject(std::move(*differs));
        return Credit::more;
    }
    if (bytes.empty())
        return Credit::more;
    if (wanted_.offset == 0 && received_ == 0)
        if (auto foreign = judge_first_bytes(bytes, filename_of(wanted_.path))) {
            reject(std::move(*foreign));
            return Credit::more;
        }
    if (wanted_.size && bytes.size() > *wanted_.size - wanted_.offset - received_) {
        reject({Symptom::wrong_size, fmt::format("more than the {} bytes that the object has", *wanted_.size)});
        return Credit::more;
    }
    received_ += bytes.size();
    const auto credit = rider_.leg_brought(*this, bytes);
    if (credit == Credit::pause)
        watch_.paused(now);
    return credit;
}

// Not wanted any more, however much is still to come. The rider hears of it in a turn of its own: this may be one of
// curl's callbacks.
void Leg::reject(Rejection rejection) {
    rejection_ = std::move(rejection);
    follow_->stop();
}

void Leg::enough() {
    enough_ = true;
    follow_->stop();
}

void Leg::account(Moment now) {
    const auto active = watch_.active(now);
    attempt_.received(std::exchange(unaccounted_, 0), active - accounted_at_, now);
    accounted_at_ = active;
}

void Leg::on_done(Result<Stats> result) {
    if (rejection_)
        return end(std::move(rejection_));
    if (!result && !enough_)
        return end(rejection_of(result.error()));
    const auto goal = wanted_.end && !whole_ ? wanted_.end : wanted_.size ? wanted_.size : total_;
    if (!enough_ && goal && wanted_.offset + received_ < *goal)
        return end(Rejection{Symptom::reset,
                             fmt::format("the answer ended after {} of {} bytes", wanted_.offset + received_, *goal)});
    const auto now = Clock::now();
    attempt_.finished(std::exchange(unaccounted_, 0), watch_.active(now) - accounted_at_, now);
    end(std::nullopt);
}

void Leg::end(std::optional<Rejection> why) {
    follow_.reset();
    rider_.leg_ended(*this, std::move(why));
}

} // namespace yizhan
