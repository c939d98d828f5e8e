#include "proxy/http/stream_sender.hpp"

#include <boost/asio/post.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>

namespace yizhan {
namespace {

// A chunk's size line: up to 16 hexadecimal digits and CR LF (RFC 9112 section 7.1); rounded up.
constexpr std::size_t before_chunk = 32;

/// The data at [before_chunk, before_chunk + size) of the buffer, with its size line and line end around it.
std::string_view as_chunk(std::span<char> buffer, std::size_t size) {
    fmt::memory_buffer line;
    fmt::format_to(std::back_inserter(line), FMT_COMPILE("{:x}\r\n"), size);
    std::ranges::copy(line, buffer.data() + before_chunk - line.size());
    std::ranges::copy(std::string_view("\r\n"), buffer.data() + before_chunk + size);
    return {buffer.data() + before_chunk - line.size(), line.size() + size + 2};
}

/// Why an extent is not what may be sent next; it would break the promise of the head or of the stream.
std::optional<std::string> wrong(const Extent& extent, std::uint64_t offset, const StreamPlan& plan,
                                 const ByteStream& stream) {
    if (extent.offset != offset || extent.size == 0)
        return "the delivery skipped bytes";
    if (plan.end && stream.size() && extent.size > *stream.size() - std::min(*stream.size(), offset))
        return "the object is longer than was announced";
    return std::nullopt;
}

} // namespace

Task<Result<void>> StreamSender::run() {
    while (!plan_.end || offset_ < *plan_.end) {
        auto next = co_await stream_.next(offset_);
        if (!next)
            co_return std::unexpected(std::move(next.error()));
        if (!*next)
            break;
        if (auto why = wrong(**next, offset_, plan_, stream_))
            co_return fail(Errc::protocol, std::move(*why));
        if (auto sent = co_await pass_on(std::move(**next)); !sent)
            co_return sent;
    }
    co_return co_await finish();
}

Task<Result<void>> StreamSender::pass_on(Extent extent) {
    if (plan_.end)
        extent.size = std::min(extent.size, *plan_.end - offset_);
    auto sent = plan_.framing == Framing::chunked
                    ? co_await send_chunks(extent)
                    : co_await means_.files.send(outlet_, extent.fd, extent.at, extent.size);
    if (!sent)
        co_return sent;
    offset_ += extent.size;
    // A stream whose bytes are all here need not wait for anything, and would keep the core.
    since_turn_ += extent.size;
    if (since_turn_ >= turn) {
        since_turn_ = 0;
        co_await asio::post(asio::use_awaitable_t<Executor>{});
    }
    co_return Result<void>{};
}

Task<Result<void>> StreamSender::send_chunks(const Extent& extent) {
    const auto buffer = means_.buffers.take();
    for (std::uint64_t done = 0; done < extent.size;) {
        const auto size = std::min<std::uint64_t>(extent.size - done, Buffer::payload);
        const auto room = buffer.bytes().subspan(before_chunk, size);
        const auto filled = co_await means_.disk.read(extent.fd, room, extent.at + done);
        if (!filled)
            co_return std::unexpected(filled.error());
        if (const auto error = co_await outlet_.send(as_chunk(buffer.bytes(), *filled)))
            co_return client_left(error);
        done += *filled;
    }
    co_return Result<void>{};
}

Task<Result<void>> StreamSender::finish() {
    if (plan_.end && offset_ < *plan_.end)
        co_return fail(Errc::protocol, "the object is shorter than was announced");
    constexpr std::string_view last_chunk = "0\r\n\r\n";
    const auto rest = plan_.framing == Framing::chunked ? last_chunk : std::string_view();
    if (const auto error = co_await outlet_.send(rest))
        co_return client_left(error);
    co_return Result<void>{};
}

} // namespace yizhan
