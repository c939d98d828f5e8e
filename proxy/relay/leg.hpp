// One request for an object's bytes to one endpoint, and its answer: judged at its head and first bytes, compared where
// it overlaps what is here already, watched for stalls, and charged to whoever answered. A courier's ride from one
// station to the next. Relay thread only.
#pragma once

#include "proxy/relay/follow.hpp"
#include "proxy/relay/health/endpoints.hpp"
#include "proxy/relay/judge.hpp"
#include "proxy/relay/object.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace yizhan {

class Leg final : private Sink {
  public:
    /// What is wanted of the object.
    struct Wanted {
        PathKey path;
        std::uint64_t offset = 0;         ///< the first byte that is new
        std::optional<std::uint64_t> end; ///< not to be asked beyond; none: to the object's end
        std::optional<std::uint64_t> size;
        bool whole_too = true; ///< an answer that ignores the range is taken, and its first part passed over
        /// The bytes that end at `offset`: asked for once more, and compared. Empty: none.
        std::shared_ptr<const std::string> before;
        /// If-Range, where nothing but the mirror's own word ties two answers together. Never across endpoints.
        std::string validator;
    };

    /// Whoever rides: hears of the leg in this order, and may destroy it from inside `ended` only.
    class Rider {
      public:
        virtual ~Rider() = default;
        /// The answer is the object, as far as its head tells.
        virtual void leg_heard(Leg& leg, const Head& head) = 0;
        /// New bytes in order, from `Wanted::offset` on; beyond `end` where the answer ignores it.
        virtual Credit leg_brought(Leg& leg, std::span<const std::byte> bytes) = 0;
        /// Once, last: all is here (nothing), or why not.
        virtual void leg_ended(Leg& leg, std::optional<Rejection> why) = 0;
    };

    struct Means {
        Upstream& upstream;
        const NamedOrigins& named;
        unsigned max_redirects;
        Endpoints& endpoints;
    };

    /// Starts at once. `source` must outlive the leg.
    Leg(Means means, const Source& source, Attempt attempt, AddressFamily address, Wanted wanted, Rider& rider);
    ~Leg() override;
    Leg(const Leg&) = delete;
    Leg& operator=(const Leg&) = delete;

    const Source& source() const { return source_; }
    AddressFamily address() const { return address_; }
    EndpointId asked() const { return asked_; }
    /// Who answered, after redirects; valid from the start to the end.
    const EndpointName& charged() const { return attempt_.charged_name(); }
    EndpointId charged_id() const { return attempt_.charged(); }
    bool whole() const { return whole_; }                         ///< the answer is the object and not a part of it
    std::optional<std::uint64_t> total() const { return total_; } ///< the object's size, as its head says
    /// The answer is under way, and what has come of it so far is here already.
    bool passes_over() const { return begins_before_ && received_ == 0 && !rejection_; }

    /// After a pause.
    void resume();
    /// What it has brought is all that is wanted of it: `leg_ended` follows as after the last byte, in a turn of its
    /// own.
    void enough();
    /// Given up by us: nothing is held against it.
    void abandon();
    /// Whether it has stalled, measured against who else could go on. Looked at once a second or so.
    std::optional<Rejection> stalled(const Rivals& rivals, Moment now);
    /// Ends it as failed, and says what that means. Nothing is called any more.
    Meaning fail(const Rejection& rejection, Moment now);
    double bytes_per_second(Moment now) const { return watch_.rate(now); }
    std::uint64_t unread() const { return follow_ ? follow_->unread() : 0; } ///< as Upstream::unread

  private:
    Verdict on_head(const Head& head) override;
    Credit on_bytes(std::span<const std::byte> bytes) override;
    void on_done(Result<Stats> result) override;

    void reject(Rejection rejection);
    std::optional<Rejection> compare(std::span<const std::byte>& bytes);
    void account(Moment now);
    void end(std::optional<Rejection> why);

    Endpoints& endpoints_;
    const Source& source_;
    AddressFamily address_;
    Attempt attempt_;
    EndpointId asked_;
    Wanted wanted_;
    Rider& rider_;
    StallWatch watch_;
    std::unique_ptr<Follow> follow_;
    std::optional<Rejection> rejection_; // why we ended it ourselves
    bool enough_ = false;
    bool whole_ = false;
    bool begins_before_ = false; // what comes first is here already, and dropped or compared
    std::optional<std::uint64_t> total_;
    std::uint64_t skip_ = 0;        // bytes of the answer still to be dropped
    std::uint64_t compared_ = 0;    // of `before`
    std::uint64_t received_ = 0;    // new bytes
    std::uint64_t unaccounted_ = 0; // body bytes since the score last heard of them
    Seconds accounted_at_{0};       // on the watch's clock of active time
};

} // namespace yizhan
