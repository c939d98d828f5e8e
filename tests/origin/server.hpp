// One mirror: a listening address, what it serves, how it misbehaves, and the record of what it saw.
#pragma once

#include "tests/origin/authority.hpp"
#include "tests/origin/behaviour.hpp"
#include "tests/origin/descriptor.hpp"
#include "tests/origin/gates.hpp"
#include "tests/origin/pace.hpp"
#include "tests/origin/record.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace yizhan::origin {

class Wire;

struct ServerOptions {
    std::string address = "127.0.0.1"; ///< any of 127.0.0.0/8, or "::1"
    std::uint16_t port = 0;            ///< 0: one that is free
    const Authority* tls = nullptr;    ///< set: https, with a certificate from this authority
    Certificate certificate = Certificate::good;
    std::uint64_t rate = 0;             ///< bytes of bodies per second, all connections together; 0: no limit
    std::uint64_t connection_rate = 0;  ///< likewise for each connection
    std::chrono::milliseconds delay{0}; ///< before every answer, for the distance of a real mirror
};

/// Serves from its construction to its destruction, one thread per connection. All members: any thread, any time.
class Server {
  public:
    /// Throws std::system_error where the address cannot be had.
    Server(Gates& gates, ServerOptions options = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    const std::string& address() const { return options_.address; }
    std::uint16_t port() const { return port_; }
    std::string origin() const; ///< "http://127.0.0.1:4711"
    std::string url(std::string_view path) const { return origin() + std::string(path); }

    /// What is honestly under `path` (percent-decoded; replaces what was there). A path that ends in '*' stands for all
    /// that start so and have nothing of their own. Everything else is 404.
    void serve(std::string path, Resource resource);
    void remove(const std::string& path);

    /// Answers of the test's own making, for paths that start with `prefix`; called on connection threads.
    using Handler = std::function<Resource(const Exchange&)>;
    void handle(const std::string& prefix, Handler handler);

    /// Bends the answers under `path`: a path, a prefix ('*' as above; "*" alone for everything), or a file name (no
    /// leading slash), which stands for all paths that end so. Of several that fit a request the one set last counts.
    void misbehave(std::string path, Behaviour behaviour, When when = {});

    /// Takes all behaviours of this path back; answers under way keep theirs.
    void behave(const std::string& path);
    void behave();

    /// From now on connections are refused (RST to SYN) and those that stand are closed, as when a mirror's process
    /// dies. The port stays taken.
    void refuse();

    /// From now on SYNs get no answer, as behind a firewall that drops them.
    void black_hole();

    /// After refuse() or black_hole(): as before.
    void listen();

    /// Lets connections be accepted, and nothing else happen on them: no TLS, no answer.
    void mute(bool on) { mute_ = on; }

    /// Bytes of bodies per second from now on, for answers under way too; 0: no limit.
    void set_rate(std::uint64_t rate) { pace_.set_rate(rate); }

    Record& record() { return record_; }

  private:
    struct Rule {
        std::string path;
        Behaviour behaviour;
        When when;
        unsigned seen = 0;
    };
    struct Connection {
        std::jthread thread;
        std::atomic<bool> done = false;
    };

    Descriptor bind_socket(bool listening);
    void start_accepting();
    void stop_accepting();
    void accept_connections();
    void reap();
    void drop_connections();
    void run_connection(Wire& wire, std::uint64_t number);
    bool answer(Wire& wire, const Exchange& request, Pace& pace);
    std::pair<Resource, Behaviour> choose(const Exchange& request);
    Resource find(const Exchange& request);

    Gates& gates_;
    ServerOptions options_;
    std::uint16_t port_ = 0;
    std::shared_ptr<ssl_ctx_st> tls_;
    Pace pace_;
    Record record_;
    std::atomic<bool> mute_ = false;

    std::mutex mutex_; ///< guards the maps and rules below
    std::map<std::string, Resource> resources_;
    std::map<std::string, Handler> handlers_;
    std::list<Rule> rules_;

    std::mutex control_; ///< one of listen, refuse, black_hole at a time
    Descriptor listener_, stop_accept_ = make_event(), stop_connections_ = make_event();
    std::vector<Descriptor> plugs_;     ///< connections that fill a black hole's backlog
    std::list<Connection> connections_; ///< touched by the accepting thread, and by others while it is stopped
    std::uint64_t next_connection_ = 1;
    std::jthread acceptor_;
};

} // namespace yizhan::origin
