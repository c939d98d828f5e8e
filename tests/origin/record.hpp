// What a server has received and sent so far, to be asked while it runs. Any thread.
#pragma once

#include "tests/origin/resource.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan::origin {

enum class Outcome {
    under_way,
    complete,  ///< sent to its end
    cut,       ///< ended early by the script
    peer_left, ///< the client closed or reset first
    stopped,   ///< the server was shut down meanwhile
};

std::string_view name(Outcome outcome);

/// One request and what became of its answer.
struct Exchange {
    std::uint64_t connection = 0; ///< counted from 1 per server
    std::string method;
    std::string target;              ///< as received
    std::string path;                ///< without query, percent-decoded once
    Fields fields;                   ///< as received
    std::string content;             ///< a request body, where there was one
    unsigned status = 0;             ///< 0 until the head is about to be sent
    std::uint64_t offset = 0;        ///< of the first body byte in the object (a 206)
    std::uint64_t sent = 0;          ///< body bytes handed to the socket; wait_idle() before comparing sums
    std::chrono::milliseconds at{0}; ///< since the server started
    Outcome outcome = Outcome::under_way;
    std::chrono::milliseconds ended{0}; ///< likewise; 0 while it is under way
};

class Record {
  public:
    /// Every exchange so far, in the order of the requests.
    std::vector<Exchange> all() const;

    /// Those for this path (decoded, exact), or for paths that end in `path` where it has no leading slash (a file
    /// name).
    std::vector<Exchange> of(std::string_view path, std::string_view method = {}) const;

    std::size_t count(std::string_view path, std::string_view method = {}) const { return of(path, method).size(); }
    std::size_t size() const;

    /// Body bytes sent for this path, all exchanges together.
    std::uint64_t bytes(std::string_view path) const;

    unsigned connections() const;      ///< accepted so far
    unsigned open_connections() const; ///< now
    unsigned most_connections() const; ///< open at the same time

    /// Blocks until `holds` is true of the exchanges; false after `patience`.
    bool wait(const std::function<bool(const std::vector<Exchange>&)>& holds,
              std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

    /// Until `count` requests for `path` are in.
    bool wait_requests(std::string_view path, std::size_t count,
                       std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

    /// Until some response for `path` has had `bytes` of its body handed to the socket. The peer's kernel may hold the
    /// last few hundred kilobytes of them.
    bool wait_sent(std::string_view path, std::uint64_t bytes,
                   std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

    /// Until no exchange is under way.
    bool wait_idle(std::chrono::milliseconds patience = std::chrono::seconds(20)) const;

    /// Forgets finished exchanges; those under way stay.
    void clear();

    // The server's side. An exchange is known by its number.
    std::uint64_t begin(Exchange exchange);
    void update(std::uint64_t number, const std::function<void(Exchange&)>& change);
    void connection_opened();
    void connection_closed();

  private:
    std::chrono::milliseconds now() const;

    struct Entry {
        std::uint64_t number;
        Exchange exchange;
    };
    std::vector<Exchange> snapshot() const; ///< with the lock held

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<Entry> entries_;
    std::uint64_t next_ = 1;
    unsigned connections_ = 0, open_ = 0, most_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace yizhan::origin
