#include "proxy/relay/relay.hpp"

#include "proxy/boot_clock.hpp"
#include "proxy/relay/address_families.hpp"
#include "proxy/relay/http_proxy.hpp"
#include "proxy/relay/judge.hpp"
#include "proxy/run_on.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <latch>
#include <random>
#include <sys/resource.h>
#include <unistd.h>

namespace yizhan {
namespace {

// Bytes per second, as dnf has it: far below what a file is left for, since a sole upstream over a thin line is waited
// for, and a hundred pages may share that line.
constexpr std::uint64_t least_rate_of_documents = 1000;

constexpr std::size_t disk_threads = 4; // they block; more would only queue inside the disk
// The machine's small size: a page is milliseconds, and two keep it from queueing.
constexpr std::size_t compute_threads = 2;
constexpr int compute_niceness = 10;

// How often what was learnt of endpoints is kept, and a full disk is looked at again.
constexpr std::chrono::seconds keep_interval{60};
constexpr std::chrono::seconds room_interval{5};
// Bytes that must fit before the disk counts as having room again.
constexpr std::uint64_t room = std::uint64_t{16} * 1024 * 1024;

NamedOrigins named_origins(const Settings& settings) {
    NamedOrigins out;
    const auto add = [&](const std::string& text) {
        if (const auto url = Url::parse(text))
            out.insert(url->origin());
    };
    for (const auto* upstreams : {&settings.pypi.upstream, &settings.pytorch.upstream})
        for (const auto& upstream : *upstreams) {
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

Chance a_generator() {
    return [source = std::minstd_rand{std::random_device{}()}]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(source);
    };
}

// One silence for all: what is a stall on the wire is one in the books.
HealthSettings health_rules(const Settings::Relay& settings) {
    auto rules = settings.health;
    rules.stall.silence = settings.stall_timeout;
    return rules;
}

FamiliesOf families_with(const Settings& settings) {
    // Offline not even the routing table is asked: it takes a connect(), and --offline promises none.
    const auto routes = settings.offline ? Routes{} : Routes::of_this_machine();
    return [routes, proxy = settings.relay.proxy](const Url& url) {
        return address_families(url, routes, !http_proxy_for(url, proxy, read_environment).empty());
    };
}

Ask ask_for(Purpose purpose) {
    return purpose == Purpose::page ? Ask{.kind = "pages", .size = SizeClass::page}
                                    : Ask{.kind = "files", .size = SizeClass::small};
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

Relay::Relay(const Settings& settings, Store& store, Chance chance)
    : settings_(settings), store_(store), disk_(disk_threads), compute_(compute_threads), quick_(compute_threads),
      named_(named_origins(settings)), families_(families_with(settings)),
      endpoints_(health_rules(settings.relay), chance ? std::move(chance) : a_generator()),
      upstream_(io_, upstream_options(settings.relay)),
      transfers_({.relay = io_,
                  .disk = disk_,
                  .upstream = upstream_,
                  .store = store,
                  .settings = settings.relay,
                  .named = named_,
                  .endpoints = endpoints_,
                  .families = families_,
                  .disk_full = [this](const std::string& why) { no_room(why); }}) {
    lower_priority_of_pool_threads(compute_);
    register_endpoints();
    recall();
    housekeeping();
    thread_ = std::jthread([this] { io_.run(); });
}

Relay::~Relay() {
    stop();
}

// Known from the start, so that what was learnt of them before finds its place.
void Relay::register_endpoints() {
    auto all = settings_.pypi.upstream;
    std::ranges::copy(settings_.pytorch.upstream, std::back_inserter(all));
    for (const auto& upstream : all) {
        auto texts = upstream.files;
        texts.push_back(upstream.url);
        texts.push_back(upstream.packages);
        for (const auto& text : texts) {
            const auto url = Url::parse(text);
            if (!url)
                continue;
            auto addresses = families_(*url);
            addresses.push_back(AddressFamily::any); // pages
            for (const auto address : addresses)
                endpoints_.add({.origin = url->origin(),
                                .address = address,
                                .family = upstream.family,
                                .gentle = is_gentle(url->host())});
        }
    }
}

void Relay::recall() {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& [key, row] : store_.learnt())
        if (const auto done = endpoints_.restore(key, row, now, unix_now());
            !done && done.error().code == Errc::corrupt)
            spdlog::warn("relay: what was learnt of {} is unreadable and begins anew: {}", key, done.error().message);
}

void Relay::keep_learnt() {
    if (!learnt_something_.exchange(false))
        return;
    asio::post(disk_, [this, rows = endpoints_.learnt(std::chrono::steady_clock::now(), unix_now())] {
        if (const auto kept = store_.put_learnt(rows); !kept)
            spdlog::warn("relay: what was learnt of mirrors could not be kept: {}", kept.error().message);
    });
}

void Relay::housekeeping() {
    const bool full = !degraded().empty();
    housekeeper_.expires_after(full ? room_interval : keep_interval);
    housekeeper_.async_wait([this](error_code ec) {
        if (ec)
            return;
        keep_learnt();
        look_for_room();
        housekeeping();
    });
}

// The first look for room is not to wait for a minute that was begun when there was some.
void Relay::no_room(const std::string& why) {
    const bool news = degraded().empty();
    {
        const std::scoped_lock lock(degraded_mutex_);
        degraded_ = why;
    }
    if (news)
        housekeeping();
}

void Relay::look_for_room() {
    if (degraded().empty())
        return;
    asio::post(disk_, [this] {
        if (!store_.begin(Identity{}, room))
            return;
        spdlog::info("relay: the disk has room again");
        const std::scoped_lock lock(degraded_mutex_);
        degraded_.clear();
    });
}

std::string Relay::degraded() const {
    const std::scoped_lock lock(degraded_mutex_);
    return degraded_;
}

void Relay::stop() {
    if (!thread_.joinable())
        return;
    const auto barrier = [this](auto work) {
        std::promise<void> done;
        asio::post(io_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    };
    barrier([this] {
        housekeeper_.cancel();
        transfers_.stop();
        keep_learnt();
    });
    // What has been received is worth keeping: each job of the disk's may be followed by another one. A disk that
    // hangs is not waited for longer than whoever stops us waits.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    for (bool written = false; !written && std::chrono::steady_clock::now() < patience;) {
        barrier([&] { written = transfers_.all_written(); });
        if (!written)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    compute_.join();
    quick_.join();
    disk_.join();
    barrier([] {}); // what the disk's last jobs have posted: parked transfers
    store_.hurry();
    transfers_.wait_for_commits();
    barrier([] {}); // and what the last commits have
    io_.stop();     // what is left waits for upstreams, and nobody waits for it
    thread_.join();
}

Task<Result<Fetched>> Relay::fetch(UpstreamRequest request, std::uint64_t limit, Purpose purpose) {
    if (settings_.offline)
        co_return fail(Errc::unavailable, "offline: " + redacted(request.url.str()) + " was not asked");
    using Boxed = std::unique_ptr<Result<Fetched>>;
    auto work = [this, purpose](UpstreamRequest what, std::uint64_t most) -> Task<Boxed> {
        co_return std::make_unique<Result<Fetched>>(co_await fetch_here(std::move(what), most, purpose));
    };
    auto box =
        co_await asio::co_spawn(io_.get_executor(), work(std::move(request), limit), asio::use_awaitable_t<Executor>{});
    co_return std::move(*box);
}

// Whoever is asked here was chosen by the caller: a rest keeps nobody from it, but what comes back is remembered.
Task<Result<Fetched>> Relay::fetch_here(UpstreamRequest request, std::uint64_t limit, Purpose purpose) {
    using Clock = std::chrono::steady_clock;
    learnt_something_ = true;
    const auto origin = request.url.origin();
    const auto known = endpoints_.find(origin, AddressFamily::any);
    const auto id = known ? *known
                          : endpoints_.add({.origin = origin,
                                            .address = AddressFamily::any,
                                            .family = origin,
                                            .gentle = is_gentle(request.url.host())});
    const auto object = request.url.str();
    const auto begun = Clock::now();
    auto attempt = endpoints_.begin(id, ask_for(purpose), begun, Panic::yes, Crowd::yes);
    Follow::Context context{upstream_, named_, settings_.relay.max_redirects, {}};
    if (attempt)
        context.on_hop = [this, &attempt](const Url& next) -> Result<void> {
            if (const auto rests = endpoints_.redirected(*attempt, next.origin(), Clock::now()); !rests)
                spdlog::debug("relay: {}; followed all the same", rests.error().words);
            return {};
        };
    auto fetched = co_await yizhan::fetch(
        std::move(context), std::move(request), limit,
        {.window = settings_.relay.health.stall.window, .bytes_per_second = least_rate_of_documents});
    if (!attempt)
        co_return fetched;
    const auto now = Clock::now();
    const auto symptom = fetched ? symptom_of_status(fetched->head.status, false) : std::nullopt;
    if (!fetched && fetched.error().code == Errc::cancelled) {
        attempt->cancelled(now);
    } else if (!fetched) {
        const auto why = rejection_of(fetched.error());
        attempt->failed({.symptom = why.symptom, .object = object, .words = why.words}, now);
    } else if (symptom) {
        attempt->failed(
            {.symptom = *symptom, .object = object, .words = "status " + std::to_string(fetched->head.status)}, now);
    } else {
        attempt->first_byte(begun + fetched->stats.first_byte);
        attempt->finished(fetched->stats.body_bytes, fetched->stats.total - fetched->stats.first_byte, now);
    }
    co_return fetched;
}

Task<Result<Transfers::Opened>> Relay::open(Object object) {
    if (settings_.offline)
        co_return fail(Errc::not_found, std::string(object.filename()) +
                                            " is not in the store, and yizhan runs offline (started with --offline): "
                                            "no upstream was asked");
    learnt_something_ = true;
    co_return co_await transfers_.open(std::move(object));
}

Task<RelayStatus> Relay::status() {
    auto work = [this] {
        return RelayStatus{.endpoints = endpoints_.status(std::chrono::steady_clock::now()),
                           .transfers = transfers_.status()};
    };
    co_return co_await run_on(io_.get_executor(), std::move(work));
}

} // namespace yizhan
