// An object that is still arriving, from its stream to a client.
#pragma once

#include "proxy/http/buffer_pool.hpp"
#include "proxy/http/disk_reader.hpp"
#include "proxy/http/file_sender.hpp"
#include "proxy/http/message.hpp"
#include "proxy/http/outlet.hpp"
#include "proxy/http/response.hpp"

#include <cstdint>
#include <optional>

namespace yizhan {

/// What of the object the response promised.
struct StreamPlan {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> end; ///< offset after the last byte, known for Framing::length
    Framing framing = Framing::length;
};

/// Sends what the stream releases, as it releases it, after the outlet's waiting head. Success: the response is
/// complete. Any error: it is not, and nothing that was sent can make it look so, except that with Framing::close the
/// end of the connection would: reset it then. Errors: cancelled when the client left; else the stream's own, or
/// protocol when the stream ends early or holds more than was promised.
class StreamSender {
  public:
    /// What a core lends to its senders.
    struct Means {
        FileSender& files;
        BufferPool& buffers;
        DiskReader& disk;
    };

    StreamSender(Outlet& outlet, Means means, ByteStream& stream, const StreamPlan& plan)
        : outlet_(outlet), means_(means), stream_(stream), plan_(plan), offset_(plan.first) {}

    Task<Result<void>> run();

  private:
    Task<Result<void>> pass_on(Extent extent);
    Task<Result<void>> send_chunks(const Extent& extent);
    Task<Result<void>> finish();

    Outlet& outlet_;
    Means means_;
    ByteStream& stream_;
    StreamPlan plan_;
    std::uint64_t offset_;
    std::uint64_t since_turn_ = 0;
};

} // namespace yizhan
