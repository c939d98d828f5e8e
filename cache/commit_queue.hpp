// One thread that takes what waits, all of it at once, so that many commits share the price of one sync.
#pragma once

#include <algorithm>
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

/// Items leave in the order in which they came, in groups of at most `group_size`. `push` from any thread.
template <class Item>
class CommitQueue {
  public:
    using Run = std::function<void(std::vector<Item>&)>;

    CommitQueue(std::size_t group_size, Run run)
        : group_size_(group_size), run_(std::move(run)), thread_([this] { work(); }) {}

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
        {
            const std::lock_guard lock(mutex_);
            items_.push_back(std::move(item));
        }
        waiting_.notify_one();
    }

    /// True within `run`.
    bool on_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  private:
    void work() {
        for (;;) {
            auto group = take();
            if (group.empty())
                return;
            run_(group);
        }
    }

    std::vector<Item> take() {
        std::unique_lock lock(mutex_);
        waiting_.wait(lock, [this] { return stopping_ || !items_.empty(); });
        const auto count = static_cast<std::ptrdiff_t>(std::min(group_size_, items_.size()));
        std::vector<Item> group(std::make_move_iterator(items_.begin()),
                                std::make_move_iterator(items_.begin() + count));
        items_.erase(items_.begin(), items_.begin() + count);
        return group;
    }

    std::size_t group_size_;
    Run run_;
    std::mutex mutex_;
    std::condition_variable waiting_;
    std::deque<Item> items_;
    bool stopping_ = false;
    std::thread thread_; // last: it uses all of the above
};

} // namespace yizhan
