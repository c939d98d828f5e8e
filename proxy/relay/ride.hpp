// One segment of an object on its way: asked of one endpoint, of the next where that one fails, of a second one at the
// same time where the first byte is late. A leg is one request to one endpoint; the first that brings bytes is ridden,
// the others are given up. Relay thread only.
#pragma once

#include "proxy/relay/contenders.hpp"
#include "proxy/relay/leg.hpp"
#include "proxy/relay/segments.hpp"
#include "proxy/relay/transfers.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace yizhan {

/// pip gives up after 15 s without a byte: a failure must be told before that, or the rest must flow.
inline constexpr std::chrono::seconds client_patience{14};

/// What the rides of one transfer have in common: whom they may ask, and what was heard of whom.
struct Errand {
    Transfers::Context& context;
    const Object& object;
    Ask ask;
    std::optional<std::uint64_t> size; ///< of the object, once anybody has told it
    std::string validator;             ///< of the one endpoint that may be asked where nothing is known of the object
    Contenders contenders;
    bool crowded = false; ///< nobody could be asked for want of room, until a client's patience was over
    bool alone = false;   ///< one endpoint at a time for all of it: whoever's bytes are wrong then has lied
    unsigned failovers = 0;
    std::string came_from; ///< the endpoint of the last bytes, for the log
    struct Left {
        std::string whom, why;
    };
    std::map<std::uint64_t, Left> left; ///< for whom the byte at which one was left is still to come, for the log
    std::vector<std::string> tried;     ///< what came back, a line each
    std::set<EndpointId> contributors;  ///< those whose bytes are here
    struct Dissent {
        enum class Of : bool { bytes, size };
        EndpointId who;
        Of of;
        std::string words;
    };
    std::vector<Dissent> dissents; ///< sent, or announced, something else than what was here: one of the two is wrong
    struct End {
        EndpointId who; ///< answered
        std::uint64_t offset, size, checksum;
    };
    std::vector<End> ends; ///< what each sent at the first look
};

class Ride final : private Leg::Rider {
  public:
    using Clock = std::chrono::steady_clock;

    /// Hears of it inside the ride's own turns; may destroy it in a later turn only.
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void ride_heard_size() = 0;
        /// These bytes belong at `ride.at()`, which moves on afterwards.
        virtual Credit ride_brought(Ride& ride, std::span<const std::byte> bytes, const std::string& source) = 0;
        /// Its answer goes on beyond its segment: whether it is to bring that too (ride.extend has been called).
        virtual bool ride_runs_on(Ride& ride) = 0;
        /// Everything of its segment is here.
        virtual void ride_arrived(Ride& ride) = 0;
        /// Nobody may be asked for the rest, or, where it does not lead, the one who brought it has failed.
        virtual void ride_stranded(Ride& ride) = 0;
        /// Whether its next byte is the one that the readers wait for.
        virtual bool leads(const Ride& ride) const = 0;
        /// How long they have waited.
        virtual Clock::duration silence(Clock::time_point now) const = 0;
        /// An answer is under way that brings for longer than a client waits what is here already.
        virtual void ride_passes_over(Ride& ride) = 0;
        /// The bytes that lie before the ride's next one; `went_on` follows.
        virtual void read_before(Ride& ride, std::uint64_t size) = 0;
    };

    /// `follows_on`: there are bytes before its first one to compare with, as after a failure.
    Ride(Errand& errand, Owner& owner, Segment segment, bool follows_on);
    ~Ride() override;
    Ride(const Ride&) = delete;
    Ride& operator=(const Ride&) = delete;

    /// Asks one endpoint more: the best that is left.
    void ask();
    /// Asks this one, if it may be asked now; else the ride is stranded.
    void ask(std::size_t contender);
    void went_on(std::shared_ptr<const std::string> before);
    /// Looks after what is late. When to look again: next_look().
    void tick(Clock::time_point now);
    Clock::time_point next_look(Clock::time_point now) const;
    void resume();
    /// Gives up all its legs; it can only be destroyed afterwards.
    void abandon();

    std::uint64_t at() const { return at_; } ///< the first byte that is missing
    const Segment& segment() const { return segment_; }
    std::uint64_t left() const { return segment_.end - at_; }
    /// The end moves, but not before at().
    void shorten(std::uint64_t end);
    void extend(std::uint64_t end) { segment_.end = end; }

    bool over() const { return over_; } ///< arrived, stranded or abandoned
    bool flows() const { return ridden_ != nullptr; }
    bool compares() const { return follows_on_ && !ridden_; } ///< the next answer with what lies before it
    /// Bytes per second: of the leg that is ridden, else 0.
    double rate(Clock::time_point now) const { return ridden_ ? ridden_->bytes_per_second(now) : 0; }
    /// Its bytes come faster than we take them: they wait in our socket, and would be lost with the connection.
    bool overtakes_us() const;
    /// Whether it has had the time to show how fast it is.
    bool judged(Clock::time_point now) const;
    bool rides_with(std::size_t contender) const;
    /// Contenders that pointed to one without room a moment ago.
    std::vector<std::size_t> not_now() const;
    std::vector<std::string> asking() const; ///< those whose first byte is waited for

  private:
    struct Mount {
        std::size_t contender;
        std::unique_ptr<Leg> leg;
    };

    void leg_heard(Leg& leg, const Head& head) override;
    Credit leg_brought(Leg& leg, std::span<const std::byte> bytes) override;
    void leg_ended(Leg& leg, std::optional<Rejection> why) override;

    bool may_ask() const;
    bool bounded() const;
    void begin_leg(std::size_t contender, Attempt attempt);
    void ride(Leg& leg);
    void failed(Leg& leg, const Rejection& why);
    std::vector<Mount>::iterator mount_of(const Leg& leg);
    Mount dismiss(const Leg& leg);
    void take_size(const Leg& leg);
    void leave(const Leg& leg, const std::string& why);
    void abandon_but(const Leg* one);
    bool must_read() const;
    bool passes_over() const;
    void strand();

    Errand& errand_;
    Owner& owner_;
    Segment segment_;
    std::uint64_t at_;
    bool follows_on_;
    std::vector<Mount> legs_;
    Leg* ridden_ = nullptr;                          // whose bytes are taken
    std::vector<unsigned> asked_;                    // by contender
    std::map<std::size_t, Clock::time_point> later_; // contenders that point to one that has no room until then
    std::shared_ptr<const std::string> before_;      // what the next answer is compared with
    bool reading_ = false;                           // for that
    std::optional<std::size_t> first_;               // to be asked before all others
    bool paused_ = false;
    bool over_ = false;
    Clock::time_point since_ = Clock::now(); // it asks, or, once it is ridden, brings bytes
    Clock::time_point ask_again_{};          // while no leg brings bytes
};

} // namespace yizhan
