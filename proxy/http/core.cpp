#include "proxy/http/core.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <malloc.h>
#include <utility>

namespace yizhan {
namespace {

// A line may stay in memory for so long when lines come in numbers; a single one leaves at once.
constexpr std::chrono::milliseconds log_delay{50};
// Residents, about 7 KB each, from whose leaving on there is memory worth giving back.
constexpr std::size_t crowd = 256;

} // namespace

Core::Core(const Options& options, asio::thread_pool& disk)
    : options_(options), disk_(disk), files_(make_file_sender(options.file_mode, buffers_, disk_)),
      access_log_(options.access_logger, options.log_format), pool_(disk) {}

void Core::run() {
    const auto work = asio::make_work_guard(context_);
    while (!context_.stopped()) {
        try {
            context_.run();
        } catch (const std::exception& error) {
            spdlog::error("an exception left a handler of core {}: {}", options_.index, error.what());
        }
    }
    access_log_.flush();
}

void Core::add(Resident& resident) {
    resident.place_ = residents_.size();
    residents_.push_back(&resident);
    most_residents_ = std::max(most_residents_, residents_.size());
    if (!ticking_)
        arm_tick();
}

void Core::remove(Resident& resident) {
    residents_[resident.place_] = residents_.back();
    residents_[resident.place_]->place_ = resident.place_;
    residents_.pop_back();
    report_if_drained();
}

void Core::arm_tick() {
    ticking_ = true;
    tick_timer_.expires_after(options_.tick);
    tick_timer_.async_wait([this](error_code error) {
        ticking_ = false;
        if (error)
            return;
        const auto now = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < residents_.size(); ++i)
            residents_[i]->tick(now);
        give_memory_back();
        if (!residents_.empty())
            arm_tick();
    });
}

/// glibc keeps what is freed below anything that is still in use, which after a crowd of connections is all of it (17
/// MB of 2,300): once three quarters have left it is told to let go. What stays (8 MB, and no more the next time) are
/// pages with one of Asio's descriptor states in them, which it keeps for the next socket. On the disk pool, because it
/// walks the whole heap.
void Core::give_memory_back() {
    if (most_residents_ < crowd || residents_.size() > most_residents_ / 4)
        return;
    most_residents_ = residents_.size();
    asio::post(pool_, [] { ::malloc_trim(0); });
}

void Core::log(const AccessEntry& entry) {
    access_log_.write(entry);
    if (flush_pending_ || access_log_.empty())
        return;
    flush_pending_ = true;
    const auto due = flushed_at_ + log_delay;
    if (std::chrono::steady_clock::now() >= due) {
        asio::post(context_, [this] { flush_log(); });
        return;
    }
    flush_timer_.expires_at(due);
    flush_timer_.async_wait([this](error_code) { flush_log(); });
}

void Core::flush_log() {
    flush_pending_ = false;
    flushed_at_ = std::chrono::steady_clock::now();
    access_log_.flush();
}

void Core::drain() {
    draining_ = true;
    for (std::size_t i = 0; i < residents_.size(); ++i)
        residents_[i]->drain();
    report_if_drained();
}

void Core::cut() {
    for (std::size_t i = 0; i < residents_.size(); ++i)
        residents_[i]->cut();
}

void Core::report_if_drained() {
    if (draining_ && residents_.empty() && !std::exchange(drained_, true) && options_.on_drained)
        options_.on_drained();
}

} // namespace yizhan
