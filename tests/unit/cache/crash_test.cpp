// Kill points: a child is ended at every step of the commit order, and the store it leaves is looked through.
#include "tests/unit/cache/store_fixture.hpp"

#include <set>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>

extern char** environ;

namespace yizhan {
namespace {

namespace fs = std::filesystem;

struct KillPoint {
    CommitStep step;
    const char* name;
};

/// What the child was told, in order.
struct Oracle {
    std::map<std::string, Sha256> objects; // path → digest
    std::set<Sha256> erasing;              // begun
    std::set<Sha256> erased;               // acknowledged
    std::optional<Sha256> page;            // acknowledged last
    std::optional<Sha256> putting;         // begun last

    explicit Oracle(const fs::path& path) {
        std::istringstream lines(read_file(path));
        for (std::string line; std::getline(lines, line);) {
            const auto space = line.find(' ');
            const auto verb = line.substr(0, space);
            const auto digest = Sha256::from_hex(line.substr(space + 1, 64)).value();
            if (verb == "object")
                objects[line.substr(space + 66)] = digest;
            else if (verb == "erasing")
                erasing.insert(digest);
            else if (verb == "erased")
                erased.insert(digest);
            else if (verb == "putting")
                putting = digest;
            else if (verb == "page")
                page = digest;
        }
    }
};

class CrashTest : public testing::TestWithParam<KillPoint> {
  protected:
    /// The child's exit code.
    int run_child(int count) {
        const auto step = std::to_string(static_cast<int>(GetParam().step));
        const auto times = std::to_string(count);
        const std::string program = YIZHAN_CRASH_CHILD;
        std::vector<const char*> arguments{program.c_str(), data.c_str(),  oracle.c_str(),
                                           step.c_str(),    times.c_str(), nullptr};
        pid_t child = 0;
        EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, const_cast<char**>(arguments.data()), environ),
                  0);
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
        return WEXITSTATUS(status);
    }

    void expect_whole_blobs() {
        for (const auto& [path, bytes] : files_below(data / "blobs"))
            EXPECT_EQ(sha256(bytes).hex(), fs::path(path).filename()) << "a file has other bytes than its name says";
    }

    void expect_acknowledged(const Store& store, const Oracle& known) {
        for (const auto& [path, digest] : known.objects) {
            const auto blob = store.find(path);
            if (known.erased.contains(digest)) {
                EXPECT_FALSE(blob) << path << " was erased";
                EXPECT_FALSE(fs::exists(blob_path(data, digest)));
                continue;
            }
            if (known.erasing.contains(digest) && !blob) {
                EXPECT_FALSE(fs::exists(blob_path(data, digest))) << path << " is erased, and its file is not";
                continue;
            }
            ASSERT_TRUE(blob) << path << " was acknowledged";
            const auto bytes = blob->read_all(1 << 20);
            ASSERT_TRUE(bytes);
            EXPECT_EQ(sha256(*bytes), digest) << path;
        }
        const auto page = store.find_document("page");
        if (known.page) {
            ASSERT_TRUE(page);
            EXPECT_TRUE(page->digest == known.page || page->digest == known.putting);
        }
        if (page)
            EXPECT_TRUE(store.find(page->digest)) << "a document's row without its bytes";
    }

    TempFolder folder;
    fs::path data = folder.path() / "data";
    fs::path oracle = folder.path() / "oracle";
};

TEST_P(CrashTest, WhatWasAcknowledgedIsThereAndNothingHalfDoneIsServed) {
    int kills = 0;
    for (const int count : {1, 2, 3, 5, 8, 13, 21}) {
        fs::remove_all(data);
        fs::remove(oracle);
        const int exit = run_child(count);
        if (exit == 0)
            break; // the work has fewer of these steps
        ASSERT_EQ(exit, 9);
        ++kills;
        const Oracle known(oracle);
        for (const bool again : {false, true}) {
            SCOPED_TRACE(std::string("killed at time ") + std::to_string(count) + (again ? ", second start" : ""));
            const auto store = open_store(data);
            ASSERT_TRUE(store);
            EXPECT_EQ(file_count(data / "partial"), 0u);
            EXPECT_FALSE(fs::exists(data / "objects.log.new"));
            EXPECT_FALSE(store->stats().rebuilt && !known.objects.empty()) << "a crash is no damage";
            expect_acknowledged(*store, known);
            expect_whole_blobs();
        }
    }
    EXPECT_GT(kills, 0) << "the work never comes to this step";
}

TEST_P(CrashTest, AKillDuringTheRecoveryFromAKillIsNoWorse) {
    if (run_child(2) != 9)
        GTEST_SKIP() << "the work has fewer of these steps";
    const Oracle known(oracle);
    ASSERT_EQ(run_child(1), 9); // the same work again, on what is left
    const Oracle later(oracle);
    const auto store = open_store(data);
    ASSERT_TRUE(store);
    for (const auto& [path, digest] : known.objects)
        if (!later.erasing.contains(digest))
            EXPECT_TRUE(store->find(path)) << path;
    expect_whole_blobs();
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Steps, CrashTest,
    testing::Values(KillPoint{CommitStep::sync_data, "SyncData"}, KillPoint{CommitStep::rename_blob, "RenameBlob"},
                    KillPoint{CommitStep::sync_folder, "SyncFolder"}, KillPoint{CommitStep::append_log, "AppendLog"},
                    KillPoint{CommitStep::sync_log, "SyncLog"}, KillPoint{CommitStep::write_batch, "WriteBatch"},
                    KillPoint{CommitStep::unlink_blob, "UnlinkBlob"}, KillPoint{CommitStep::acknowledge, "Acknowledge"},
                    KillPoint{CommitStep::rewrite_log, "RewriteLog"}, KillPoint{CommitStep::replace_log, "ReplaceLog"}),
    [](const auto& point) { return point.param.name; });

} // namespace
} // namespace yizhan
