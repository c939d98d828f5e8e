// What a transfer shows to its readers: how far they may go, and how it ended. Written by the relay thread, read on
// every core.
#pragma once

#include "cache/store.hpp"
#include "config/error.hpp"
#include "proxy/notifier.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace yizhan {

class Progress {
  public:
    enum class State { waiting, flowing, verified, failed };

    struct View {
        State state = State::waiting;
        std::uint64_t released = 0;        ///< bytes from the start that may leave
        std::optional<std::uint64_t> size; ///< of the object
        std::shared_ptr<const Blob::File> file;
        std::optional<Sha256> digest; ///< once verified
        std::optional<Error> error;   ///< once failed
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

    Notifier& notifier() { return notifier_; }
    /// Random and unique to this delivery: the "u-…" of its ETag.
    const std::string& delivery_id() const { return delivery_id_; }

  private:
    mutable std::mutex mutex_; // held for a copy or a few assignments
    View view_;
    Notifier notifier_;
    std::string delivery_id_;
};

} // namespace yizhan
