// How a transfer ends for its bytes: are they right, and if not, who lied.
#include "proxy/relay/damaged_parts.hpp"
#include "proxy/relay/transfer.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace yizhan {

void Transfer::stop_looking() {
    if (first_look_)
        first_look_->stop();
    first_look_.reset();
    held_ = false;
}

// What they have sent is taken back and fetched from others. Readers who have some of it can only be cut: at once, so
// that they do not wait for the end before they ask again.
void Transfer::leave_out(const std::vector<std::size_t>& liars) {
    held_ = true;
    std::set<EndpointId> ids;
    std::set<std::string> sources;
    for (const auto liar : liars) {
        ids.insert(errand_.contenders[liar].id);
        const auto& answered_by = errand_.contenders[liar].answered_by;
        ids.insert(answered_by.begin(), answered_by.end());
        couriers_->leave(liar);
    }
    for (const auto id : ids)
        sources.insert(host_.context.endpoints.name(id).key());
    // Those who contradicted what was here may have contradicted one of these, and are asked again.
    std::set<EndpointId> heard_again;
    std::erase_if(errand_.dissents, [&](const Errand::Dissent& dissent) {
        if (ids.contains(dissent.who))
            return false;
        heard_again.insert(dissent.who);
        return true;
    });
    errand_.contenders.take_back(heard_again, object_, Clock::now());
    intake_->forget(std::move(sources), [this](const Extents& missing) {
        held_ = false;
        if (missing.size() > 0) {
            complete_ = false;
            if (missing.ranges().begin()->first < progress_->view().released)
                cut_readers(wrong_after_its_start());
            couriers_->bring_again(missing);
        }
        go_on();
    });
}

Error Transfer::wrong_after_its_start() const {
    return {Errc::digest_mismatch,
            fmt::format("{} arrived with wrong bytes after its first part had left; this response is cut, ask again",
                        object_.filename()),
            errand_.tried};
}

void Transfer::verify() {
    if (state_ >= State::verifying || failing_ || held_)
        return;
    state_ = State::verifying;
    couriers_->stop();
    stop_looking();
    intake_->finish([this](const Digests& digests) {
        if (state_ == State::verifying)
            judge_digests(digests);
    });
}

void Transfer::judge_digests(const Digests& digests) {
    if (auto words = mismatch(object_.identity, digests)) {
        if (!repair(*words, digests.sha256))
            lied(*words, digests.sha256);
        return;
    }
    accept(digests);
}

void Transfer::accept(const Digests& digests) {
    // First: a client whose line breaks at the last byte may be back before the next statement.
    host_.verified(progress_->delivery_id(), digests.sha256);
    progress_->publish([&](Progress::View& view) {
        view.state = Progress::State::verified;
        view.released = intake_->prefix();
        view.digest = digests.sha256;
    });
    for (const auto& dissent : errand_.dissents)
        if (dissent.of == Errand::Dissent::Of::size)
            host_.context.endpoints.mark_lacking(dissent.who, object_.path, dissent.words, Clock::now());
        else
            host_.context.endpoints.lied(dissent.who, object_.path, dissent.words, Clock::now());
    for (const auto who : host_.suspects.liars(object_.path))
        if (!host_.context.endpoints.lied_about(who, object_.path, Clock::now()))
            host_.context.endpoints.lied(who, object_.path, "others sent the right bytes", Clock::now());
    judge_ends();
    clear_up_suspicions();
    if (intake_->window()) {
        spdlog::warn("relay: {} was delivered but not kept: the disk is full", object_.path);
        return end(State::done);
    }
    commit(digests);
}

// Wrong bytes are here, or others say so. Nobody is called a liar on a guess: where several sent parts, or no digest
// has spoken, the checksums of the parts are kept until the right bytes tell.
void Transfer::blame(const std::string& words, const std::optional<Sha256>& found) {
    auto& endpoints = host_.context.endpoints;
    const auto now = Clock::now();
    std::string whom;
    for (const auto id : errand_.contributors)
        whom += (whom.empty() ? "" : ", ") + endpoints.name(id).key();
    spdlog::error("relay: {}: wrong bytes from {}: {}", object_.path, whom.empty() ? "an earlier time" : whom, words);
    errand_.tried.push_back(fmt::format("{}: {}", whom.empty() ? "what was here already" : whom, words));
    // Who only pointed to one of them would point there again.
    for (const auto& contender : errand_.contenders)
        if (contender.spoke_for(errand_.contributors) && !errand_.contributors.contains(contender.id))
            endpoints.mark_lacking(contender.id, object_.path, words, now);
    if (found && errand_.contributors.size() == 1 && intake_->inherited() == 0)
        return blame_one(*errand_.contributors.begin(), words, *found);
    for (const auto id : errand_.contributors)
        endpoints.mark_lacking(id, object_.path, words, now);
    if (!intake_->window())
        host_.suspects.add(object_.path, intake_->pieces());
}

// One sent it all. Where another family has sent the very same bytes, neither of them lied: the index did.
void Transfer::blame_one(EndpointId who, const std::string& words, const Sha256& found) {
    auto& endpoints = host_.context.endpoints;
    const auto others = host_.suspects.same_as(object_.path, found, who, endpoints.name(who).family);
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

// Whatever is right of it stays: others tell what is not, or, where there are none, an archive's own checksums do.
// Those who were served of it are told now; who comes meanwhile waits for the right ones.
bool Transfer::repair(const std::string& words, const Sha256& found) {
    if (intake_->window() || errand_.alone || !object_.identity.known() || !errand_.size ||
        progress_->view().released == 0)
        return false;
    auto pieces = intake_->pieces();
    const bool others = Repair::possible(errand_, pieces);
    if (!others && !(promises_zip(object_.filename()) && errand_.contenders.any_left()))
        return false;
    spdlog::error("relay: {}: {}; looking for the part that is wrong", object_.path, words);
    state_ = State::repairing;
    wrong_ = {words, found};
    cut_readers(wrong_after_its_start());
    if (others)
        ask_about(std::move(pieces), Repair::Whom::others);
    else
        narrow(std::move(pieces));
    tell_who_waits();
    return true;
}

void Transfer::narrow(std::vector<Piece> pieces) {
    narrowed_ = true;
    auto job = [weak = weak_from_this(), &relay = host_.context.relay, path = object_.path, size = *errand_.size,
                archive = Blob(intake_->file()), sent = std::move(pieces), stop = search_.get_token()] {
        auto parts = damaged_parts(archive, size, sent, stop);
        if (!parts)
            spdlog::warn("relay: {}: nothing tells which part is wrong: {}", path, parts.error().message);
        asio::post(relay, [weak, suspects = std::move(parts).value_or(std::vector<Piece>{})]() mutable {
            if (const auto transfer = weak.lock(); transfer && !transfer->failing_)
                transfer->ask_about(std::move(suspects), Repair::Whom::anybody);
        });
    };
    asio::post(host_.context.disk, std::move(job));
}

void Transfer::ask_about(std::vector<Piece> suspects, Repair::Whom whom) {
    Repair::Owner& owner = *this;
    repair_ = std::make_shared<Repair>(errand_, *intake_, std::move(suspects), whom, owner);
    repair_->start();
}

// A repair may take longer than a client waits without a byte: it is told before, and asks again.
void Transfer::tell_who_waits() {
    patience_.expires_after(host_.context.settings.verify_first_patience);
    patience_.async_wait([self = weak_from_this()](error_code ec) {
        const auto transfer = self.lock();
        if (!transfer || ec || transfer->state_ != State::repairing)
            return;
        transfer->cut_readers(
            {Errc::unavailable,
             fmt::format("a part of {} was wrong and is fetched once more; ask again", transfer->object_.filename()),
             transfer->errand_.tried});
        transfer->tell_who_waits();
    });
}

void Transfer::cut_readers(Error error) {
    const auto cut = std::exchange(progress_, new_progress());
    cut->publish([&](Progress::View& view) {
        view.state = Progress::State::failed;
        view.error = std::move(error);
    });
    progress_->publish([this](Progress::View& view) {
        view.size = errand_.size;
        view.file = intake_->file();
        view.window = intake_->window();
    });
}

void Transfer::repair_closed(const Digests& found) {
    spdlog::info("relay: {}: the wrong part was replaced", object_.path);
    state_ = State::verifying;
    errand_.dissents.clear(); // whose word was worth what has been told already
    accept(found);
}

// Nobody's parts make it right, so there is no telling who is wrong: from the start, and each alone, until one is
// right.
void Transfer::repair_failed() {
    if (narrowed_)
        return lied(wrong_.words, wrong_.digest);
    spdlog::error("relay: {}: no part that anybody else sends puts it right; each is asked alone, {} first",
                  object_.path, repair_->lonely().empty() ? "the quickest" : repair_->lonely());
    errand_.tried.push_back(wrong_.words);
    host_.suspects.add(object_.path, repair_->heard());
    errand_.alone = true;
    errand_.contributors.clear();
    next_alone_ = host_.context.endpoints.find(repair_->lonely());
    begin_again();
}

void Transfer::lied(const std::string& words, const std::optional<Sha256>& found) {
    blame(words, found);
    // Who contradicted these bytes, or announced another length, was no help for single parts.
    auto wrong = spent_;
    wrong.insert(errand_.contributors.begin(), errand_.contributors.end());
    if (std::exchange(narrowed_, false) && !errand_.contenders.anybody_but(wrong, object_, Clock::now()))
        return fail(Error{Errc::digest_mismatch,
                          fmt::format("{} arrived with wrong bytes, and nobody who is left sends the right ones",
                                      object_.filename()),
                          errand_.tried},
                    Keep::no);
    if (progress_->view().released > 0)
        return fail(wrong_after_its_start(), Keep::no);
    begin_again();
}

// Nothing has left yet: from the start, with whoever has not lied.
void Transfer::begin_again() {
    couriers_->stop();
    auto& contenders = errand_.contenders;
    contenders.begin_again();
    contenders.prepare(object_, Clock::now(), errand_.tried);
    spent_.insert(errand_.contributors.begin(), errand_.contributors.end());
    for (auto& contender : contenders)
        contender.out |= contender.spoke_for(spent_);
    if (const auto first = std::exchange(next_alone_, std::nullopt))
        contenders.leave_only(*first);
    errand_.dissents.clear();
    errand_.size = object_.size;
    state_ = State::fetching;
    if (!contenders.any_left())
        return couriers_stranded();
    if (readers_ == 0) // they were told, and left while the wrong part was looked for
        begin_grace();
    begin_anew();
}

// The right bytes are here: who sent others at the first look?
void Transfer::judge_ends() {
    if (errand_.ends.empty() || !intake_->file())
        return;
    asio::post(host_.context.disk, [self = shared_from_this(), file = Blob(intake_->file()),
                                    ends = std::exchange(errand_.ends, {})]() mutable {
        std::erase_if(ends, [&](const Errand::End& one) {
            std::vector<std::byte> bytes(one.size);
            if (!file.read(one.offset, bytes))
                return true; // the disk's fault is nobody's lie
            Checksum right;
            right.update(bytes);
            return right.value() == one.checksum;
        });
        asio::post(self->host_.context.relay, [self, liars = std::move(ends)] {
            auto& endpoints = self->host_.context.endpoints;
            const auto now = Clock::now();
            for (const auto& one : liars)
                if (!endpoints.lied_about(one.who, self->object_.path, now))
                    endpoints.lied(one.who, self->object_.path, "its ends of the file were not what they should be",
                                   now);
        });
    });
}

// Earlier bytes of this object were wrong, and now the right ones are here: whose parts differ from them?
void Transfer::clear_up_suspicions() {
    auto pieces = host_.suspects.take(object_.path);
    if (pieces.empty() || !intake_->file())
        return;
    asio::post(host_.context.disk, [self = shared_from_this(), file = intake_->file(), suspected = std::move(pieces)] {
        std::vector<std::string> liars;
        for (const auto& piece : suspected) {
            std::vector<std::byte> bytes(piece.size);
            Checksum right;
            if (!Blob(file).read(piece.offset, bytes))
                continue; // the disk's fault is nobody's lie
            right.update(bytes);
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

} // namespace yizhan
