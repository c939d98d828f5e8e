#include "proxy/http/file_sender.hpp"

#include "proxy/http/residency.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace yizhan {
namespace {

/// Counts what was sent since the core's other connections last had their turn.
class Turn {
  public:
    /// Bytes of a whole one.
    std::uint64_t size() const { return total_ < unread_at_most ? short_turn : turn; }
    bool is_over(std::uint64_t sent) {
        total_ += sent;
        return (since_ += sent) >= size();
    }
    void next() { since_ = 0; }

  private:
    std::uint64_t total_ = 0;
    std::uint64_t since_ = 0;
};

class PreadSender final : public FileSender {
  public:
    PreadSender(BufferPool& buffers, DiskReader& disk) : buffers_(buffers), disk_(disk) {}

    bool send_at_once(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) override {
        if (size > Buffer::payload)
            return false;
        const auto buffer = buffers_.take();
        if (DiskReader::read_cached(fd, buffer.bytes().first(size), offset) != size)
            return false;
        const auto sent = outlet.try_send({buffer.bytes().data(), size});
        return !sent.error && sent.bytes == size && !outlet.head_is_waiting();
    }

    Task<Result<void>> send(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) override {
        Turn mine;
        Buffer buffer;
        while (size > 0) {
            if (!buffer)
                buffer = buffers_.take();
            const auto room = buffer.bytes().first(std::min<std::uint64_t>(size, Buffer::payload));
            const auto filled = co_await disk_.read(fd, room, offset);
            if (!filled)
                co_return std::unexpected(filled.error());
            const auto sent = co_await push(outlet, {room.data(), *filled}, buffer);
            if (!sent)
                co_return std::unexpected(sent.error());
            offset += *sent;
            size -= *sent;
            if (mine.is_over(*sent)) {
                co_await asio::post(asio::use_awaitable_t<Executor>{});
                mine.next();
            }
        }
        co_return Result<void>{};
    }

  private:
    /// Sends `bytes`, which lie in `buffer`, and returns how many have gone. Where buffers are scarce it gives this one
    /// back rather than keep it while the client is slow: the rest is read again then.
    Task<Result<std::uint64_t>> push(Outlet& outlet, std::string_view bytes, Buffer& buffer) {
        std::uint64_t gone = 0;
        while (true) {
            const auto sent = outlet.try_send(bytes);
            if (sent.error)
                co_return client_left(sent.error);
            gone += sent.bytes;
            bytes.remove_prefix(sent.bytes);
            if (bytes.empty())
                co_return gone;
            if (buffers_.crowded())
                buffer = Buffer();
            if (const auto error = co_await outlet.writable())
                co_return client_left(error);
            if (!buffer)
                co_return gone;
        }
    }

    BufferPool& buffers_;
    DiskReader& disk_;
};

/// sendfile for what is in the page cache; the rest takes the other way, so that no core waits for a disk.
class SendfileSender final : public FileSender {
  public:
    SendfileSender(BufferPool& buffers, DiskReader& disk) : cold_(buffers, disk) {}

    bool send_at_once(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) override {
        if (size > short_turn || !residency_.has(fd, offset, size))
            return false;
        if (outlet.try_send({}, true).error || outlet.head_is_waiting())
            return false;
        const auto sent = outlet.try_sendfile(fd, offset, size);
        return sent && *sent == size;
    }

    Task<Result<void>> send(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) override {
        Turn mine;
        while (size > 0) {
            const auto slice = std::min(size, mine.size());
            const auto sent = residency_.has(fd, offset, slice) ? co_await send_cached(outlet, fd, offset, slice)
                                                                : co_await send_cold(outlet, fd, offset, slice);
            if (!sent)
                co_return std::unexpected(sent.error());
            offset += *sent;
            size -= *sent;
            if (mine.is_over(*sent)) {
                co_await asio::post(asio::use_awaitable_t<Executor>{});
                mine.next();
            }
        }
        co_return Result<void>{};
    }

  private:
    static Task<Result<std::uint64_t>> send_cached(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) {
        if (outlet.head_is_waiting())
            if (const auto error = co_await outlet.send({}, true))
                co_return client_left(error);
        while (true) {
            auto sent = outlet.try_sendfile(fd, offset, size);
            if (!sent || *sent > 0)
                co_return sent;
            if (const auto error = co_await outlet.writable())
                co_return client_left(error);
        }
    }

    Task<Result<std::uint64_t>> send_cold(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) {
        const auto part = std::min<std::uint64_t>(size, Buffer::payload);
        const auto sent = co_await cold_.send(outlet, fd, offset, part);
        if (!sent)
            co_return std::unexpected(sent.error());
        co_return part;
    }

    Residency residency_;
    PreadSender cold_;
};

} // namespace

std::unique_ptr<FileSender> make_file_sender(FileMode mode, BufferPool& buffers, DiskReader& disk) {
    if (mode == FileMode::sendfile)
        return std::make_unique<SendfileSender>(buffers, disk);
    return std::make_unique<PreadSender>(buffers, disk);
}

} // namespace yizhan
