// A curl multi handle driven by one io_context: curl says which sockets and which timer it waits for, Asio waits.
// Everything happens on the thread that runs the io_context.
#pragma once

#include "proxy/task.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

namespace yizhan {

class CurlMulti {
  public:
    /// `finished` is called for every transfer that curl has ended, already removed from the multi handle, and never
    /// from inside a curl function.
    using Finished = std::function<void(CURL*, CURLcode)>;
    CurlMulti(asio::io_context& io, Finished finished);
    ~CurlMulti();
    CurlMulti(const CurlMulti&) = delete;
    CurlMulti& operator=(const CurlMulti&) = delete;

    /// Sets the callbacks that an easy handle needs to live here; before add().
    void prepare(CURL* easy);
    void add(CURL* easy);
    /// Takes a transfer out at once; `finished` is not called for it.
    void remove(CURL* easy);
    /// Lets curl look at its transfers again, after one was unpaused.
    void kick();
    /// Bytes that have come for this transfer and wait in its socket for us; none where they wait for more of them.
    std::uint64_t unread(const CURL* easy) const;

  private:
    // One socket of curl's. The descriptor never owns the file descriptor: curl closes its own.
    struct Watch {
        Watch(asio::io_context& io, int fd) : descriptor(io, fd), look(io) {}
        asio::posix::stream_descriptor descriptor;
        asio::steady_timer look; // after a stream that we are not woken for at once
        std::chrono::steady_clock::time_point read_at{};
        int wakes_for = 1; // bytes
        bool looked_after = false;
        const CURL* easy = nullptr; // the transfer that uses it now, or one of them; null once that has ended
        int wanted = 0;
        bool reading = false, writing = false, dead = false;
    };
    using Watches = std::unordered_map<curl_socket_t, std::shared_ptr<Watch>>;

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    static int on_close(void* self, curl_socket_t socket);
    void arm(const std::shared_ptr<Watch>& watch);
    void fire(const std::shared_ptr<Watch>& watch, error_code ec, int action, int wanted);
    void read(Watch& watch, int action);
    static void wake_for(Watch& watch, std::uint64_t bytes);
    void look_after(const std::shared_ptr<Watch>& watch);
    void forget(const CURL* easy);
    void drop(Watches::iterator at);
    void act(curl_socket_t socket, int action);

    asio::io_context& io_;
    asio::steady_timer timer_;
    std::shared_ptr<std::uint64_t> kicks_ = std::make_shared<std::uint64_t>(0); // what curl last asked for; outlives us
    Finished finished_;
    Watches watches_;
    CURLM* multi_;
};

} // namespace yizhan
