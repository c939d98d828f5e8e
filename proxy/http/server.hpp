// The client side as a whole: listeners, one thread per core, and how they come to an end.
#pragma once

#include "config/error.hpp"
#include "config/settings.hpp"
#include "proxy/http/connection.hpp"
#include "proxy/http/core.hpp"
#include "proxy/http/listener.hpp"
#include "proxy/http/message.hpp"
#include "proxy/http/peers.hpp"

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace yizhan {

/// Order of life: the handler, the disk pool, and whatever hands streams to the handler outlive the server, but must no
/// longer post to its cores when it is destroyed: after run() has returned, stop the relay's thread and join the disk
/// pool, then destroy the server, then the rest.
class Server {
  public:
    struct Options {
        asio::thread_pool& disk;                       ///< for reads that the page cache cannot answer
        std::shared_ptr<spdlog::logger> access_logger; ///< null: no access log; see make_access_logger()
        FileMode file_mode = FileMode::sendfile;
    };

    Server(const Settings& settings, Handler& handler, Options options);
    /// As above with limits that settings do not have, for tests.
    Server(const Settings& settings, const ConnectionLimits& limits, Handler& handler, Options options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds the addresses of the settings, or takes the sockets that systemd passed; raises the limit of open files;
    /// ignores SIGPIPE. Returns what was bound, with real ports. Connections queue until run().
    Result<std::vector<std::string>> listen();

    /// Serves until drained or stopped; the calling thread is one of the cores.
    void run();

    /// Stops accepting, closes idle connections, lets responses under way finish with "Connection: close", cuts what is
    /// left after http.drain_timeout; then run() returns. Any thread, any number of times, also before run().
    void drain();
    /// Ends at once; responses under way are cut. Any thread.
    void stop();

    std::size_t cores() const { return cores_.size(); }
    /// The context of a core, for signals, timers and the like; 0 is the listener's.
    asio::io_context& context(std::size_t core) { return cores_[core]->context(); }
    std::size_t connections() const { return peers_.count(); }

  private:
    void hand_on(Accepted accepted);
    void begin_drain();
    void core_drained();

    Settings settings_;
    ConnectionContext connection_context_;
    Peers peers_; // outlives the cores: connections give their seats back
    std::vector<std::unique_ptr<Core>> cores_;
    std::unique_ptr<Listener> listener_;
    std::size_t next_core_ = 0;
    bool draining_ = false; // the listener's thread
    std::atomic<std::size_t> drained_cores_ = 0;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
    std::unique_ptr<Timer> drain_timer_;
};

/// The part of the settings that a connection obeys.
ConnectionLimits limits_of(const Settings& settings);

} // namespace yizhan
