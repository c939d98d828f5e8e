// Before the first byte of a large object leaves: do two families have the same one? Their first and last 64 KiB are
// compared, and where they differ a third one, or the root, says which of them is left out. So a mirror that has
// another file altogether costs nobody a cut download. An archive's name tells more: whoever has none at the ends is
// left out, however many they are, where anybody has one. Where they agree the other families are asked too, for which
// no reader waits; nor for answers that are later than is set, over a wide network, but they are weighed as well. Relay
// thread only.
#pragma once

#include "proxy/relay/ride.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

class FirstLook final : public std::enable_shared_from_this<FirstLook>, private Leg::Rider {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        /// Readers have waited long enough; it goes on without them. At most once.
        virtual void first_look_waited() = 0;
        /// Once, last. `liars`: the contenders that were left out, by index; they are noted as dissenters.
        virtual void first_look_ended(const std::vector<std::size_t>& liars) = 0;
    };

    /// Both references must outlive it, or its stop().
    FirstLook(Errand& errand, Owner& owner);

    /// False where there are no two families to ask.
    bool start();
    /// What was answered in full by then stays in Errand::ends.
    void stop();

  private:
    /// What one endpoint has of both ends.
    struct Witness {
        std::size_t contender = 0;
        std::string parts[2];
        std::optional<EndpointId> from[2]; ///< who answered, where the one that was asked only points to another
        bool answered(std::uint64_t size) const { return parts[0].size() == size && parts[1].size() == size; }
    };
    struct Question {
        std::size_t witness = 0, part = 0;
        std::unique_ptr<Leg> leg;
    };

    void leg_heard(Leg& leg, const Head& head) override;
    Credit leg_brought(Leg& leg, std::span<const std::byte> bytes) override;
    void leg_ended(Leg& leg, std::optional<Rejection> why) override;

    std::optional<std::size_t> another_family() const;
    bool ask(std::size_t contender);
    void wait(std::chrono::milliseconds patience);
    void waited();
    void abandon_questions();
    void weigh();
    std::optional<std::size_t> believed() const;
    bool ask_all_others();
    using Liars = std::map<std::size_t, std::string_view>; // contender → why
    void end(const Liars& liars);
    bool fits(const Witness& witness) const;
    bool same(const Witness& a, const Witness& b) const;
    void leave_one_of_each_source();
    bool in_time() const;

    Errand& errand_;
    Owner& owner_;
    std::set<std::string> asked_; // families
    std::vector<Witness> witnesses_;
    std::vector<Question> questions_;
    std::map<std::size_t, std::set<EndpointId>> answered_; // contender → who did
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    asio::steady_timer patience_;
    bool misfits_ = false; // somebody has what the file's name does not promise: readers wait until all have been heard
    bool late_ = false;    // nobody waits for it any more
    bool over_ = false;
};

} // namespace yizhan
