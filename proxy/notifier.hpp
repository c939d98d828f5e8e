// A condition variable for coroutines on several cores: whoever changes the condition notifies, whoever waits is woken
// on its own core and looks again.
#pragma once

#include "proxy/task.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace yizhan {

class Notifier {
  public:
    using Clock = std::chrono::steady_clock;

    /// Wakes everybody who waits now. Any thread; call it after the condition has changed.
    void notify_all() {
        std::vector<std::shared_ptr<Waiter>> woken;
        {
            const std::scoped_lock lock(mutex_);
            woken.swap(waiters_);
        }
        for (auto& waiter : woken)
            asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
    }

    /// Returns when `ready()` is true, the deadline has passed or the coroutine is cancelled: what `ready()` says then.
    /// `ready` is called on the waiting core and must be safe against whoever changes the condition; never again after
    /// it was true.
    template <class Ready>
    Task<bool> wait(Ready ready, Clock::time_point deadline = Clock::time_point::max()) {
        const auto executor = co_await asio::this_coro::executor;
        const auto waiter = std::make_shared<Waiter>(executor);
        while (!ready()) {
            waiter->timer.expires_at(deadline);
            {
                const std::scoped_lock lock(mutex_);
                waiters_.push_back(waiter);
            }
            // A change between the look above and the registration has notified nobody: look again. One after it posts
            // to this core, and is therefore only run once the wait below has begun.
            // `ready` may claim something when it is true: once it was, nobody asks it again.
            if (ready()) {
                forget(waiter);
                co_return true;
            }
            co_await waiter->timer.async_wait(as_result);
            forget(waiter);
            const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
            if (cancelled != asio::cancellation_type::none || Clock::now() >= deadline)
                co_return ready();
        }
        co_return true;
    }

  private:
    struct Waiter {
        explicit Waiter(const Executor& executor) : timer(executor) {}
        asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer;
    };

    void forget(const std::shared_ptr<Waiter>& waiter) {
        const std::scoped_lock lock(mutex_);
        std::erase(waiters_, waiter);
    }

    std::mutex mutex_; // held for a push or a swap, never across a wait
    std::vector<std::shared_ptr<Waiter>> waiters_;
};

} // namespace yizhan
