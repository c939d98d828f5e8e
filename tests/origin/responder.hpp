// One answer on one connection: the resource, bent by a behaviour, written byte by byte as the script says.
#pragma once

#include "tests/origin/behaviour.hpp"
#include "tests/origin/gates.hpp"
#include "tests/origin/pace.hpp"
#include "tests/origin/record.hpp"
#include "tests/origin/wire.hpp"

#include <functional>
#include <string>

namespace yizhan::origin {

/// Lives for one exchange, on its connection's thread.
class Responder {
  public:
    struct Room {
        Wire& wire;
        Gates& gates;
        Pace& server_pace; ///< shared with the server's other connections
        Pace& connection_pace;
        Record& record;
        std::uint64_t exchange; ///< its number in the record
    };

    Responder(const Room& room, const Exchange& request, const Resource& resource, const Behaviour& behaviour);

    enum class Next { keep_alive, close };

    /// Answers, and notes in the record what became of it. On `close` the wire is finished or reset already.
    Next run();

  private:
    using Action = Behaviour::Action;
    using Framing = Behaviour::Framing;

    void bend_body();
    void choose_range();
    void set_range(std::uint64_t first, std::uint64_t last);
    void add_length();
    std::string head_text() const;
    bool send_head();
    bool send_body();
    bool act(const Behaviour::Event& event);
    bool wait_gate(const std::string& gate);
    bool send_block(std::uint64_t position, std::uint64_t count);
    bool pace(std::uint64_t count);
    void end(Outcome outcome);
    bool cut(bool by_reset);
    bool peer_gone();

    Room room_;
    const Exchange& request_;
    const Behaviour& behaviour_;
    const Resource& resource_; ///< after `instead` and content negotiation
    Body body_;
    unsigned status_;
    Fields fields_;
    Framing framing_;
    std::uint64_t first_ = 0, count_ = 0; ///< what of body_ is sent
    Pace own_pace_;
    std::uint64_t drip_bytes_ = 0;
    std::chrono::milliseconds drip_interval_{0};
    std::string block_;
};

} // namespace yizhan::origin
