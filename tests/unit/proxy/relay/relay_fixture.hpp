// A relay in this process, over a real store in a temporary folder, against mirrors of the test origin.
#pragma once

#include "proxy/relay/relay.hpp"
#include "tests/origin/origin.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <unistd.h>

namespace yizhan {

class RelayTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "yizhan-relay-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        settings.data = pattern;
        settings.cache.min_free = 0;
        settings.relay.connect_timeout = std::chrono::milliseconds(500);
        settings.relay.stall_timeout = std::chrono::milliseconds(500);
        settings.relay.verify_first = std::uint64_t{256} * 1024; // so that a "large" file is cheap here
        settings.relay.hold_back = std::uint64_t{64} * 1024;
        core_thread = std::jthread([this] { core.run(); });
    }

    void TearDown() override {
        relay.reset();
        work.reset();
        core.stop();
        core_thread.join();
        store.reset();
        std::filesystem::remove_all(settings.data);
    }

    /// A further mirror, whose origin the configuration names.
    origin::Server& mirror(const std::string& name) {
        auto& server = farm.add(name);
        settings.pypi.upstream.push_back({.url = server.url("/simple/"),
                                          .files = {server.url("/")},
                                          .packages = {},
                                          .family = name,
                                          .root = settings.pypi.upstream.empty()});
        return server;
    }

    void start() {
        auto opened = Store::open(settings.data, {});
        ASSERT_TRUE(opened) << opened.error().text();
        store = std::move(*opened);
        relay = std::make_unique<Relay>(settings, *store, in_order());
    }

    /// The object "/f/<name>" at each of these mirrors, the first being the root.
    Object object(const std::string& name, const origin::Body& body, std::vector<origin::Server*> at) {
        Object out;
        out.path = "pypi/files/test/" + name;
        out.identity.sha256 = Sha256::from_hex(body.sha256());
        out.size = body.size();
        out.grade = Grade::root;
        for (auto* server : at)
            out.sources.push_back({.url = *Url::parse(server->url("/f/" + name)),
                                   .endpoint = server->origin(),
                                   .family = server->origin(),
                                   .root = server == at.front()});
        return out;
    }

    /// Of equals the one named first is asked first, and nobody for the sake of exploring.
    static Chance in_order() {
        return [] { return 0.1; };
    }

    template <class T>
    T run(Task<T> task) {
        std::promise<T> promise;
        auto future = promise.get_future();
        auto body = [](Task<T> inner, std::promise<T> done) -> Task<void> {
            done.set_value(co_await std::move(inner));
        };
        asio::co_spawn(core, body(std::move(task), std::move(promise)), [](const std::exception_ptr& error) {
            if (error)
                std::rethrow_exception(error);
        });
        return future.get();
    }

    /// What a client would have at the end of its response, and how it ended.
    struct Delivery {
        std::string bytes;
        bool complete = false;
        std::optional<Error> error;
    };

    static Task<Delivery> read(std::unique_ptr<Reader> reader) {
        Delivery out;
        for (;;) {
            auto extent = co_await reader->next(out.bytes.size());
            if (!extent) {
                out.error = extent.error();
                co_return out;
            }
            if (!*extent) {
                out.complete = true;
                co_return out;
            }
            const auto old = out.bytes.size();
            out.bytes.resize(old + (*extent)->size);
            const auto got =
                ::pread((*extent)->fd, out.bytes.data() + old, (*extent)->size, static_cast<off_t>((*extent)->at));
            if (got != static_cast<ssize_t>((*extent)->size)) {
                out.error = Error{Errc::io, "short read", {}};
                co_return out;
            }
        }
    }

    static Task<Delivery> deliver(Relay& from, Object what) {
        auto opened = co_await from.open(std::move(what));
        if (!opened)
            co_return Delivery{.bytes = {}, .complete = false, .error = opened.error()};
        if (auto* blob = std::get_if<Blob>(&*opened)) {
            auto bytes = blob->read_all(1ULL << 30);
            if (!bytes)
                co_return Delivery{.bytes = {}, .complete = false, .error = bytes.error()};
            co_return Delivery{.bytes = std::move(*bytes), .complete = true, .error = {}};
        }
        co_return co_await read(std::move(std::get<std::unique_ptr<Reader>>(*opened)));
    }

    Delivery fetch(Object what) { return run(deliver(*relay, std::move(what))); }

    EndpointStatus status_of(const origin::Server& server) {
        for (auto& endpoint : run(relay->status()).endpoints)
            if (endpoint.name.origin == server.origin())
                return endpoint;
        ADD_FAILURE() << server.origin() << " is not known";
        return {};
    }
    std::uint64_t blamed(const origin::Server& server, Blame what) {
        return status_of(server).blamed[static_cast<std::size_t>(what)];
    }
    std::uint64_t lies(const origin::Server& server) { return blamed(server, Blame::integrity); }
    /// Some are found out only after the delivery, when what they sent is read from the disk once more.
    bool wait_lied(const origin::Server& server) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (lies(server) == 0 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        return lies(server) > 0;
    }

    /// Until the path is in the store, or the test has waited far too long.
    bool wait_stored(const PathKey& path) {
        for (int i = 0; i < 2000; ++i) {
            if (store->find(path))
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }

    origin::Farm farm;
    Settings settings;
    std::unique_ptr<Store> store;
    std::unique_ptr<Relay> relay;
    asio::io_context core{1};
    asio::executor_work_guard<Executor> work{core.get_executor()};
    std::jthread core_thread;
};

} // namespace yizhan
