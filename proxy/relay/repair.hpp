// Everything is here, and the digest says that it is wrong: which part, and who sent it? Parts are fetched once more
// from other families, a few at a time. Where one differs, it is tried out: one wrong part closes the digest at once.
// Otherwise the majority's bytes stay, those who were alone with theirs are not asked any more, and what they sent is
// looked at first; who was outvoted at the first look counts as such from the start. The digest has the last word, also
// over the majority: where two have said the same about every part and somebody else contradicts them wherever it is
// heard, it has another file altogether, and parts do not help. Where there is no other family, whatever the caller
// suspects is fetched once more from whoever is left, and the digest alone decides. Relay thread only.
#pragma once

#include "proxy/relay/intake.hpp"
#include "proxy/relay/ride.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace yizhan {

class Repair final : public std::enable_shared_from_this<Repair>, private Leg::Rider {
  public:
    /// Hears of it once, in a turn of its own.
    class Owner {
      public:
        virtual ~Owner() = default;
        /// The bytes are right now; `found`: their digests. Who sent wrong ones has been told to the registry.
        virtual void repair_closed(const Digests& found) = 0;
        /// It does not close: everybody has been heard about every part, or parts cannot help.
        virtual void repair_failed() = 0;
    };

    /// Who is asked about a part: the families that have not been heard about it, or, for want of such, whoever is
    /// left, its sender too, but once.
    enum class Whom : bool { others, anybody };

    /// Whether there are others: a family that did not send all of `pieces`.
    static bool possible(const Errand& errand, const std::vector<Piece>& pieces);

    /// `suspects`: who sent what is in doubt: with others, all of the object. All references must outlive it, or its
    /// stop().
    Repair(Errand& errand, Intake& intake, std::vector<Piece> suspects, Whom whom, Owner& owner);

    void start() { drive(); }
    void stop();

    /// Who has the best chance where the majority's bytes are wrong, by EndpointName::key(): who contradicts all of it,
    /// else who was outvoted at the first look, else who stood alone most often (perhaps one to whom others only
    /// point). Empty: nobody.
    std::string lonely() const;
    /// All that anybody was heard to say about any part, what is in the fill included.
    std::vector<Piece> heard() const;

  private:
    /// What somebody sent for a part.
    struct Testimony {
        std::string who; ///< EndpointName::key()
        std::string family;
        std::uint64_t checksum = 0;
    };
    struct Suspect {
        std::uint64_t offset = 0, size = 0;
        std::uint64_t checksum = 0;    ///< of what is in the fill now
        std::vector<Testimony> heard;  ///< the first one sent what was in the fill at first
        std::set<std::string> asked{}; ///< families, which may have pointed to others
        bool busy = false;

        std::uint64_t end() const { return offset + size; }
        std::size_t votes(std::uint64_t what) const;
        bool heard_of(const std::string& family) const; ///< or of one to which it pointed
        bool has_word_of(const std::string& family) const;
        bool disputed() const; ///< as many say the one as say the other
    };
    /// A part being fetched again, or fetched and not weighed yet.
    struct Check {
        std::size_t suspect = 0, witness = 0;
        std::unique_ptr<Leg> leg;
        std::vector<std::byte> bytes;
        std::optional<EndpointId> from{}; ///< who answered, where the witness only points to another
    };

    void leg_heard(Leg& leg, const Head& head) override;
    Credit leg_brought(Leg& leg, std::span<const std::byte> bytes) override;
    void leg_ended(Leg& leg, std::optional<Rejection> why) override;

    struct Sender {
        std::string who, family;
    };
    Sender sender_of(const Check& check) const;

    using Clock = std::chrono::steady_clock;

    void drive();
    bool ask_contradictor();
    bool ask_outvoted();
    bool ask_one(bool struck_too);
    bool asks(std::size_t witness) const;
    bool may_ask(const Contender& contender) const;
    bool has_place(std::size_t witness);
    bool begin(std::size_t suspect, std::size_t witness);
    std::optional<std::size_t> witness_for(const Suspect& suspect, bool struck_too);
    bool speaks_for_the_heard(const Contender& contender, const Suspect& suspect) const;
    std::optional<std::size_t> farthest_unheard(const std::string& family) const;
    void look_again();
    void give_up();
    void ask(std::size_t suspect, std::size_t witness, Attempt attempt);
    void weigh(Check check);
    void try_out(Suspect& suspect, Check check, std::uint64_t checksum, bool stays);
    void put(Suspect& suspect, std::vector<std::byte> bytes, const std::string& who, std::uint64_t checksum);
    void hash(std::function<void()> otherwise);
    unsigned strikes(const std::string& who) const;
    bool struck(const Contender& contender) const;
    void strike_minority(const Suspect& suspect);
    bool only_sender_is_struck(const Suspect& suspect) const;
    bool struck_left() const;
    bool settled() const;
    std::size_t contradicted_by(const Contender& contender) const;
    void tell();

    Errand& errand_;
    Intake& intake_;
    Whom whom_;
    Owner& owner_;
    std::vector<Suspect> suspects_;
    std::vector<std::unique_ptr<Check>> checks_;
    std::deque<Check> unweighed_;                  // came while the digest was looked at
    std::map<std::string, unsigned> strikes_;      // how often somebody was alone with what it said
    bool full_ = false;                            // somebody would be asked, and has no free place
    std::optional<Clock::time_point> stuck_since_; // nobody could be asked, for that reason
    asio::steady_timer again_;                     // for that
    std::string contradictor_;                     // for whose sake it was given up
    unsigned trials_ = 0;
    bool changed_ = false; // since the digest was looked at
    bool owed_ = false;    // a look at the digest, once the struck one's parts are replaced
    bool trying_ = false;
    bool over_ = false;
};

} // namespace yizhan
