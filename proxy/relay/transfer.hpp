// One object on its way in: from the endpoints that may have it, into a fill, verified, committed. Relay thread only,
// but for the jobs it hands to the disk pool, one at a time.
//
//   Heading → Filling ⇄ Switching → Verifying → Committing → Done; Parked or Failed from anywhere before that.
//
// A leg is one request to one endpoint. While no leg brings bytes there may be several, the later ones begun because
// the first byte was late; the first that brings bytes is ridden, the others are given up.
#pragma once

#include "proxy/relay/contenders.hpp"
#include "proxy/relay/leg.hpp"
#include "proxy/relay/release.hpp"
#include "proxy/relay/suspects.hpp"
#include "proxy/relay/transfers.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <set>

namespace yizhan {

class Transfer;

/// Bytes received but not yet written, of all transfers; those that wait for others to get theirs written.
struct InFlight {
    std::uint64_t bytes = 0;
    std::vector<std::weak_ptr<Transfer>> waiting;
};

class Transfer final : public std::enable_shared_from_this<Transfer>, private Leg::Rider {
  public:
    /// What a transfer needs of its registry.
    struct Host {
        Transfers::Context& context;
        Suspects& suspects;
        InFlight& in_flight;
        /// Commits whose end has not been posted back yet: the relay must outlive them.
        std::shared_ptr<std::atomic<unsigned>> committing;
        /// The delivery with this id is what it should be; called before its last bytes may leave.
        std::function<void(const std::string& delivery_id, const Sha256& digest)> verified;
        /// The blob is acknowledged under its path, or everything is over: the transfer leaves the registry.
        std::function<void(const std::shared_ptr<Transfer>&)> ended;
    };

    enum class State { heading, filling, switching, verifying, committing, done, parked, failed };

    Transfer(Host host, Object object);
    ~Transfer() override;

    void start();
    void join() { ++readers_; }
    void leave();
    /// A reader has moved on: with a full disk that makes room.
    void readers_moved();
    /// Room in flight was given back by another transfer.
    void go_on();
    /// Ends it at once with `error`, unless it is verified already; what is here is parked.
    void fail(Error error);

    /// Whether a new reader finds every byte from the start.
    bool joinable() const { return !window_ || window_->begin() == window_->first(); }

    const Object& object() const { return object_; }
    const std::shared_ptr<Progress>& progress() const { return progress_; }
    TransferStatus status() const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Writer; // the fill and the running digests: touched by one disk job at a time
    enum class Keep : bool { no, yes };

    // The place for the bytes
    void open_fill();
    void take_over();
    void taken_over(std::uint64_t bytes);
    void write_to_memory(const Error& why);

    // Endpoints
    void ask();
    void begin_leg(Contender& contender, Attempt attempt);
    void leg_failed(Leg& leg, const Rejection& why);
    void give_up();
    void leg_heard(Leg& leg, const Head& head, std::optional<std::uint64_t> total) override;
    Credit leg_brought(Leg& leg, std::span<const std::byte> bytes) override;
    void leg_ended(Leg& leg, std::optional<Rejection> why) override;
    void ride(Leg& leg);
    std::unique_ptr<Leg> dismiss(Leg& leg);
    void abandon_legs(const Leg* but = nullptr);
    void read_overlap();

    // Time
    void tick();
    void schedule();
    Clock::duration silent(Clock::time_point now) const { return now - last_byte_; }

    // Bytes
    void flush_soon();
    void flush();
    void written(Result<void> result, std::uint64_t bytes);
    void release();
    bool crowded() const;
    void give_way();
    std::uint64_t bytes_per_second() const;
    bool settled() const { return !writing_ && batch_.empty(); }
    bool all_here() const;

    // The end
    void verify();
    void judge_digests(const Digests& digests);
    void lied(const std::string& words, const std::optional<Sha256>& found = {});
    void blame(const std::string& words, const std::optional<Sha256>& found);
    void blame_one(EndpointId who, const std::string& words, const std::optional<Sha256>& found);
    void clear_up_suspicions();
    void begin_again();
    void commit(const Digests& digests);
    void fail(Error error, Keep keep);
    void bury();
    void end(State state);
    bool over() const { return state_ == State::done || state_ == State::failed || state_ == State::parked; }

    Host host_;
    Object object_;
    std::shared_ptr<Progress> progress_;
    State state_ = State::heading;
    unsigned readers_ = 0;

    Ask ask_;
    Contenders contenders_;
    std::vector<std::unique_ptr<Leg>> legs_;
    Leg* ridden_ = nullptr; // whose bytes are taken
    std::string came_from_; // the endpoint of the last bytes, for the log
    std::string left_because_;
    unsigned failovers_ = 0;
    std::vector<std::string> tried_;
    std::set<EndpointId> contributors_; // those whose bytes are in the fill
    std::set<EndpointId> spent_;        // those whose bytes were in one that turned out wrong
    struct Dissent {
        EndpointId who;
        std::string words;
    };
    std::vector<Dissent> dissents_; // sent other bytes than what was here: one of the two lied
    std::string validator_;         // of the one endpoint that may be asked where nothing is known of the object
    std::shared_ptr<const std::string> overlap_;

    std::shared_ptr<Writer> writer_;
    std::shared_ptr<Window> window_; // instead of the disk, once that is full
    std::vector<std::byte> batch_;
    std::uint64_t received_ = 0; // in order from the start: written, being written, or in the batch
    std::uint64_t written_ = 0;
    std::uint64_t taken_over_ = 0; // of these, from a former transfer
    bool writing_ = false;
    bool flush_posted_ = false;
    bool paused_ = false;
    bool complete_ = false;                         // the last byte has been received
    std::optional<std::pair<Error, Keep>> failure_; // waits for a write to end
    std::optional<Clock::time_point> first_byte_;
    Clock::time_point last_byte_ = Clock::now(); // or the start
    Clock::time_point ask_again_{};              // while no leg brings bytes
    asio::steady_timer tick_;
    asio::steady_timer patience_; // for small objects: verify first, but not longer than this
    bool patience_over_ = false;
    asio::steady_timer grace_; // with no reader left
};

} // namespace yizhan
