// Where the bytes of one object go as they arrive, from several endpoints at once: to their place in a fill, or, where
// the disk is full, in order through memory; and through the hash, in the object's order. Relay thread only, but for
// the jobs that it hands to the disk pool, one at a time.
#pragma once

#include "cache/extents.hpp"
#include "cache/store.hpp"
#include "config/settings.hpp"
#include "proxy/relay/object.hpp"
#include "proxy/relay/window.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace yizhan {

namespace asio = boost::asio;

/// Bytes received but not yet written, of all transfers; those that wait for others to get theirs written.
struct InFlight {
    std::uint64_t bytes = 0;
    std::vector<std::function<void()>> waiting;
};

class Intake final : public std::enable_shared_from_this<Intake> {
  public:
    struct Means {
        asio::io_context& relay;
        asio::thread_pool& disk;
        Store& store;
        const Settings::Relay& settings;
        std::shared_ptr<InFlight> in_flight;
    };

    /// Hears of it in turns of their own, until `close`.
    class Owner {
      public:
        virtual ~Owner() = default;
        /// What a former fill left is taken over, as far as prefix() says; once more than one piece is, repeatedly.
        virtual void intake_took_over() = 0;
        /// From now on bytes may be added.
        virtual void intake_opened() = 0;
        /// Bytes are written: prefix() may have grown, and there is room for more.
        virtual void intake_wrote() = 0;
        /// The disk is full. What was to come after prefix() is dropped but for what follows it without a hole; from
        /// now on bytes are taken in order only, from front() on.
        virtual void intake_filled_disk(const std::string& why) = 0;
        /// Nothing can be kept of it any more.
        virtual void intake_failed(Error error) = 0;
    };

    Intake(Means means, const Identity& identity) : means_(std::move(means)), identity_(identity) {}

    /// Begins the fill. `owner` must live until the intake is closed.
    void open(Owner& owner, std::optional<std::uint64_t> size);

    /// `bytes` belong at `offset` of the object; `source` sent them. In window mode `offset` is front().
    void add(std::uint64_t offset, std::span<const std::byte> bytes, const std::string& source);
    /// How long it will be, where that was not known before: what is written last brings the digests with it then, and
    /// finish() need not wait.
    void expect(std::uint64_t size) { size_ = size; }
    /// Whether more is to be waited with; `room` is called once, when there is some.
    bool crowded() const;
    void wait_for_room(std::function<void()> room) { means_.in_flight->waiting.push_back(std::move(room)); }

    /// Everything below is where readers find it.
    std::uint64_t prefix() const { return window_ ? window_->end() : present_.prefix(); }
    /// Everything below has been added.
    std::uint64_t front() const { return added_.prefix(); }
    /// All that has been added, whether it is written already or not.
    const Extents& added() const { return added_; }
    std::uint64_t inherited() const { return inherited_; } ///< bytes that were taken over
    bool idle() const { return !busy_ && batches_.empty(); }

    /// The bytes before `offset`, at most `size` and as far as they lie here without a hole, once they are written.
    using Read = std::function<void(std::shared_ptr<const std::string>)>;
    void read_back(std::uint64_t offset, std::uint64_t size, Read handler);

    /// The digests of everything below prefix(), after all writes; where they are known, inside this call.
    void finish(std::function<void(const Digests&)> handler);

    /// Writes other bytes where some lie already. Only when everything is here.
    void replace(std::uint64_t offset, std::vector<std::byte> bytes, std::string source);
    /// `finish` once more, from the first byte on.
    void hash_again(std::function<void(const Digests&)> handler);

    /// Takes back what `sources` have sent; `then` hears what is missing by that, once what has been added so far is
    /// written.
    void forget(std::set<std::string> sources, std::function<void(const Extents& missing)> then);

    /// Who sent which part. Only while idle().
    std::vector<Piece> pieces();
    std::shared_ptr<const Blob::File> file() const;
    const std::shared_ptr<Window>& window() const { return window_; }
    void drop_below(std::uint64_t offset);

    /// For the store, once finished.
    Fill take_fill();
    enum class Keep : bool { no, yes };
    /// The owner hears nothing any more. What is here is parked where it may be, after the job that runs, if one does;
    /// then `closed` hears whether it was, perhaps inside this call.
    void close(Keep keep, std::function<void(bool parked)> closed);

  private:
    struct Batch {
        std::uint64_t offset = 0;
        std::vector<std::byte> bytes;
        std::string source;
    };
    struct Writer; // the fill and the running digests: touched by one disk job at a time
    struct Written;

    template <class Job, class Then>
    void run(Job job, Then then);
    void next();
    void opened(Result<Fill> fill);
    void take_over();
    void pass_through_memory(const std::string& why, std::vector<Batch> left);
    void flush_soon();
    void flush();
    void written(Written outcome);
    void give_way();

    Means means_;
    Identity identity_;
    Owner* owner_ = nullptr; // null once closed
    std::shared_ptr<Writer> writer_;
    std::shared_ptr<Window> window_; // instead of the disk, once that is full
    std::vector<Batch> batches_;
    std::uint64_t batched_ = 0; // bytes in `batches_`
    std::uint64_t writing_ = 0; // bytes in the job that runs
    Extents added_, present_;
    std::uint64_t inherited_ = 0;
    std::optional<std::uint64_t> size_;
    std::optional<Digests> digests_; // once all of it is written
    bool busy_ = false;              // a job runs
    bool flush_posted_ = false;
    std::deque<std::move_only_function<void()>> waiting_; // jobs for after the writes
    std::function<void()> closing_;
};

} // namespace yizhan
