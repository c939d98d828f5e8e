// The standalone origin's door for test programs in other languages: a small HTTP interface on a port of its own.
//
//   GET  /status                               what `describe` says
//   GET  /record[?server=NAME][&path=PATH]     the exchanges so far, and connections, by server
//   GET  /wait?server=NAME&path=PATH&requests=N[&seconds=20]     answers once so many requests are in
//   GET  /wait?server=NAME&path=PATH&sent=N[&seconds=20]         … so many body bytes of one answer are out
//   GET  /wait?gate=NAME&arrivals=N[&seconds=20]                 … so many answers stand at the gate
//   GET  /open?gate=NAME, /close?gate=NAME
//   POST /script                               runs the lines of the body (script.hpp)
//
// Answers are JSON; a failed wait is {"reached": false}, a mistake 400 with the reason as text.
#pragma once

#include "tests/origin/farm.hpp"

#include <mutex>
#include <string>

namespace yizhan::origin {

/// Addresses, certificate and files of a farm as one line of JSON:
/// {"servers": {NAME: {"url", "address", "port"}}, "files": {FILE: {"path", "plain_path", "size", "sha256"}}, "ca":
/// PEM}.
std::string describe(Farm& farm);

/// Serves from construction to destruction; `farm` outlives it.
class Control {
  public:
    explicit Control(Farm& farm);

    std::string url() const { return server_.origin(); }
    std::uint16_t port() const { return server_.port(); }

  private:
    Resource answer(const Exchange& request);

    Farm& farm_;
    std::mutex script_; ///< one script at a time: a farm is built by one thread
    Gates gates_;
    Server server_;
};

} // namespace yizhan::origin
