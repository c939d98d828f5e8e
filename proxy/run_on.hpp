// Work that belongs on another thread (it blocks, burns, or touches what lives there); the coroutine goes on afterwards
// on the core it came from.
#pragma once

#include "proxy/task.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace yizhan {

/// Runs `work()` on another executor (a pool's, another core's) and returns its result here. The result must be movable
/// and not void; `work` must not throw. Both executors must live until it has returned.
template <class Elsewhere, class Work>
Task<std::invoke_result_t<Work&>> run_on(Elsewhere elsewhere, Work work) {
    using Out = std::invoke_result_t<Work&>;
    const auto executor = co_await asio::this_coro::executor;
    const auto token = asio::use_awaitable_t<Executor>{};
    // The result crosses threads in a box: a completion signature wants a default-constructible value, Result is not.
    auto start = [elsewhere, executor, task = std::move(work)](auto handler) mutable {
        asio::post(elsewhere, [executor, job = std::move(task), done = std::move(handler)]() mutable {
            auto box = std::make_unique<Out>(job());
            asio::post(executor, [out = std::move(box), finish = std::move(done)]() mutable {
                std::move(finish)(std::move(out));
            });
        });
    };
    auto box = co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(std::unique_ptr<Out>)>(
        std::move(start), token);
    co_return std::move(*box);
}

} // namespace yizhan
