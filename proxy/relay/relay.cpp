#include "proxy/relay/relay.hpp"

#include "proxy/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <latch>
#include <sys/resource.h>
#include <unistd.h>

namespace yizhan {
namespace {

constexpr std::size_t disk_threads = 4; // they block; more would only queue inside the disk
constexpr std::size_t compute_threads =
    2; // the machine's small size: a page is milliseconds, two keep it from queueing
constexpr int compute_niceness = 10;

NamedOrigins named_origins(const Settings& settings) {
    NamedOrigins out;
    const auto add = [&](const std::string& text) {
        if (const auto url = Url::parse(text))
            out.insert(url->origin());
    };
    for (const auto& upstream : settings.pypi.upstream) {
        add(upstream.url);
        add(upstream.packages);
        for (const auto& files : upstream.files)
            add(files);
    }
    return out;
}

Upstream::Options upstream_options(const Settings::Relay& settings) {
    return {.connect_timeout = settings.connect_timeout,
            .stall_timeout = settings.stall_timeout,
            .user_agent = settings.user_agent,
            .ca_file = settings.ca_file,
            .proxy = settings.proxy};
}

void lower_priority_of_pool_threads(asio::thread_pool& pool) {
    const auto all = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(compute_threads));
    for (std::size_t i = 0; i < compute_threads; ++i)
        asio::post(pool, [all] {
            // Linux keeps niceness per thread. Failing costs only the priority.
            (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), compute_niceness);
            all->arrive_and_wait(); // so that every thread takes exactly one of these
        });
}

} // namespace

Relay::Relay(const Settings& settings, Store& store)
    : settings_(settings), disk_(disk_threads), compute_(compute_threads), named_(named_origins(settings)),
      upstream_(io_, upstream_options(settings.relay)), transfers_({.relay = io_,
                                                                    .disk = disk_,
                                                                    .upstream = upstream_,
                                                                    .store = store,
                                                                    .settings = settings.relay,
                                                                    .named = named_}) {
    lower_priority_of_pool_threads(compute_);
    thread_ = std::jthread([this] { io_.run(); });
}

Relay::~Relay() {
    stop();
}

void Relay::stop() {
    if (!thread_.joinable())
        return;
    std::promise<void> stopped;
    asio::post(io_, [&] {
        transfers_.stop();
        stopped.set_value();
    });
    stopped.get_future().wait();
    compute_.join();
    disk_.join();
    transfers_.wait_for_commits();
    io_.stop(); // what is left waits for upstreams, and nobody waits for it
    thread_.join();
}

Task<Result<Fetched>> Relay::fetch(UpstreamRequest request, std::uint64_t limit) {
    if (settings_.offline)
        co_return fail(Errc::unavailable, "offline: " + redacted(request.url.str()) + " was not asked");
    using Boxed = std::unique_ptr<Result<Fetched>>;
    auto work = [](Follow::Context context, UpstreamRequest what, std::uint64_t most) -> Task<Boxed> {
        co_return std::make_unique<Result<Fetched>>(co_await yizhan::fetch(context, std::move(what), most));
    };
    const Follow::Context context{upstream_, named_, settings_.relay.max_redirects};
    auto box = co_await asio::co_spawn(io_.get_executor(), work(context, std::move(request), limit),
                                       asio::use_awaitable_t<Executor>{});
    co_return std::move(*box);
}

Task<Result<Transfers::Opened>> Relay::open(Object object) {
    if (settings_.offline)
        co_return fail(Errc::not_found, std::string(object.filename()) +
                                            " is not in the store, and yizhan runs offline (started with --offline): "
                                            "no upstream was asked");
    co_return co_await transfers_.open(std::move(object));
}

Task<std::vector<TransferStatus>> Relay::status() {
    auto work = [this] { return transfers_.status(); };
    co_return co_await run_on(io_.get_executor(), std::move(work));
}

} // namespace yizhan
