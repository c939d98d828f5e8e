// A raw HTTP/1.1 client for tests: sends exactly the bytes it is given, and notes when each piece of the answer came.
#pragma once

#include "tests/origin/body.hpp"
#include "tests/origin/descriptor.hpp"
#include "tests/origin/resource.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace yizhan::origin {

/// An answer, or how far it got.
struct Reply {
    unsigned status = 0; ///< 0: no head came
    Fields fields;
    std::string body;           ///< what came, up to 64 MiB of it; empty where it was compared instead
    std::uint64_t received = 0; ///< body bytes
    bool complete = false;      ///< the end came as the head had announced it
    bool as_expected = true;    ///< every byte was the one expected (see Client::expect)
    bool was_reset = false;     ///< the connection ended by RST
    bool timed_out = false;
    std::chrono::milliseconds longest_gap{0}; ///< the longest silence, from the request to the last byte
    std::chrono::milliseconds first_byte{0};  ///< from the request to the first body byte

    std::string_view field(std::string_view name) const { return origin::field(fields, name); }
};

/// One connection. Failures of the network end an answer (`complete` is false); failures to connect throw.
class Client {
  public:
    /// How long it waits for the next byte before it gives up; a test that runs into it has failed.
    static constexpr std::chrono::milliseconds default_patience{30'000};

    explicit Client(std::uint16_t port, const std::string& address = "127.0.0.1",
                    std::chrono::milliseconds patience = default_patience);

    /// Any bytes; false when the peer has closed.
    bool send(std::string_view bytes);

    /// One request without a body: "<method> <target> HTTP/1.1", Host, the fields.
    bool request(std::string_view target, const Fields& fields = {}, std::string_view method = "GET");

    /// The body that the next answer should carry, from `offset` on: it is compared as it comes and not kept.
    void expect(Body body, std::uint64_t offset = 0);

    /// Reads up to the end of the head; false when none came whole. Interim (1xx) answers are skipped.
    bool read_head();

    /// Reads on until at least `count` body bytes came in all, or the answer ended; false where it ended before.
    bool read_body(std::uint64_t count);

    /// Reads to the end of the answer.
    Reply finish();

    /// The next answer of several that were asked for in one go: forgets the last one first.
    Reply next();

    /// The answer so far.
    const Reply& reply() const { return reply_; }

    /// request() and finish().
    Reply get(std::string_view target, const Fields& fields = {}, std::string_view method = "GET");

    /// True when the peer has closed and nothing is left to read; waits for that at most `patience`.
    bool closed(std::chrono::milliseconds patience = default_patience);

    /// Leaves at once, by RST where `abruptly`.
    void leave(bool abruptly = false);

  private:
    enum class Framing { none, length, chunked, close };
    using Clock = std::chrono::steady_clock;

    void start_answer();
    bool fill(); ///< more into buffer_; false at the end
    bool parse_head();
    void take(std::string_view bytes);
    bool step(); ///< some progress in the body; false at its end
    bool step_chunk();
    void ended(bool complete);

    Descriptor socket_;
    std::chrono::milliseconds patience_;
    std::string buffer_;
    Reply reply_;
    bool head_request_ = false, head_read_ = false, over_ = false;
    Framing framing_ = Framing::none;
    std::uint64_t left_ = 0; ///< of the body or of the chunk
    bool in_chunk_ = false;
    std::optional<Body> expected_;
    std::uint64_t expected_offset_ = 0;
    Clock::time_point asked_{}, last_{};
};

/// One GET on a connection of its own, closed afterwards.
Reply fetch(std::uint16_t port, std::string_view target, const Fields& fields = {}, std::string_view method = "GET");

} // namespace yizhan::origin
