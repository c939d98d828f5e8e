// A process that works on a store and is killed at a chosen step of a commit: crash_child <data> <oracle> <step> <n>
// ends with _exit(9) when it comes to the n-th time of that step, 0 when it never does. What was acknowledged to it, it
// writes to the oracle file, one line each, outside of the store. An operation is announced before it begins.
#include "cache/commit_step.hpp"
#include "cache/store.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <future>
#include <string>
#include <unistd.h>
#include <vector>

namespace yizhan {
namespace {

constexpr int killed = 9;

class Child {
  public:
    Child(const char* data, const char* oracle, int step, int count)
        : oracle_(open(oracle, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)), step_(static_cast<CommitStep>(step)),
          left_(count) {
        auto store = Store::open(data, {.min_free = 0, .on_step = [this](CommitStep at) { return take(at); }});
        if (!store) {
            std::fprintf(stderr, "%s\n", store.error().message.c_str());
            _exit(1);
        }
        store_ = std::move(*store);
    }

    void run() {
        for (int round = 0; round < 6; ++round) {
            burst(round);
            put_page(round);
            if (round % 2 == 1)
                erase(bytes_of(round - 1, 0));
        }
        store_.reset();
    }

  private:
    static std::string bytes_of(int round, int i) {
        return "bytes " + std::to_string(round) + "." + std::to_string(i) +
               std::string(static_cast<std::size_t>(round * 400 + i), 'x');
    }

    int take(CommitStep at) {
        if (at == step_ && --left_ == 0)
            _exit(killed);
        // One failed sync on the way, so that the log is rewritten and its steps come by too.
        return at == CommitStep::sync_log && ++syncs_ == 5 ? EIO : 0;
    }

    void note(const std::string& line) {
        const auto text = line + "\n";
        if (write(oracle_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            _exit(1);
    }

    /// Several commits in flight, so that they share groups.
    void burst(int round) {
        std::vector<std::future<void>> done;
        for (int i = 0; i < 5; ++i) {
            const auto bytes = bytes_of(round, i);
            const auto path = "path " + std::to_string(round) + "." + std::to_string(i);
            auto fill = store_->begin(Identity{}, bytes.size());
            if (!fill || !fill->write(0, as_bytes(bytes)))
                _exit(1);
            auto promise = std::make_shared<std::promise<void>>();
            done.push_back(promise->get_future());
            store_->commit(std::move(*fill), sha256(bytes), {path, Grade::root, "https://files.example.org/"},
                           [this, promise, path, digest = sha256(bytes)](const Result<Blob>& result) {
                               if (result)
                                   note("object " + digest.hex() + " " + path);
                               promise->set_value();
                           });
        }
        for (auto& one : done)
            one.wait();
    }

    void put_page(int round) {
        const auto bytes = "page " + std::to_string(round);
        note("putting " + sha256(bytes).hex());
        if (store_->put_document("page", bytes, {sha256(bytes), "", "", "", "", round}))
            note("page " + sha256(bytes).hex());
    }

    void erase(const std::string& bytes) {
        note("erasing " + sha256(bytes).hex());
        std::promise<void> done;
        store_->erase(sha256(bytes), [&](const Result<void>& result) {
            if (result)
                note("erased " + sha256(bytes).hex());
            done.set_value();
        });
        done.get_future().wait();
    }

    int oracle_;
    CommitStep step_;
    int left_;
    int syncs_ = 0;
    std::unique_ptr<Store> store_;
};

} // namespace
} // namespace yizhan

int main(int argc, char** argv) {
    if (argc != 5)
        return 2;
    yizhan::Child child(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
    child.run();
    return 0;
}
