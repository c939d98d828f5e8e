// The bytes of an open file, from the page cache or the disk to a client.
#pragma once

#include "config/error.hpp"
#include "proxy/http/buffer_pool.hpp"
#include "proxy/http/disk_reader.hpp"
#include "proxy/http/outlet.hpp"
#include "proxy/task.hpp"

#include <cstdint>
#include <memory>

namespace yizhan {

/// How file bytes reach the socket. Measured over loopback on Linux 6.18, ext4, page cache warm: sendfile 0.07 CPU
/// seconds per GiB and 10 µs for 100 KB with its head, pread+send 0.25 and 16 (nginx: 0.07 and 10, 0.23 and 15.5).
/// Before Linux 6.5 sendfile moves 64 KiB at a time and may lose over loopback; over a network card it wins there too.
enum class FileMode { pread, sendfile };

/// One per core. Yields to the core's other connections every 2 MiB, so that one fast client cannot keep it.
class FileSender {
  public:
    virtual ~FileSender() = default;

    /// What can be done without waiting for disk or client, and without a coroutine: a small file from the page cache
    /// leaves in one write with its head. True when everything has been sent; otherwise go on with send() from where
    /// the outlet's body_sent() says.
    virtual bool send_at_once(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) = 0;

    /// Sends `size` bytes from `offset`, after the outlet's waiting head. The file must stay open. Errors: cancelled
    /// when the client left; io when the file cannot be read or is too short (the response must then be cut).
    virtual Task<Result<void>> send(Outlet& outlet, int fd, std::uint64_t offset, std::uint64_t size) = 0;
};

/// `buffers` and `disk` must outlive it. What is not in the page cache is read on the disk pool in either mode.
std::unique_ptr<FileSender> make_file_sender(FileMode mode, BufferPool& buffers, DiskReader& disk);

/// Bytes after which a sender lets the others on its core go on (nginx: sendfile_max_chunk, 2 MiB).
inline constexpr std::uint64_t turn = 2ULL * 1024 * 1024;

} // namespace yizhan
