// One CPU core's share of the server: an io_context of its own, the connections that live on it, their deadlines.
#pragma once

#include "proxy/http/access_log.hpp"
#include "proxy/http/buffer_pool.hpp"
#include "proxy/http/disk_reader.hpp"
#include "proxy/http/file_sender.hpp"
#include "proxy/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace yizhan {

/// Something with deadlines that lives on a core; registered from construction to destruction.
class Resident {
  public:
    virtual ~Resident() = default;
    /// Called a few times a second.
    virtual void tick(std::chrono::steady_clock::time_point now) = 0;
    /// End as soon as the work at hand is done; at once if there is none.
    virtual void drain() = 0;
    /// End now.
    virtual void cut() = 0;

  private:
    friend class Core;
    std::size_t place_ = 0;
};

/// Everything but post-ing to its context happens on the thread inside run(). Not locked, nothing shared: that is what
/// keeps the hit path free of locks.
class Core {
  public:
    struct Options {
        unsigned index = 0;
        unsigned count = 1; ///< cores of the server; makes ids unique among them
        std::chrono::milliseconds tick{250};
        FileMode file_mode = FileMode::sendfile;
        std::shared_ptr<spdlog::logger> access_logger;
        LogFormat log_format = LogFormat::text;
        std::function<void()> on_drained; ///< called once, on the core's thread, when drain() has left no resident
    };

    Core(const Options& options, asio::thread_pool& disk);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    asio::io_context& context() { return context_; }
    BufferPool& buffers() { return buffers_; }
    DiskReader& disk() { return disk_; }
    FileSender& files() { return *files_; }

    /// Runs until the context is stopped. An exception that leaves a handler is logged and does not end the others.
    void run();

    void add(Resident& resident);
    void remove(Resident& resident);
    std::size_t residents() const { return residents_.size(); }

    /// Unique in the server.
    std::uint64_t next_id() { return options_.index + options_.count * ++ids_; }
    void log(const AccessEntry& entry);

    /// Every resident is told; on_drained follows once none is left.
    void drain();
    void cut();
    bool draining() const { return draining_; }

  private:
    void arm_tick();
    void give_memory_back();
    void flush_log();
    void report_if_drained();

    Options options_;
    BufferPool buffers_;
    DiskReader disk_;
    std::unique_ptr<FileSender> files_;
    AccessLog access_log_;
    asio::thread_pool& pool_;
    std::vector<Resident*> residents_;
    std::size_t most_residents_ = 0; // since memory was last given back
    std::uint64_t ids_ = 0;
    bool draining_ = false;
    bool drained_ = false;
    bool ticking_ = false;
    bool flush_pending_ = false;
    std::chrono::steady_clock::time_point flushed_at_{};
    // Declared after what connections use: destroying the context destroys the connections that are left.
    asio::io_context context_{1};
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
    Timer tick_timer_{context_};
    Timer flush_timer_{context_};
};

} // namespace yizhan
