#include "proxy/relay/curl_multi.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yizhan {
namespace {

using Clock = std::chrono::steady_clock;

// A line of 1 Gbit/s wakes us for every 64 KiB and less, and each time the disk and the client's core after us. Where a
// stream runs so fast and its socket is empty, the kernel is asked to wake us for a good deal only (SO_RCVLOWAT), or
// after a moment. A small file never gets there, and a large one's end is not waited for: what may still come of it
// counts, less a TLS record that is here in part.
constexpr std::uint64_t rushes_after = 1 << 20;  // bytes of an answer
constexpr std::uint64_t rushes_above = 16 << 20; // bytes per second
constexpr std::uint64_t good_deal = 960 << 10;   // with what comes meanwhile two of libcurl's reads, and one write
constexpr std::uint64_t tls_record = 32 << 10;
constexpr std::chrono::milliseconds moment{12};

std::uint64_t downloaded(const CURL* easy) {
    curl_off_t bytes = 0;
    curl_easy_getinfo(const_cast<CURL*>(easy), CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    return static_cast<std::uint64_t>(bytes);
}

// Bytes of the whole body; 0 where nothing tells.
std::uint64_t expected(const CURL* easy) {
    curl_off_t bytes = 0;
    curl_easy_getinfo(const_cast<CURL*>(easy), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
    return bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes);
}

std::uint64_t unread_in(curl_socket_t socket) {
    int waiting = 0;
    return ioctl(socket, FIONREAD, &waiting) == 0 ? static_cast<std::uint64_t>(waiting) : 0;
}

} // namespace

CurlMulti::CurlMulti(asio::io_context& io, Finished finished) : io_(io), timer_(io), finished_(std::move(finished)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    multi_ = curl_multi_init();
    if (!multi_)
        throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlMulti::~CurlMulti() {
    curl_multi_cleanup(multi_); // may ask to be kicked once more
    ++*kicks_;
    while (!watches_.empty())
        drop(watches_.begin());
}

void CurlMulti::prepare(CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void CurlMulti::add(CURL* easy) {
    curl_multi_add_handle(multi_, easy);
}

void CurlMulti::remove(CURL* easy) {
    curl_multi_remove_handle(multi_, easy);
    forget(easy);
}

// Of several transfers on one HTTP/2 connection the one that a watch names may end before the others do.
void CurlMulti::forget(const CURL* easy) {
    for (auto& [socket, watch] : watches_)
        if (watch->easy == easy)
            watch->easy = nullptr;
}

void CurlMulti::kick() {
    act(CURL_SOCKET_TIMEOUT, 0);
}

std::uint64_t CurlMulti::unread(const CURL* easy) const {
    const auto at = std::ranges::find_if(watches_, [easy](const auto& entry) {
        return entry.second->easy == easy && (entry.second->wanted & CURL_POLL_IN);
    });
    if (at == watches_.end())
        return 0;
    const auto waiting = unread_in(at->first);
    return waiting < static_cast<std::uint64_t>(at->second->wakes_for) ? 0 : waiting;
}

int CurlMulti::on_socket(CURL* easy, curl_socket_t socket, int what, void* user, void*) {
    auto& self = *static_cast<CurlMulti*>(user);
    auto at = self.watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (at != self.watches_.end())
            self.drop(at);
        return 0;
    }
    if (at == self.watches_.end())
        at = self.watches_.emplace(socket, std::make_shared<Watch>(self.io_, socket)).first;
    at->second->easy = easy;
    at->second->wanted = what;
    self.arm(at->second);
    return 0;
}

// CURL_POLL_REMOVE may come after the close, and a reused descriptor number would then meet a stale epoll entry: so
// the watch is dropped at the close too (curl issues 14976, 6237).
int CurlMulti::on_close(void* user, curl_socket_t socket) {
    auto& self = *static_cast<CurlMulti*>(user);
    if (const auto at = self.watches_.find(socket); at != self.watches_.end())
        self.drop(at);
    return ::close(socket);
}

void CurlMulti::drop(Watches::iterator at) {
    const auto watch = at->second;
    watch->dead = true;
    wake_for(*watch, 1); // another request may use the connection
    watch->look.cancel();
    watch->descriptor.cancel();
    watch->descriptor.release();
    watches_.erase(at);
}

void CurlMulti::arm(const std::shared_ptr<Watch>& watch) {
    using Descriptor = asio::posix::stream_descriptor;
    if ((watch->wanted & CURL_POLL_IN) && !watch->reading) {
        watch->reading = true;
        watch->descriptor.async_wait(Descriptor::wait_read, [this, watch](error_code ec) {
            watch->reading = false;
            fire(watch, ec, CURL_CSELECT_IN, CURL_POLL_IN);
        });
    }
    if ((watch->wanted & CURL_POLL_OUT) && !watch->writing) {
        watch->writing = true;
        watch->descriptor.async_wait(Descriptor::wait_write, [this, watch](error_code ec) {
            watch->writing = false;
            fire(watch, ec, CURL_CSELECT_OUT, CURL_POLL_OUT);
        });
    }
}

void CurlMulti::fire(const std::shared_ptr<Watch>& watch, error_code ec, int action, int wanted) {
    if (watch->dead || ec == asio::error::operation_aborted || !(watch->wanted & wanted))
        return;
    if (ec)
        action = CURL_CSELECT_ERR;
    if (wanted == CURL_POLL_IN)
        read(*watch, action);
    else
        act(watch->descriptor.native_handle(), action);
    if (watch->dead)
        return;
    if (watch->wakes_for > 1)
        look_after(watch);
    arm(watch);
}

void CurlMulti::read(Watch& watch, int action) {
    const auto socket = watch.descriptor.native_handle();
    wake_for(watch, 1);
    const auto* easy = watch.easy;
    const auto before = easy ? downloaded(easy) : 0;
    act(socket, action);
    if (watch.dead || !easy || watch.easy != easy)
        return;
    const auto now = Clock::now();
    const std::chrono::duration<double> took = now - std::exchange(watch.read_at, now);
    const auto here = downloaded(easy);
    const bool rushes = here > rushes_after && static_cast<double>(here - before) > took.count() * rushes_above;
    const auto whole = expected(easy);
    const auto left = whole - std::min(whole, here + tls_record);
    if (rushes && left > tls_record && unread_in(socket) == 0)
        wake_for(watch, std::min(left, good_deal));
}

void CurlMulti::wake_for(Watch& watch, std::uint64_t bytes) {
    const auto value = static_cast<int>(bytes);
    if (std::exchange(watch.wakes_for, value) != value)
        setsockopt(watch.descriptor.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

// One timer at a time, which nobody sets anew: while good deals come it finds nothing to do.
void CurlMulti::look_after(const std::shared_ptr<Watch>& watch) {
    if (std::exchange(watch->looked_after, true))
        return;
    watch->look.expires_at(watch->read_at + moment);
    watch->look.async_wait([this, watch](error_code) {
        watch->looked_after = false;
        if (watch->dead || watch->wakes_for == 1)
            return;
        if (Clock::now() < watch->read_at + moment)
            return look_after(watch);
        wake_for(*watch, 1); // the kernel wakes us now for what is here
    });
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* user) {
    auto& self = *static_cast<CurlMulti*>(user);
    self.timer_.cancel();
    const auto asked = ++*self.kicks_;
    const auto kick = [&self, kicks = self.kicks_, asked] {
        if (*kicks == asked)
            self.kick();
    };
    if (milliseconds == 0) // with every transfer; curl must not be entered from here, and a timer costs three calls
        asio::post(self.io_, kick);
    if (milliseconds > 0) {
        self.timer_.expires_after(std::chrono::milliseconds(milliseconds));
        self.timer_.async_wait([kick](error_code) { kick(); });
    }
    return 0;
}

void CurlMulti::act(curl_socket_t socket, int action) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, action, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL* easy = message->easy_handle;
        const CURLcode rc = message->data.result; // `message` dies with the removal
        remove(easy);
        finished_(easy, rc);
    }
}

} // namespace yizhan
