#include "proxy/notifier.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <optional>

namespace yizhan {
namespace {

// Whoever renders a page claims it in the predicate: asked once more, it would wait for itself.
TEST(Notifier, APredicateThatWasTrueIsNotAskedAgain) {
    asio::io_context core;
    Notifier changed;
    int asked = 0;
    std::optional<bool> said;
    const auto waits = [&]() -> Task<void> {
        said = co_await changed.wait([&] { return ++asked == 2; },
                                     Notifier::Clock::now() + std::chrono::milliseconds(200));
    };
    asio::co_spawn(core, waits(), asio::detached);
    core.run();
    EXPECT_EQ(said, true);
    EXPECT_EQ(asked, 2);
}

TEST(Notifier, WhoWaitsIsWokenAndPastTheDeadlineToldHowItStands) {
    asio::io_context core;
    Notifier changed;
    bool ready = false;
    std::optional<bool> late, woken;
    const auto waits = [&](std::optional<bool>& said, std::chrono::milliseconds patience) -> Task<void> {
        said = co_await changed.wait([&] { return ready; }, Notifier::Clock::now() + patience);
    };
    asio::co_spawn(core, waits(late, std::chrono::milliseconds(1)), asio::detached);
    core.run();
    EXPECT_EQ(late, false);
    core.restart();
    asio::co_spawn(core, waits(woken, std::chrono::seconds(20)), asio::detached);
    asio::post(core, [&] {
        ready = true;
        changed.notify_all();
    });
    core.run();
    EXPECT_EQ(woken, true);
}

} // namespace
} // namespace yizhan
