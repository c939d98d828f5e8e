// One object on its way in: from its sources, tried in order, into a fill, verified, committed. Relay thread only, but
// for the jobs it hands to the disk pool, one at a time.
//
//   Heading → Filling ⇄ Switching → Verifying → Committing → Done, or Failed from anywhere.
#pragma once

#include "proxy/relay/judge.hpp"
#include "proxy/relay/quarantine.hpp"
#include "proxy/relay/release.hpp"
#include "proxy/relay/transfers.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <set>

namespace yizhan {

class Transfer final : public std::enable_shared_from_this<Transfer>, private Sink {
  public:
    /// What a transfer needs of its registry.
    struct Host {
        Transfers::Context& context;
        Quarantine& quarantine;
        /// Commits whose end has not been posted back yet: the relay must outlive them.
        std::shared_ptr<std::atomic<unsigned>> committing;
        /// The delivery with this id is what it should be; called before its last bytes may leave.
        std::function<void(const std::string& delivery_id, const Sha256& digest)> verified;
        /// The blob is acknowledged under its path, or everything is over: the transfer leaves the registry.
        std::function<void(const std::shared_ptr<Transfer>&)> ended;
    };

    enum class State { heading, filling, switching, verifying, committing, done, failed };

    Transfer(Host host, Object object);
    ~Transfer() override;

    void start();
    void join() { ++readers_; }
    void leave();
    /// Ends it at once with `error`, unless it is verified already.
    void fail(Error error);

    const Object& object() const { return object_; }
    const std::shared_ptr<Progress>& progress() const { return progress_; }
    TransferStatus status() const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Writer; // the fill and the running digests: touched by one disk job at a time

    // Sources
    void open_fill();
    void ask_next();
    bool out_of_time() const;
    const Source* choose();
    void source_failed(Rejection rejection);
    void give_up();
    Verdict on_head(const Head& head) override;
    Credit on_bytes(std::span<const std::byte> bytes) override;
    void on_done(Result<Stats> result) override;

    // Bytes
    void flush();
    void written(Result<void> result, std::uint64_t bytes);
    void release();
    std::uint64_t bytes_per_second() const;

    // The end
    void verify();
    void judge_digests(const Digests& digests);
    void lied(std::string words);
    void commit(const Digests& digests);
    void end(State state);

    Host host_;
    Object object_;
    std::shared_ptr<Progress> progress_;
    State state_ = State::heading;
    unsigned readers_ = 0;

    std::unique_ptr<Follow> follow_;
    const Source* source_ = nullptr;
    struct Attempts {
        unsigned fruitless = 0; // since bytes last came from it
        bool lacks_it = false;
    };
    std::vector<Attempts> attempts_; // beside object_.sources
    std::vector<std::string> tried_;
    std::optional<Rejection> rejection_; // why the current answer is being ended by us
    std::set<std::string> contributors_; // endpoints whose bytes are in the fill
    bool root_lacks_it_ = false;

    std::shared_ptr<Writer> writer_;
    std::vector<std::byte> batch_;
    std::uint64_t skip_ = 0;     // bytes of the current answer still to be dropped
    std::uint64_t received_ = 0; // in order from the start: written, being written, or in the batch
    std::uint64_t written_ = 0;
    bool writing_ = false;
    bool paused_ = false;
    bool complete_ = false; // the last byte has been received
    std::optional<Clock::time_point> first_byte_;
    Clock::time_point last_byte_ = Clock::now(); // or the start
    asio::steady_timer patience_;                // for small objects: verify first, but not longer than this
    bool patience_over_ = false;
    asio::steady_timer grace_; // with no reader left
};

} // namespace yizhan
