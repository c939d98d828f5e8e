// How one answer departs from what the resource says: where it is cut, stalled, slowed down, or made to lie.
// Offsets of cuts, stalls and rates count body bytes of this response from 0, whatever range it carries; offsets of
// flips count bytes of the object, so that every range of a damaged file shows the same damage.
#pragma once

#include "tests/origin/resource.hpp"

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace yizhan::origin {

/// A place in a run of bytes: from its start, from its end, or in percent of it.
class Offset {
  public:
    /// From the start; negative counts back from the end: -1 is before the last byte.
    Offset(std::int64_t bytes) : value_(bytes) {} // implicit: offsets are written as plain numbers
    static Offset percent(unsigned of_hundred);
    /// Past the last byte.
    static Offset end() { return percent(100); }

    /// In a run of `size` bytes; clamped to 0 … size.
    std::uint64_t in(std::uint64_t size) const;

    /// As a script writes it: "50", "-1", "50%".
    friend std::ostream& operator<<(std::ostream& out, const Offset& offset);

  private:
    std::int64_t value_;
    bool percent_ = false;
};

/// Built by chaining: `Behaviour().ignore_range().stall(Offset::percent(50), "half")`.
class Behaviour {
  public:
    // What is said instead.
    Behaviour& instead(Resource resource);        ///< another resource, in every respect
    Behaviour& raw(std::string bytes);            ///< these bytes and nothing else, then FIN
    Behaviour& lie(std::uint64_t seed);           ///< other (random) bytes of the same size
    Behaviour& flip(Offset at, unsigned bit = 0); ///< one bit of the object
    Behaviour& append(std::string bytes);         ///< after the body, outside of its declared length

    // The head.
    Behaviour& declare_length(std::uint64_t bytes); ///< a Content-Length that is not true
    Behaviour& chunked();
    Behaviour& until_close(); ///< no length: the body ends with the connection
    Behaviour& add_field(std::string name, std::string value);
    Behaviour& add_line(std::string line); ///< verbatim before the empty line; its own line end is up to you
    Behaviour& drop_field(std::string name);

    // Ranges.
    Behaviour& ignore_range();                  ///< 200 with everything
    Behaviour& refuse_range();                  ///< 416
    Behaviour& shift_range(std::int64_t bytes); ///< a 206 that starts elsewhere, and says so
    Behaviour& claim_total(std::uint64_t size); ///< a 206 whose Content-Range names another total
    Behaviour& ignore_conditions();             ///< If-None-Match and If-Range are not read

    // Time. In order of their offsets; of several at one offset, in the order given.
    Behaviour& stall_head(std::string gate); ///< nothing at all until the gate opens
    Behaviour& delay(std::chrono::milliseconds time);
    Behaviour& cut_head(std::uint64_t bytes);   ///< FIN after so many bytes of the head
    Behaviour& reset_head(std::uint64_t bytes); ///< RST likewise
    Behaviour& cut(Offset at);                  ///< FIN before the byte at this offset
    Behaviour& reset(Offset at);                ///< RST likewise, after the peer acknowledged what came before
    Behaviour& stall(Offset at, std::string gate);
    Behaviour& pause(Offset at, std::chrono::milliseconds time);
    Behaviour& rate(Offset at, std::uint64_t bytes_per_second); ///< from here on; 0 means no limit
    Behaviour& drip(Offset at, std::uint64_t bytes, std::chrono::milliseconds interval); ///< from here on

  private:
    friend class Responder;
    enum class Framing { length, chunked, close };
    enum class Action { cut, reset, stall, pause, rate, drip };
    struct Event {
        Offset at;
        Action action;
        std::uint64_t amount = 0;
        std::chrono::milliseconds time{0};
        std::string gate;
    };
    struct Flip {
        Offset at;
        unsigned bit;
    };
    struct HeadCut {
        std::uint64_t bytes;
        bool reset;
    };

    std::optional<Resource> instead_;
    std::optional<std::string> raw_;
    std::optional<std::uint64_t> lie_, declared_length_, claimed_total_;
    std::vector<Flip> flips_;
    std::string append_, head_gate_;
    Framing framing_ = Framing::length;
    Fields added_;
    std::vector<std::string> lines_, dropped_;
    bool ignore_range_ = false, refuse_range_ = false, ignore_conditions_ = false;
    std::int64_t shift_ = 0;
    std::chrono::milliseconds delay_{0};
    std::optional<HeadCut> head_cut_;
    std::vector<Event> events_;
};

/// Which requests for a path a behaviour is for. All that is set must hold.
struct When {
    unsigned first = 1; ///< the n-th request that fits the rest, counted from 1 since the behaviour was set
    unsigned count = std::numeric_limits<unsigned>::max();
    std::string method{};     ///< empty: any
    std::string field{};      ///< this request field …
    std::string containing{}; ///< … has this in its value
};

/// Only the n-th request from now on.
inline When nth(unsigned number) {
    return {.first = number, .count = 1};
}

} // namespace yizhan::origin
