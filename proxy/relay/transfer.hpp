// One object on its way in: from the endpoints that may have it, into a fill, verified, committed. Relay thread only.
//
//   Heading → Filling ⇄ Switching → Verifying ⇄ Repairing → Committing → Done; Parked or Failed from anywhere before
//   that.
//
// Couriers bring it, the intake takes it in; the transfer is what its readers see of both: what may leave, whether it
// is what it should be, who is blamed where it is not, and what becomes of it when nobody reads.
#pragma once

#include "proxy/relay/couriers.hpp"
#include "proxy/relay/first_look.hpp"
#include "proxy/relay/intake.hpp"
#include "proxy/relay/release.hpp"
#include "proxy/relay/repair.hpp"
#include "proxy/relay/suspects.hpp"
#include "proxy/relay/transfers.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <set>
#include <stop_token>

namespace yizhan {

class Transfer final : public std::enable_shared_from_this<Transfer>,
                       private Intake::Owner,
                       private Couriers::Owner,
                       private FirstLook::Owner,
                       private Repair::Owner {
  public:
    /// What a transfer needs of its registry.
    struct Host {
        Transfers::Context& context;
        Suspects& suspects;
        std::shared_ptr<InFlight> in_flight;
        /// Commits whose end has not been posted back yet: the relay must outlive them.
        std::shared_ptr<std::atomic<unsigned>> committing;
        /// The delivery with this id is what it should be; called before its last bytes may leave.
        std::function<void(const std::string& delivery_id, const Sha256& digest)> verified;
        /// The blob is acknowledged under its path, or everything is over: the transfer leaves the registry.
        std::function<void(const std::shared_ptr<Transfer>&)> ended;
    };

    enum class State { fetching, verifying, repairing, committing, done, parked, failed };

    Transfer(Host host, Object object);
    ~Transfer() override;

    void start();
    void join() { ++readers_; }
    void leave();
    /// A reader has moved on: with a full disk that makes room.
    void readers_moved();
    /// Ends it at once with `error`, unless it is verified already; what is here is parked.
    void fail(Error error);

    /// Whether a new reader finds every byte from the start.
    bool joinable() const;

    const Object& object() const { return object_; }
    const std::shared_ptr<Progress>& progress() const { return progress_; }
    TransferStatus status() const;

  private:
    using Clock = std::chrono::steady_clock;
    using Keep = Intake::Keep;

    /// What was found to be wrong with the bytes, and what they were.
    struct Wrong {
        std::string words;
        std::optional<Sha256> digest;
    };

    static std::shared_ptr<Progress> new_progress();
    void take_in();

    void intake_took_over() override { release(); }
    void intake_opened() override;
    void intake_wrote() override;
    void intake_filled_disk(const std::string& why) override;
    void intake_failed(Error error) override { fail(std::move(error), Keep::no); }
    void couriers_heard_size() override;
    void couriers_done() override;
    void couriers_stranded() override;
    void couriers_pass_over() override;

    void begin_grace();
    void look_for_laggards();
    void first_look_waited() override;
    void first_look_ended(const std::vector<std::size_t>& liars) override;
    void repair_closed(const Digests& found) override;
    void repair_failed() override;

    void leave_out(const std::vector<std::size_t>& liars);
    void go_on();
    void stop_looking();

    void release();
    std::uint64_t bytes_per_second() const;

    void verify();
    void judge_digests(const Digests& digests);
    void lied(const std::string& words, const std::optional<Sha256>& found = {});
    bool repair(const std::string& words, const Sha256& found);
    void narrow(std::vector<Piece> pieces);
    void ask_about(std::vector<Piece> suspects, Repair::Whom whom);
    void tell_who_waits();
    void cut_readers(Error error);
    Error wrong_after_its_start() const;
    void accept(const Digests& digests);
    void blame(const std::string& words, const std::optional<Sha256>& found);
    void blame_one(EndpointId who, const std::string& words, const Sha256& found);
    void judge_ends();
    void clear_up_suspicions();
    void begin_again();
    void begin_anew();
    void commit(const Digests& digests);
    void fail(Error error, Keep keep);
    void end(State state);
    bool over() const { return state_ >= State::done; }

    Host host_;
    Object object_;
    std::shared_ptr<Progress> progress_;
    State state_ = State::fetching;
    unsigned readers_ = 0;

    Errand errand_;
    std::shared_ptr<Intake> intake_;
    std::shared_ptr<Couriers> couriers_;
    std::shared_ptr<FirstLook> first_look_;
    std::shared_ptr<Repair> repair_;
    Wrong wrong_;             // while that is being repaired
    bool narrowed_ = false;   // nobody else has it: what the bytes themselves tell is all that the repair goes by
    std::stop_source search_; // for what they tell
    std::optional<EndpointId> next_alone_; // who contradicted the bytes that turned out wrong
    std::set<EndpointId> spent_;           // those whose bytes were in a fill that turned out wrong

    bool looked_ = false;   // at the ends of it
    bool held_ = false;     // nothing leaves: the first look is waited for, or a liar's parts are being taken back
    bool complete_ = false; // the last byte has been brought
    bool failing_ = false;  // waits for a write to end
    bool opposed_ = false;  // those who are left contradict what is here; waits for that to be written
    std::optional<Clock::time_point> passed_over_; // when readers were last told that what is here comes once more
    std::optional<Clock::time_point> first_byte_;
    asio::steady_timer patience_; // for small objects: verify first, but not longer than this
    bool patience_over_ = false;
    asio::steady_timer grace_;    // with no reader left
    asio::steady_timer laggards_; // with a full disk: who does not read is looked for once a second
};

} // namespace yizhan
