// All who ride for one object: one brings the next bytes that the readers wait for; where the object is large and
// several independent mirrors have it, others bring what is further on, and whoever is done helps the slowest. Relay
// thread only.
#pragma once

#include "proxy/relay/intake.hpp"
#include "proxy/relay/ride.hpp"
#include "proxy/relay/segments.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace yizhan {

class Couriers final : public std::enable_shared_from_this<Couriers>, private Ride::Owner {
  public:
    /// Hears nothing after `stop`.
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void couriers_heard_size() = 0;
        /// Everything has been brought, and added to the intake.
        virtual void couriers_done() = 0;
        /// Nobody is left who may be asked for the next byte.
        virtual void couriers_stranded() = 0;
        /// An answer brings for longer than a client waits what is here already; called again while it does.
        virtual void couriers_pass_over() = 0;
    };

    /// All three must outlive it, or its stop().
    Couriers(Errand& errand, Intake& intake, Owner& owner);

    /// From where the intake stands.
    void start();
    /// The disk is full: one courier only, from where the intake stands.
    void start_in_order();
    /// This one is asked no more, and nobody is compared with what it sent.
    void leave(std::size_t contender);
    /// These bytes are missing again.
    void bring_again(const Extents& missing);
    /// There is room again for what was paused.
    void resume();
    void stop();

    /// Since the last byte that the readers waited for, or the start, or the end of a pause.
    Ride::Clock::duration silence(Ride::Clock::time_point now) const override { return now - advanced_; }
    bool split() const;                                         ///< whether several bring it, or may
    double bytes_per_second(Ride::Clock::time_point now) const; ///< of all together
    std::vector<std::string> asking() const;
    unsigned flowing() const;

  private:
    using Clock = Ride::Clock;

    void ride_heard_size() override;
    Credit ride_brought(Ride& ride, std::span<const std::byte> bytes, const std::string& source) override;
    bool ride_runs_on(Ride& ride) override;
    void ride_arrived(Ride& ride) override;
    void ride_stranded(Ride& ride) override;
    bool leads(const Ride& ride) const override { return ride.at() == intake_.front(); }
    void ride_passes_over(Ride&) override { owner_.couriers_pass_over(); }
    void read_before(Ride& ride, std::uint64_t size) override;

    void wait_for_room();
    void want_turn();
    void turn();
    void drive();
    Ride& add_ride(Segment segment, bool follows_on);
    void lead();
    bool call_helper(Clock::time_point now);
    std::optional<Segment> steal_for(std::size_t helper, Clock::time_point now);
    std::uint64_t length_for(double rate, Clock::time_point now) const;
    void schedule();
    void tick();

    Errand& errand_;
    Intake& intake_;
    Owner& owner_;
    Segments segments_;
    std::vector<std::shared_ptr<Ride>> rides_;
    std::set<std::uint64_t> broken_;    // where somebody stopped in the middle: whoever goes on there is compared
    std::set<std::uint64_t> handed_on_; // where a segment begins whose first request was given up for another one's
    std::set<std::size_t> declined_;    // helpers that could not be asked after all; forgotten once a second or so
    bool in_order_ = false;
    bool leaderless_ = false; // nobody may be asked for the next byte, as it turned out; others may bring it yet
    bool turn_wanted_ = false;
    bool stopped_ = false;
    Clock::time_point advanced_ = Clock::now();
    asio::steady_timer tick_;
};

} // namespace yizhan
