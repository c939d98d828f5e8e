#include "cache/committer.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <algorithm>
#include <latch>
#include <mutex>

namespace yizhan {
namespace {

using enum CommitStep;

/// Notes every step, and can fail one of them.
class Steps {
  public:
    Store::Options options() {
        return {.min_free = 0, .on_step = [this](CommitStep step) { return take(step); }};
    }
    void fail_once(CommitStep step, int error = EIO) {
        const std::lock_guard lock(mutex_);
        failing_ = {step, error};
    }
    std::vector<CommitStep> taken() {
        const std::lock_guard lock(mutex_);
        return std::exchange(taken_, {});
    }
    std::ptrdiff_t count(CommitStep step) { return std::ranges::count(taken(), step); }

  private:
    int take(CommitStep step) {
        const std::lock_guard lock(mutex_);
        taken_.push_back(step);
        if (!failing_ || failing_->first != step)
            return 0;
        return std::exchange(failing_, std::nullopt)->second;
    }

    std::mutex mutex_;
    std::vector<CommitStep> taken_;
    std::optional<std::pair<CommitStep, int>> failing_;
};

class CommitterTest : public testing::Test {
  protected:
    void SetUp() override { steps.taken(); }
    void reopen() {
        store.reset();
        store = open_store(folder.path(), steps.options());
    }
    std::size_t blobs() const { return file_count(folder.path() / "blobs"); }
    std::size_t partials() const { return file_count(folder.path() / "partial"); }

    /// Holds the commit thread in a handler, so that what is pushed meanwhile is one group.
    template <class F>
    void as_one_group(F push) {
        auto held = std::make_shared<std::latch>(1);
        auto let_go = std::make_shared<std::latch>(1); // the handler may still look at it when this function has ended
        store->commit(filled(*store, "holds the thread"), sha256("holds the thread"), {},
                      [held, let_go](const Result<Blob>&) {
                          held->count_down();
                          let_go->wait();
                      });
        held->wait();
        steps.taken();
        push();
        let_go->count_down();
    }

    Steps steps;
    TempFolder folder;
    std::unique_ptr<Store> store = open_store(folder.path(), steps.options());
};

TEST_F(CommitterTest, ACommitTakesItsStepsInThePromisedOrder) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    EXPECT_EQ(steps.taken(),
              (std::vector{sync_data, rename_blob, sync_folder, append_log, sync_log, write_batch, acknowledge}));
}

TEST_F(CommitterTest, DocumentsAreHandedOverWithoutASyncAndTheLastOneStands) {
    Waiter<Blob> first, second, refused;
    const auto page = [](std::string_view bytes) { return Document{sha256(bytes), "", "", "", "", 0}; };
    as_one_group([&] { // the commit thread is held: whoever waited for it would wait for ever
        store->put_document("key", "first", page("first"), first.handler());
        store->put_document("key", "second", page("second"), second.handler());
        store->put_document("key", "third", page("another one"), refused.handler());
        EXPECT_EQ(refused.get().error().code, Errc::digest_mismatch);
        EXPECT_FALSE(store->find_document("key"));
    });
    EXPECT_TRUE(first.get());
    EXPECT_TRUE(second.get());
    EXPECT_EQ(store->find_document("key")->digest, sha256("second"));
    EXPECT_FALSE(store->find(sha256("first")));
    EXPECT_EQ(steps.count(sync_log), 1) << "one group";
}

TEST_F(CommitterTest, AnErasureUnlinksLast) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    steps.taken();
    ASSERT_TRUE(erase(*store, sha256("six")));
    EXPECT_EQ(steps.taken(), (std::vector{append_log, sync_log, write_batch, unlink_blob, acknowledge}));
    EXPECT_EQ(blobs(), 0u);
}

TEST_F(CommitterTest, WhatWaitsSharesOneSyncOfTheLogAndOneBatch) {
    std::vector<Waiter<Blob>> waiters(20);
    as_one_group([&] {
        for (std::size_t i = 0; i < waiters.size(); ++i) {
            const auto bytes = "bytes " + std::to_string(i);
            store->commit(filled(*store, bytes), sha256(bytes), {"path " + std::to_string(i), Grade::seen, ""},
                          waiters[i].handler());
        }
    });
    for (auto& waiter : waiters)
        EXPECT_TRUE(waiter.get());
    const auto taken = steps.taken();
    EXPECT_EQ(std::ranges::count(taken, sync_data), 20);
    EXPECT_EQ(std::ranges::count(taken, sync_log), 1);
    EXPECT_EQ(std::ranges::count(taken, write_batch), 1);
}

TEST_F(CommitterTest, AFailureAtAnyStepIsToldAndLeavesNothingBehind) {
    for (const auto step : {sync_data, rename_blob, sync_folder, append_log, sync_log, write_batch}) {
        const auto log = read_file(folder.path() / "objects.log");
        steps.fail_once(step);
        const auto failed = commit(*store, "six", "a");
        ASSERT_FALSE(failed) << int(step);
        EXPECT_EQ(failed.error().code, Errc::io) << failed.error().message;
        EXPECT_EQ(found(*store, "a"), "(miss)") << int(step);
        EXPECT_EQ(blobs(), 0u) << int(step);
        EXPECT_EQ(partials(), 0u) << int(step);
        EXPECT_EQ(read_file(folder.path() / "objects.log"), log) << int(step);
        ASSERT_TRUE(commit(*store, "seven", "b")) << "the next commit is not harmed by a failure at " << int(step);
        reopen();
        EXPECT_EQ(found(*store, "a"), "(miss)") << int(step);
        EXPECT_EQ(found(*store, "b"), "seven") << int(step);
        ASSERT_TRUE(erase(*store, sha256("seven")));
    }
}

TEST_F(CommitterTest, AFailedSyncOfOneFillHarmsNoOther) {
    Waiter<Blob> first;
    Waiter<Blob> second;
    as_one_group([&] {
        steps.fail_once(sync_data);
        store->commit(filled(*store, "first"), sha256("first"), {"first", Grade::seen, ""}, first.handler());
        store->commit(filled(*store, "second"), sha256("second"), {"second", Grade::seen, ""}, second.handler());
    });
    const auto failed = first.get();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("dropped"), std::string::npos) << failed.error().message;
    EXPECT_TRUE(second.get());
    EXPECT_EQ(found(*store, "second"), "second");
}

TEST_F(CommitterTest, ADocumentThatCannotBeWrittenWhenItsTurnComesHarmsNoOther) {
    const auto partial = folder.path() / "partial";
    const Document page{sha256("<html>"), "", "", "", "", 0};
    ASSERT_TRUE(commit(*store, "six", "a"));
    Waiter<Blob> document;
    Waiter<Blob> other;
    as_one_group([&] {
        store->put_document("page", "<html>", page, document.handler());
        store->commit(filled(*store, "six"), sha256("six"), {"b", Grade::seen, ""}, other.handler());
        std::filesystem::rename(partial, folder.path() / "away");
    });
    const auto failed = document.get();
    EXPECT_TRUE(other.get());
    std::filesystem::rename(folder.path() / "away", partial);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::io);
    EXPECT_FALSE(store->find_document("page"));
    EXPECT_EQ(found(*store, "b"), "six");
    ASSERT_TRUE(store->put_document("page", "<html>", page)) << "the next one is kept";
    reopen();
    EXPECT_EQ(store->find_document("page")->digest, sha256("<html>"));
}

TEST_F(CommitterTest, AFullDiskIsNamedAsSuch) {
    steps.fail_once(append_log, ENOSPC);
    const auto failed = commit(*store, "six", "a");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::no_space);
}

TEST_F(CommitterTest, AfterAFailedSyncOfTheLogItIsWrittenAnewInAnotherFile) {
    ASSERT_TRUE(commit(*store, "one", "1"));
    const auto old_log = read_file(folder.path() / "objects.log");
    steps.fail_once(sync_log);
    ASSERT_FALSE(commit(*store, "two", "2"));
    steps.taken();
    ASSERT_TRUE(commit(*store, "three", "3"));
    const auto taken = steps.taken();
    EXPECT_EQ(std::ranges::count(taken, rewrite_log), 1);
    EXPECT_EQ(std::ranges::count(taken, replace_log), 1);
    const auto new_log = read_file(folder.path() / "objects.log");
    EXPECT_NE(new_log.substr(0, new_log.find('\n')), old_log.substr(0, old_log.find('\n'))) << "another generation";
    EXPECT_EQ(new_log.find(sha256("two").hex()), std::string::npos);
    EXPECT_NE(new_log.find(sha256("one").hex()), std::string::npos);
    EXPECT_NE(new_log.find(sha256("three").hex()), std::string::npos);
}

TEST_F(CommitterTest, ADigestThatIsHereKeepsItsFileAndGetsThePath) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    const auto before_second = std::filesystem::hard_link_count(blob_path(folder.path(), sha256("six")));
    const auto time = std::filesystem::last_write_time(blob_path(folder.path(), sha256("six")));
    steps.taken();
    ASSERT_TRUE(commit(*store, "six", "b"));
    EXPECT_EQ(steps.taken(), (std::vector{append_log, sync_log, write_batch, acknowledge})) << "nothing is renamed";
    EXPECT_EQ(std::filesystem::last_write_time(blob_path(folder.path(), sha256("six"))), time);
    EXPECT_EQ(std::filesystem::hard_link_count(blob_path(folder.path(), sha256("six"))), before_second);
    EXPECT_EQ(found(*store, "a"), "six");
    EXPECT_EQ(found(*store, "b"), "six");
    EXPECT_EQ(store->stats().blobs, 1u);
    EXPECT_EQ(partials(), 0u);
}

TEST_F(CommitterTest, TheSameDigestTwiceInOneGroupIsOneBlob) {
    Waiter<Blob> first;
    Waiter<Blob> second;
    as_one_group([&] {
        store->commit(filled(*store, "same"), sha256("same"), {"a", Grade::seen, ""}, first.handler());
        store->commit(filled(*store, "same"), sha256("same"), {"b", Grade::seen, ""}, second.handler());
    });
    EXPECT_TRUE(first.get());
    EXPECT_TRUE(second.get());
    EXPECT_EQ(steps.count(rename_blob), 1);
    EXPECT_EQ(found(*store, "b"), "same");
}

TEST_F(CommitterTest, ErasedAndCommittedAgainInOneGroupIsThere) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    Waiter<void> erased;
    Waiter<Blob> committed;
    as_one_group([&] {
        store->erase(sha256("six"), erased.handler());
        store->commit(filled(*store, "six"), sha256("six"), {"b", Grade::seen, ""}, committed.handler());
    });
    EXPECT_TRUE(erased.get());
    EXPECT_TRUE(committed.get());
    EXPECT_EQ(found(*store, "a"), "(miss)");
    EXPECT_EQ(found(*store, "b"), "six");
    reopen();
    EXPECT_EQ(found(*store, "a"), "(miss)");
    EXPECT_EQ(found(*store, "b"), "six");
}

TEST_F(CommitterTest, ABlobWhoseFileIsGoneIsPutBackByTheNextCommit) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    std::filesystem::remove(blob_path(folder.path(), sha256("six")));
    ASSERT_TRUE(commit(*store, "six", "b"));
    EXPECT_EQ(found(*store, "a"), "six");
    EXPECT_EQ(found(*store, "b"), "six");
}

TEST_F(CommitterTest, ABlobOfTheWrongSizeIsReplacedByTheNextCommit) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    const auto path = blob_path(folder.path(), sha256("six"));
    std::filesystem::remove(path);
    write_file(path, "half written");
    ASSERT_TRUE(commit(*store, "six", "b"));
    EXPECT_EQ(found(*store, "a"), "six");
}

TEST_F(CommitterTest, AFillWithHolesIsRefused) {
    auto fill = store->begin(Identity{}, 6);
    ASSERT_TRUE(fill->write(3, as_bytes("def")));
    Waiter<Blob> waiter;
    store->commit(std::move(*fill), sha256("abcdef"), {"a", Grade::seen, ""}, waiter.handler());
    const auto refused = waiter.get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_EQ(found(*store, "a"), "(miss)");
}

TEST_F(CommitterTest, AContradictionOfAStrongerWordIsRefusedAndItsBytesAreNotKept) {
    ASSERT_TRUE(commit(*store, "true", "a", Grade::root));
    const auto refused = commit(*store, "false", "a", Grade::seen);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::refused);
    EXPECT_EQ(found(*store, "a"), "true");
    EXPECT_EQ(blobs(), 1u);
}

TEST_F(CommitterTest, ABlobThatAPathHasLeftIsErased) {
    ASSERT_TRUE(commit(*store, "version 1", "latest.sh"));
    ASSERT_TRUE(commit(*store, "version 2", "latest.sh"));
    EXPECT_EQ(found(*store, "latest.sh"), "version 2");
    EXPECT_FALSE(store->find(sha256("version 1")));
    EXPECT_EQ(blobs(), 1u);
    EXPECT_EQ(store->stats().blobs, 1u);
}

TEST_F(CommitterTest, WhatStillWaitsAtTheEndIsCommitted) {
    Waiter<Blob> waiter;
    store->commit(filled(*store, "late"), sha256("late"), {"late", Grade::seen, ""}, waiter.handler());
    reopen();
    EXPECT_TRUE(waiter.get());
    EXPECT_EQ(found(*store, "late"), "late");
}

} // namespace
} // namespace yizhan
