// The upstream side as the routes see it: one thread that owns libcurl, all transfer state and what is known of
// endpoints, and two pools beside it.
#pragma once

#include "config/settings.hpp"
#include "proxy/relay/fetch.hpp"
#include "proxy/relay/health/endpoints.hpp"
#include "proxy/relay/transfers.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace yizhan {

/// What a single request is for: endpoints are scored, and rest, by kind.
enum class Purpose { page, piece };

struct RelayStatus {
    std::vector<EndpointStatus> endpoints;
    std::vector<TransferStatus> transfers;
};

class Relay {
  public:
    /// Starts the relay thread and the pools, with what was learnt before. `settings` and `store` must outlive it.
    /// `chance` decides about choices and jitter; none: a generator seeded by the system.
    Relay(const Settings& settings, Store& store, Chance chance = {});
    ~Relay();

    /// Ends transfers, waits for commits, keeps what was learnt, joins the threads. Readers that are left see an error
    /// and may be destroyed afterwards, but before the relay.
    void stop();

    /// One document or piece, one request, from any core; whoever answers is scored by it. In offline mode: an error,
    /// and no socket is opened.
    Task<Result<Fetched>> fetch(UpstreamRequest request, std::uint64_t limit, Purpose purpose);

    /// As Transfers::open; in offline mode an `unavailable` error that says so.
    Task<Result<Transfers::Opened>> open(Object object);
    bool verified_delivery(std::string_view delivery_id, const Sha256& digest) const {
        return transfers_.verified_delivery(delivery_id, digest);
    }

    Task<RelayStatus> status();

    /// Why what is fetched is passed on without being kept; empty while all is well. Any thread.
    std::string degraded() const;

    /// Relay thread only.
    Endpoints& endpoints() { return endpoints_; }

    bool offline() const { return settings_.offline; }
    asio::io_context::executor_type executor() { return io_.get_executor(); }
    asio::thread_pool& disk() { return disk_; }       ///< may block
    asio::thread_pool& compute() { return compute_; } ///< niced: a large page must never delay a hash
    /// Where to work on a page of `bytes`: a small one, a millisecond's work, is not niced. Where a resolver keeps all
    /// processors busy it would wait for each of its pages behind itself.
    asio::thread_pool& compute(std::uint64_t bytes) { return bytes <= small_page ? quick_ : compute_; }

  private:
    static constexpr std::uint64_t small_page = std::uint64_t{64} * 1024;

    void register_endpoints();
    void recall();
    void keep_learnt();
    void housekeeping();
    void no_room(const std::string& why);
    void look_for_room();
    Task<Result<Fetched>> fetch_here(UpstreamRequest request, std::uint64_t limit, Purpose purpose);

    const Settings& settings_;
    Store& store_;
    asio::io_context io_{1};
    asio::executor_work_guard<Executor> work_{io_.get_executor()};
    asio::thread_pool disk_;
    asio::thread_pool compute_;
    asio::thread_pool quick_;
    NamedOrigins named_;
    FamiliesOf families_;
    Endpoints endpoints_;
    Upstream upstream_;
    Transfers transfers_;
    asio::steady_timer housekeeper_{io_};
    std::atomic<bool> learnt_something_{false}; // since it was kept
    mutable std::mutex degraded_mutex_;
    std::string degraded_;
    std::jthread thread_;
};

} // namespace yizhan
