#include "proxy/relay/transfers.hpp"

#include "proxy/relay/transfer.hpp"
#include "proxy/run_on.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <unordered_map>

namespace yizhan {

namespace {

// Bytes: a reader says how far it is with each, and one that says nothing for ten seconds while the disk is full is
// cut: whoever takes less than 105 kB/s.
constexpr std::uint64_t longest_extent = std::uint64_t{1} << 20;

} // namespace

Task<Result<std::optional<Extent>>> Reader::next(std::uint64_t offset) {
    progress_->reached(this, offset);
    if (progress_->view().window)
        moved_();
    co_await progress_->notifier().wait([this, offset] { return progress_->ready(offset); });
    const auto view = progress_->view();
    if (view.state == Progress::State::failed)
        co_return std::unexpected(*view.error);
    if (view.released > offset) {
        const auto on_disk = view.window ? std::min(view.window->first(), view.released) : view.released;
        if (offset < on_disk)
            co_return Extent{.file = view.file,
                             .fd = Blob(view.file).fd(),
                             .offset = offset,
                             .at = offset,
                             .size = std::min(on_disk - offset, longest_extent)};
        if (auto extent = view.window->find(offset, view.released))
            co_return std::move(*extent);
        co_return fail(Errc::cancelled, "the disk is full, so the file is passed on from memory, and this client was "
                                        "too slow for the others; ask again");
    }
    if (view.state == Progress::State::verified)
        co_return std::nullopt;
    co_return std::unexpected(Error{Errc::cancelled, "the wait was cancelled", {}});
}

Task<bool> Reader::reaches(std::uint64_t offset, Progress::Clock::time_point deadline) {
    progress_->reached(this, offset);
    if (progress_->view().window)
        moved_();
    co_return co_await progress_->notifier().wait([this, offset] { return progress_->ready(offset); }, deadline);
}

std::string Reader::etag() const {
    const auto view = progress_->view();
    return view.digest ? "\"" + view.digest->hex() + "\"" : "\"u-" + progress_->delivery_id() + "\"";
}

struct Transfers::Impl : std::enable_shared_from_this<Transfers::Impl> {
    explicit Impl(Context what) : context(std::move(what)) {}

    Context context;
    Suspects suspects;
    std::shared_ptr<InFlight> in_flight = std::make_shared<InFlight>();
    std::unordered_map<PathKey, std::shared_ptr<Transfer>> running; // relay thread
    std::set<std::shared_ptr<Transfer>> closed;                     // run on for the readers that they have
    std::shared_ptr<std::atomic<unsigned>> committing = std::make_shared<std::atomic<unsigned>>(0);
    bool stopping = false;

    // Deliveries that turned out right, for If-Range: the newest 10,000, about 1 MB.
    static constexpr std::size_t max_deliveries = 10'000;
    mutable std::mutex deliveries_mutex;
    std::unordered_map<std::string, Sha256> deliveries;
    std::deque<std::string> deliveries_by_age;

    Result<Opened> join(Object object);
    void verified(const std::string& delivery_id, const Sha256& digest);
    void ended(const std::shared_ptr<Transfer>& transfer);
    std::unique_ptr<Reader> reader(const std::shared_ptr<Transfer>& transfer);
};

std::unique_ptr<Reader> Transfers::Impl::reader(const std::shared_ptr<Transfer>& transfer) {
    transfer->join();
    auto moved = [transfer, &relay = context.relay] { asio::post(relay, [transfer] { transfer->readers_moved(); }); };
    auto leave = [transfer, &relay = context.relay] { asio::post(relay, [transfer] { transfer->leave(); }); };
    return std::make_unique<Reader>(transfer->progress(), std::move(moved), std::move(leave));
}

// Relay thread. The transfer leaves the registry only after its commit is visible, and whoever comes looks at the
// store again before starting one: so no second GET slips in between.
Result<Transfers::Opened> Transfers::Impl::join(Object object) {
    const auto& known = object.identity.sha256; // what is here, or on its way, may be of an older, weaker word
    if (const auto at = running.find(object.path); at != running.end()) {
        const auto& brings = at->second->object().identity.sha256;
        if (at->second->joinable() && (!known || !brings || *brings == *known))
            return reader(at->second);
        closed.insert(at->second);
        running.erase(at);
    }
    if (auto blob = context.store.find(object.path); blob && (!known || blob->digest() == *known))
        return *std::move(blob);
    if (stopping)
        return fail(Errc::cancelled, "yizhan is stopping");
    const auto path = object.path;
    const auto transfer = std::make_shared<Transfer>(
        Transfer::Host{.context = context,
                       .suspects = suspects,
                       .in_flight = in_flight,
                       .committing = committing,
                       .verified =
                           [weak = weak_from_this()](const std::string& delivery_id, const Sha256& digest) {
                               if (const auto self = weak.lock())
                                   self->verified(delivery_id, digest);
                           },
                       .ended =
                           [weak = weak_from_this()](const std::shared_ptr<Transfer>& which) {
                               if (const auto self = weak.lock())
                                   self->ended(which);
                           }},
        std::move(object));
    running.emplace(path, transfer);
    auto out = reader(transfer);
    transfer->start();
    return out;
}

void Transfers::Impl::ended(const std::shared_ptr<Transfer>& transfer) {
    if (const auto at = running.find(transfer->object().path); at != running.end() && at->second == transfer)
        running.erase(at);
    closed.erase(transfer);
}

void Transfers::Impl::verified(const std::string& delivery_id, const Sha256& digest) {
    const std::scoped_lock lock(deliveries_mutex);
    if (deliveries_by_age.size() >= max_deliveries) {
        deliveries.erase(deliveries_by_age.front());
        deliveries_by_age.pop_front();
    }
    deliveries.emplace(delivery_id, digest);
    deliveries_by_age.push_back(delivery_id);
}

Transfers::Transfers(Context context) : impl_(std::make_shared<Impl>(std::move(context))) {}

Transfers::~Transfers() = default;

Task<Result<Transfers::Opened>> Transfers::open(Object object) {
    auto impl = impl_;
    auto start = [impl, what = std::move(object)]() mutable { return impl->join(std::move(what)); };
    auto opened = co_await run_on(impl->context.relay.get_executor(), std::move(start));
    if (!opened || std::holds_alternative<Blob>(*opened))
        co_return opened;
    auto& progress = std::get<std::unique_ptr<Reader>>(*opened)->progress();
    co_await progress.notifier().wait([&progress] { return progress.ready(0); });
    if (const auto view = progress.view(); view.error)
        co_return std::unexpected(*view.error);
    co_return opened;
}

bool Transfers::verified_delivery(std::string_view delivery_id, const Sha256& digest) const {
    const std::scoped_lock lock(impl_->deliveries_mutex);
    const auto at = impl_->deliveries.find(std::string(delivery_id));
    return at != impl_->deliveries.end() && at->second == digest;
}

std::vector<TransferStatus> Transfers::status() const {
    std::vector<TransferStatus> out;
    for (const auto& [path, transfer] : impl_->running)
        out.push_back(transfer->status());
    for (const auto& transfer : impl_->closed)
        out.push_back(transfer->status());
    return out;
}

void Transfers::stop() {
    impl_->stopping = true;
    const auto running = impl_->running; // a copy: failing takes them out
    for (const auto& [path, transfer] : running)
        transfer->fail(Error{Errc::cancelled, "yizhan is stopping", {}});
    for (const auto& transfer : std::set(impl_->closed))
        transfer->fail(Error{Errc::cancelled, "yizhan is stopping", {}});
}

bool Transfers::all_written() const {
    return impl_->in_flight->bytes == 0;
}

void Transfers::wait_for_commits() {
    for (auto left = impl_->committing->load(); left > 0; left = impl_->committing->load())
        impl_->committing->wait(left);
}

} // namespace yizhan
