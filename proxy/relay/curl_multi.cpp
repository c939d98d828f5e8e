#include "proxy/relay/curl_multi.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <unistd.h>

namespace yizhan {

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
    curl_multi_cleanup(multi_);
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
}

void CurlMulti::kick() {
    act(CURL_SOCKET_TIMEOUT, 0);
}

std::optional<curl_socket_t> CurlMulti::read_from(const CURL* easy) const {
    const auto at = std::ranges::find_if(watches_, [easy](const auto& entry) {
        return entry.second->easy == easy && (entry.second->wanted & CURL_POLL_IN);
    });
    return at == watches_.end() ? std::nullopt : std::optional(at->first);
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
    act(watch->descriptor.native_handle(), ec ? CURL_CSELECT_ERR : action);
    if (!watch->dead)
        arm(watch);
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* user) {
    auto& self = *static_cast<CurlMulti*>(user);
    self.timer_.cancel();
    if (milliseconds < 0)
        return 0;
    self.timer_.expires_after(std::chrono::milliseconds(milliseconds)); // 0 too: curl must not be entered from here
    self.timer_.async_wait([&self](error_code ec) {
        if (!ec)
            self.act(CURL_SOCKET_TIMEOUT, 0);
    });
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
        curl_multi_remove_handle(multi_, easy);
        finished_(easy, rc);
    }
}

} // namespace yizhan
