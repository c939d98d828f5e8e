// What a transfer shows to its readers: how far they may go, and how it ended; and what they show to it: where each of
// them is. The view is written by the relay thread and read on every core.
#pragma once

#include "cache/store.hpp"
#include "config/error.hpp"
#include "proxy/notifier.hpp"
#include "proxy/relay/window.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace yizhan {

class Progress {
  public:
    enum class State { waiting, flowing, verified, failed };
    using Clock = std::chrono::steady_clock;

    struct View {
        State state = State::waiting;
        std::uint64_t released = 0;             ///< bytes from the start that may leave
        std::optional<std::uint64_t> size;      ///< of the object
        std::shared_ptr<const Blob::File> file; ///< where they lie,
        std::shared_ptr<const Window> window;   ///< but for those from the window's first byte on, where there is one
        std::optional<Sha256> digest;           ///< once verified
        std::optional<Error> error;             ///< once failed
    };

    explicit Progress(std::string delivery_id) : delivery_id_(std::move(delivery_id)) {}

    View view() const {
        const std::scoped_lock lock(mutex_);
        return view_;
    }

    /// Whether there is something to do for a reader at `offset`: bytes, the end, or an error.
    bool ready(std::uint64_t offset) const {
        const std::scoped_lock lock(mutex_);
        return view_.released > offset || view_.state == State::verified || view_.state == State::failed;
    }

    /// Changes the view and wakes the readers. Relay thread only.
    template <class Change>
    void publish(Change change) {
        {
            const std::scoped_lock lock(mutex_);
            change(view_);
        }
        notifier_.notify_all();
    }

    /// A reader has passed on everything before `offset`. Any thread.
    void reached(const void* reader, std::uint64_t offset) {
        const std::scoped_lock lock(mutex_);
        auto& place = places_[reader];
        if (place.offset != offset || place.since == Clock::time_point{})
            place = {offset, Clock::now()};
    }
    void left(const void* reader) {
        const std::scoped_lock lock(mutex_);
        places_.erase(reader);
    }

    /// Where the slowest reader is; those that have not moved for `patience` while others have do not count. Nothing
    /// where nobody reads.
    std::optional<std::uint64_t> slowest(Clock::duration patience) const {
        const std::scoped_lock lock(mutex_);
        const auto now = Clock::now();
        std::optional<std::uint64_t> all, moving;
        for (const auto& [reader, place] : places_) {
            all = std::min(all.value_or(place.offset), place.offset);
            if (now - place.since < patience)
                moving = std::min(moving.value_or(place.offset), place.offset);
        }
        return moving ? moving : all;
    }

    Notifier& notifier() { return notifier_; }
    /// Random and unique to this delivery: the "u-…" of its ETag.
    const std::string& delivery_id() const { return delivery_id_; }

  private:
    struct Place {
        std::uint64_t offset = 0;
        Clock::time_point since{};
    };
    mutable std::mutex mutex_; // held for a copy or a few assignments
    View view_;
    std::map<const void*, Place> places_;
    Notifier notifier_;
    std::string delivery_id_;
};

} // namespace yizhan
