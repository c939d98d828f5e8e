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

/// One per core. Yields to the core's other connections after each turn, so that one fast client cannot keep it.
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

/// The same until a client has shown that it reads: so much a socket takes off us at once without that
/// (net.ipv4.tcp_wmem says 4 MiB at most), for most of a millisecond of the kernel's work. With long turns a hundred
/// clients that ask for a file and read nothing kept two cores for 40 ms, and a wheel of 1 MiB cost 340 µs of CPU where
/// it now costs 170.
inline constexpr std::uint64_t short_turn = 256ULL * 1024;
inline constexpr std::uint64_t unread_at_most = 4ULL * 1024 * 1024;

} // namespace yizhan
