// Many raw connections at once, from loopback addresses of their own, so that limits per client tell them apart.
#pragma once

#include "tests/origin/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan::integration {

/// Lets this process have as many descriptors as the system allows it.
void raise_descriptor_limit();

/// Connections that one thread drives together. None of its calls waits for a peer, but for connecting and where it
/// says so; a connection that the peer has closed counts as ended and is left alone.
class Crowd {
  public:
    /// Opens `count` connections to 127.0.0.1:`port` from the loopback address `from`. `receive_buffer`: bytes that
    /// their kernel takes without being read; 0: its default. Throws std::system_error.
    Crowd(std::uint16_t port, std::size_t count, const std::string& from, int receive_buffer = 0);

    std::size_t size() const { return members_.size(); }

    /// The same bytes on every connection that has not ended, as far as they fit into its buffer.
    void send(std::string_view bytes);

    /// Takes up to `most` bytes from each connection.
    void receive(std::size_t most);

    /// Takes what comes on all of them until each has ended, or `patience` is over. True: all have.
    bool wait_ended(std::chrono::milliseconds patience);

    /// Takes what comes until each has ended or received at least `bytes`, or `patience` is over. True: all have.
    bool wait_received(std::size_t bytes, std::chrono::milliseconds patience);

    std::size_t ended() const;
    /// How many have received a text that begins so.
    std::size_t heard(std::string_view beginning) const;

  private:
    struct Member {
        origin::Descriptor socket;
        std::string received; ///< up to 4 KiB of it
        bool ended = false;
    };
    template <class Done>
    bool wait(const Done& done, std::chrono::milliseconds patience);

    std::vector<Member> members_;
};

} // namespace yizhan::integration
