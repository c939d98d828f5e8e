// The upstream side as the routes see it: one thread that owns libcurl and all transfer state, and two pools beside it.
#pragma once

#include "config/settings.hpp"
#include "proxy/relay/fetch.hpp"
#include "proxy/relay/transfers.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace yizhan {

class Relay {
  public:
    /// Starts the relay thread and the pools. `settings` and `store` must outlive it.
    Relay(const Settings& settings, Store& store);
    ~Relay();

    /// Ends transfers, waits for commits, joins the threads. Readers that are left see an error and may be destroyed
    /// afterwards, but before the relay.
    void stop();

    /// One document, one request, from any core. In offline mode: an error, and no socket is opened.
    Task<Result<Fetched>> fetch(UpstreamRequest request, std::uint64_t limit);

    /// As Transfers::open; in offline mode an `unavailable` error that says so.
    Task<Result<Transfers::Opened>> open(Object object);
    bool verified_delivery(std::string_view delivery_id, const Sha256& digest) const {
        return transfers_.verified_delivery(delivery_id, digest);
    }

    Task<std::vector<TransferStatus>> status();

    bool offline() const { return settings_.offline; }
    asio::io_context::executor_type executor() { return io_.get_executor(); }
    asio::thread_pool& disk() { return disk_; }       ///< may block
    asio::thread_pool& compute() { return compute_; } ///< niced: a large page must never delay a hash

  private:
    const Settings& settings_;
    asio::io_context io_{1};
    asio::executor_work_guard<Executor> work_{io_.get_executor()};
    asio::thread_pool disk_;
    asio::thread_pool compute_;
    NamedOrigins named_;
    Upstream upstream_;
    Transfers transfers_;
    std::jthread thread_;
};

} // namespace yizhan
