// One thread that takes what waits, all of it at once, so that many commits share the price of one sync. It rests
// between groups: two hundred small files that a resolver fetches in half a second are a few groups then, and leave the
// processor and the disk to those who wait for the next ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace yizhan {

/// How long a queue rests after a group: so many times as long as that took, `longest` at most.
struct Rest {
    int times = 3;
    std::chrono::milliseconds longest{250};
};

/// Items leave in the order in which they came, in groups of at most `group_size`. A full one waits for no rest. `push`
/// and `hurry` from any thread.
template <class Item>
class CommitQueue {
  public:
    using Run = std::function<void(std::vector<Item>&)>;

    CommitQueue(std::size_t group_size, Run run, Rest rest = {})
        : group_size_(group_size), run_(std::move(run)), rest_(rest), thread_([this] { work(); }) {}

    /// Runs what still waits, then ends the thread. Not from within `run`.
    ~CommitQueue() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        waiting_.notify_one();
        thread_.join();
    }

    CommitQueue(const CommitQueue&) = delete;
    CommitQueue& operator=(const CommitQueue&) = delete;

    void push(Item item) {
        bool changes_anything = false; // a thread that rests is not woken for each
        {
            const std::lock_guard lock(mutex_);
            items_.push_back(std::move(item));
            changes_anything = items_.size() == 1 || items_.size() == group_size_;
        }
        if (changes_anything)
            waiting_.notify_one();
    }

    /// Somebody waits for what was pushed: its group waits for no rest.
    void hurry() {
        {
            const std::lock_guard lock(mutex_);
            hurried_ = true;
        }
        waiting_.notify_one();
    }

    /// A whole group or more waits.
    bool crowded() const {
        const std::lock_guard lock(mutex_);
        return items_.size() >= group_size_;
    }

    /// True within `run`.
    bool on_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  private:
    using Clock = std::chrono::steady_clock;

    void work() {
        Clock::time_point rested{};
        for (;;) {
            auto group = take(rested);
            if (group.empty())
                return;
            const auto began = Clock::now();
            run_(group);
            const auto ended = Clock::now();
            rested = ended + std::min<Clock::duration>(rest_.times * (ended - began), rest_.longest);
        }
    }

    std::vector<Item> take(Clock::time_point rested) {
        std::unique_lock lock(mutex_);
        waiting_.wait(lock, [this] { return stopping_ || !items_.empty(); });
        waiting_.wait_until(lock, rested, [this] { return stopping_ || hurried_ || items_.size() >= group_size_; });
        const auto count = static_cast<std::ptrdiff_t>(std::min(group_size_, items_.size()));
        std::vector<Item> group(std::make_move_iterator(items_.begin()),
                                std::make_move_iterator(items_.begin() + count));
        items_.erase(items_.begin(), items_.begin() + count);
        hurried_ = hurried_ && !items_.empty();
        return group;
    }

    std::size_t group_size_;
    Run run_;
    Rest rest_;
    mutable std::mutex mutex_;
    std::condition_variable waiting_;
    std::deque<Item> items_;
    bool stopping_ = false;
    bool hurried_ = false;
    std::thread thread_; // last: it uses all of the above
};

} // namespace yizhan
