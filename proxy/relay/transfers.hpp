// Objects on their way in: one transfer per object, whoever asks, and any number of readers that follow it.
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/relay/contenders.hpp"
#include "proxy/relay/follow.hpp"
#include "proxy/relay/object.hpp"
#include "proxy/relay/progress.hpp"
#include "proxy/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace yizhan {

/// Follows one object while it arrives. Lives on its connection's core; leaves the transfer when destroyed.
class Reader final : public ByteStream {
  public:
    /// `leave` is called once, from the destructor.
    /// `moved` is called on its core each time it asks on while the disk is full.
    Reader(std::shared_ptr<Progress> progress, std::function<void()> moved, std::function<void()> leave)
        : progress_(std::move(progress)), moved_(std::move(moved)), leave_(std::move(leave)) {
        progress_->reached(this, 0);
    }
    ~Reader() override {
        progress_->left(this);
        leave_();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    std::optional<std::uint64_t> size() const override { return progress_->view().size; }
    /// Waits for releasable bytes; verification and hold-back are inside.
    Task<Result<std::optional<Extent>>> next(std::uint64_t offset) override;

    /// Whether the byte at `offset` may leave, or everything is over, before the deadline.
    Task<bool> reaches(std::uint64_t offset, Progress::Clock::time_point deadline);

    /// "<sha256>" once verified, "u-<delivery>" before; with the quotes.
    std::string etag() const;
    /// Set once verified.
    std::optional<Sha256> digest() const { return progress_->view().digest; }
    Progress& progress() { return *progress_; }

  private:
    std::shared_ptr<Progress> progress_;
    std::function<void()> moved_, leave_;
};

/// For pages and the status command: one transfer as it stands.
struct TransferStatus {
    PathKey path;
    std::string state;
    std::string source; ///< the endpoint of the last bytes that readers waited for
    std::uint64_t received = 0;
    std::optional<std::uint64_t> size;
    unsigned readers = 0;
    double bytes_per_second = 0;     ///< of all that bring it
    std::vector<std::string> asking; ///< endpoints whose first byte is waited for
    unsigned couriers = 0;           ///< connections that bring it
    bool in_memory = false;          ///< the disk is full
};

class Transfers {
  public:
    struct Context {
        asio::io_context& relay;
        asio::thread_pool& disk;
        Upstream& upstream;
        Store& store;
        const Settings::Relay& settings;
        NamedOrigins named;
        Endpoints& endpoints;
        FamiliesOf families;
        std::function<void(const std::string& why)> disk_full; ///< a delivery goes on without being kept
    };

    explicit Transfers(Context context);
    ~Transfers();

    using Opened = std::variant<Blob, std::unique_ptr<Reader>>;
    /// Joins the object's transfer, or starts one; returns when its first bytes may leave, with the blob where it is
    /// here already, or with what everybody who was asked answered. From any core.
    Task<Result<Opened>> open(Object object);

    /// Whether the delivery with this id (without "u-") has turned out to be the blob `digest`. From any core.
    bool verified_delivery(std::string_view delivery_id, const Sha256& digest) const;

    /// Relay thread only.
    std::vector<TransferStatus> status() const;

    /// Ends what is under way, and whatever is asked for later; readers get an error. Relay thread only.
    void stop();
    /// Whether nothing that was received waits to be written any more. Relay thread only.
    bool all_written() const;
    /// After stop(): blocks until the store has ended the last commit. Any other thread.
    void wait_for_commits();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace yizhan
