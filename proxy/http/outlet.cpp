#include "proxy/http/outlet.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace yizhan {

void Outlet::begin(std::string_view head) {
    head_ = head;
    head_size_ = head.size();
    begun_at_ = sent_;
}

Outlet::Sent Outlet::try_send(std::string_view bytes, bool more) {
    // sendmsg does not write through the vectors; POSIX merely shares the type with recvmsg.
    std::array<iovec, 2> parts{iovec{const_cast<char*>(head_.data()), head_.size()},
                               iovec{const_cast<char*>(bytes.data()), bytes.size()}};
    msghdr message{};
    message.msg_iov = head_.empty() ? &parts[1] : parts.data();
    message.msg_iovlen = head_.empty() || bytes.empty() ? 1 : 2;
    ssize_t sent = 0;
    do
        sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return {};
    if (sent < 0)
        return {.bytes = 0, .error = error_code(errno, boost::system::system_category())};
    sent_ += static_cast<std::uint64_t>(sent);
    const auto of_head = std::min(static_cast<std::size_t>(sent), head_.size());
    head_.remove_prefix(of_head);
    return {.bytes = static_cast<std::size_t>(sent) - of_head, .error = {}};
}

Result<std::uint64_t> Outlet::try_sendfile(int fd, std::uint64_t offset, std::uint64_t size) {
    auto at = static_cast<off_t>(offset);
    ssize_t sent = 0;
    do
        sent = ::sendfile(socket_.native_handle(), fd, &at, size);
    while (sent < 0 && errno == EINTR);
    if (sent == 0)
        return fail(Errc::io, "a stored file is shorter than it was");
    if (sent < 0 && (errno == EIO || errno == EINVAL || errno == EBADF))
        return fail_errno("sending a stored file", errno);
    if (sent < 0 && errno != EAGAIN)
        return client_left(error_code(errno, boost::system::system_category()));
    const auto bytes = sent < 0 ? 0 : static_cast<std::uint64_t>(sent);
    sent_ += bytes;
    return bytes;
}

Task<error_code> Outlet::writable() {
    blocked_ = true;
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, as_result);
    blocked_ = false;
    co_return error;
}

Task<error_code> Outlet::send(std::string_view bytes, bool more) {
    while (!bytes.empty() || !head_.empty()) {
        const auto sent = try_send(bytes, more);
        if (sent.error)
            co_return sent.error;
        bytes.remove_prefix(sent.bytes);
        if (bytes.empty() && head_.empty())
            break;
        if (const auto error = co_await writable())
            co_return error;
    }
    co_return error_code{};
}

std::uint64_t Outlet::body_sent() const {
    const auto of_response = sent_ - begun_at_;
    return of_response - std::min<std::uint64_t>(of_response, head_size_ - head_.size());
}

std::uint64_t Outlet::taken() {
    int queued = 0;
    if (::ioctl(socket_.native_handle(), SIOCOUTQ, &queued) != 0 || queued < 0)
        return sent_;
    return sent_ - std::min(sent_, static_cast<std::uint64_t>(queued));
}

std::unexpected<Error> client_left(const error_code& why) {
    return fail(Errc::cancelled, "the client left: " + why.message());
}

} // namespace yizhan
