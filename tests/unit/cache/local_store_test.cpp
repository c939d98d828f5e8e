#include "cache/changes.hpp"
#include "cache/local_store.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public testing::Test {
  protected:
    void reopen() {
        store.reset();
        store = open_store(data);
    }

    /// Waits until everything pushed so far has been done: the commit thread works in order.
    void settle() { erase(*store, sha256("never there")).value(); }

    TempFolder folder;
    fs::path data = folder.path() / "not" / "yet" / "there";
    std::unique_ptr<Store> store = open_store(data);
};

TEST_F(LocalStoreTest, WhatWasCommittedIsFoundByPathAndByDigest) {
    const auto committed = commit(*store, "six", "pypi/six.whl", Grade::root);
    ASSERT_TRUE(committed);
    EXPECT_EQ(committed->digest(), sha256("six"));
    EXPECT_EQ(committed->size(), 3u);
    EXPECT_EQ(committed->read_all(3).value(), "six");
    EXPECT_EQ(found(*store, "pypi/six.whl"), "six");
    EXPECT_EQ(store->find(sha256("six"))->read_all(3).value(), "six");
    reopen();
    EXPECT_EQ(found(*store, "pypi/six.whl"), "six");
}

TEST_F(LocalStoreTest, AnEmptyFileIsAnObjectToo) {
    ASSERT_TRUE(commit(*store, "", "empty"));
    EXPECT_EQ(found(*store, "empty"), "");
}

TEST_F(LocalStoreTest, ABlobWithoutAPathIsFoundByDigestAlone) {
    ASSERT_TRUE(commit(*store, "alone", ""));
    EXPECT_TRUE(store->find(sha256("alone")));
    EXPECT_EQ(found(*store, ""), "(miss)");
    EXPECT_EQ(store->stats().objects, 0u);
}

TEST_F(LocalStoreTest, PathsAreKeysAndNeverFiles) {
    const auto earlier = file_count(folder.path());
    for (const auto& path : {std::string("../../../escape"), std::string("/etc/passwd"), std::string("a\0b", 3),
                             std::string("a\nb"), std::string("驿站")}) {
        ASSERT_TRUE(commit(*store, "x" + path, path));
        EXPECT_EQ(found(*store, path), "x" + path);
    }
    EXPECT_EQ(found(*store, "a"), "(miss)");
    EXPECT_EQ(file_count(folder.path()), earlier + 5) << "one blob each, nothing else";
}

TEST_F(LocalStoreTest, PathsAndSourcesHaveABound) {
    const auto refused = commit(*store, "six", std::string(9000, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_TRUE(commit(*store, "six", std::string(8000, '%')));
    EXPECT_FALSE(store->put_document(std::string(9000, 'x'), "page", document("page")));
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

TEST_F(LocalStoreTest, LinkNamesABlobThatIsHereAndNoOther) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    ASSERT_TRUE(link(*store, sha256("six"), "b"));
    EXPECT_EQ(found(*store, "b"), "six");
    const auto missing = link(*store, sha256("seven"), "c");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    fs::remove(blob_path(data, sha256("six")));
    EXPECT_FALSE(link(*store, sha256("six"), "d"));
}

TEST_F(LocalStoreTest, AnErasureForgetsEveryPathAndFreesTheFile) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    ASSERT_TRUE(link(*store, sha256("six"), "b"));
    const auto reader = store->find("a");
    ASSERT_TRUE(erase(*store, sha256("six")));
    EXPECT_EQ(found(*store, "a"), "(miss)");
    EXPECT_EQ(found(*store, "b"), "(miss)");
    EXPECT_FALSE(store->find(sha256("six")));
    EXPECT_FALSE(fs::exists(blob_path(data, sha256("six"))));
    EXPECT_EQ(reader->read_all(3).value(), "six") << "who holds it reads on";
    EXPECT_TRUE(erase(*store, sha256("six"))) << "twice is no error";
    reopen();
    EXPECT_EQ(found(*store, "a"), "(miss)");
}

TEST_F(LocalStoreTest, APathThatWasAskedForLeadsToItsNewBytesOnceTheyAreAcknowledged) {
    ASSERT_TRUE(commit(*store, "old", "page", Grade::seen));
    EXPECT_EQ(found(*store, "page"), "old");
    for (int i = 0; i < 3; ++i) {
        const auto bytes = "new " + std::to_string(i);
        ASSERT_TRUE(commit(*store, bytes, "page", Grade::seen));
        EXPECT_EQ(found(*store, "page"), bytes);
        EXPECT_EQ(found(*store, "page"), bytes);
    }
    ASSERT_TRUE(erase(*store, sha256("new 2")));
    EXPECT_EQ(found(*store, "page"), "(miss)");
}

TEST_F(LocalStoreTest, ADeletedBlobIsAMissAndIsForgotten) {
    ASSERT_TRUE(commit(*store, "six", "a"));
    ASSERT_EQ(found(*store, "a"), "six"); // its descriptor is cached
    fs::remove(blob_path(data, sha256("six")));
    EXPECT_EQ(found(*store, "a"), "(miss)");
    settle();
    EXPECT_EQ(store->stats().objects, 0u);
    EXPECT_EQ(store->stats().blobs, 0u);
}

TEST_F(LocalStoreTest, ABlobOfTheWrongSizeIsAMissAndIsForgotten) {
    for (const std::string wrong : {"", "si", "sixty"}) {
        ASSERT_TRUE(commit(*store, "six", "a"));
        const auto path = blob_path(data, sha256("six"));
        fs::remove(path);
        write_file(path, wrong);
        EXPECT_EQ(found(*store, "a"), "(miss)") << wrong;
        settle();
        EXPECT_EQ(store->stats().blobs, 0u) << wrong;
        EXPECT_FALSE(fs::exists(path)) << "a wrong file is not left to be adopted";
    }
}

TEST_F(LocalStoreTest, AFillThatIsNotCommittedLeavesNothing) {
    {
        const auto fill = filled(*store, "half");
    }
    EXPECT_EQ(file_count(data / "partial"), 0u);
    auto fill = std::make_unique<Fill>(filled(*store, "outlives the store"));
    store.reset();
    fill.reset();
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

TEST_F(LocalStoreTest, AFillIsReadableWhileItGrows) {
    auto fill = std::move(*store->begin(Identity{}, std::nullopt));
    ASSERT_TRUE(fill.write(0, as_bytes("abc")));
    EXPECT_EQ(fill.written(), 3u);
    const Blob growing(fill.file());
    ASSERT_TRUE(fill.write(3, as_bytes("def")));
    char bytes[6];
    ASSERT_EQ(pread(growing.fd(), bytes, 6, 0), 6);
    EXPECT_EQ(std::string_view(bytes, 6), "abcdef");
}

TEST_F(LocalStoreTest, LeftoversOfAFormerRunAreRemovedAndCounted) {
    store.reset();
    write_file(data / "partial" / "7", "half");
    write_file(data / "partial" / "8", "half");
    store = open_store(data);
    EXPECT_EQ(store->stats().partials_removed, 2u);
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

// Nothing of a new folder has to be compared with anything: what a sweep of it would find are files that somebody else
// takes away meanwhile, and it would forget them before whoever puts them back.
TEST_F(LocalStoreTest, ANewStoreIsNotSweptAndEndsClean) {
    store.reset();
    const auto catalog = Catalog::open(data / "catalog");
    ASSERT_TRUE(catalog);
    const auto position = read_log_position(**catalog);
    ASSERT_TRUE(position && *position);
    EXPECT_TRUE((*position)->clean);
}

TEST_F(LocalStoreTest, ASecondStoreOnTheSameFolderIsRefused) {
    const auto second = Store::open(data, {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::refused);
}

TEST_F(LocalStoreTest, AFolderThatCannotBeMadeIsAnError) {
    write_file(folder.path() / "file", "");
    const auto refused = Store::open(folder.path() / "file" / "data", {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::io);
}

TEST_F(LocalStoreTest, MinFreeIsKept) {
    store.reset();
    store = open_store(data, {.min_free = ~0ull, .on_step = {}});
    const auto space = file_system_space(data);
    ASSERT_TRUE(space);
    const auto refused = store->begin(Identity{}, space->available - space->total / 40);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::no_space);
}

TEST_F(LocalStoreTest, DocumentsAreFoundWithTheirValidatorsAndBytes) {
    const auto stored = store->put_document("pypi/simple/six/", "<html>", document("<html>", 77));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->read_all(100).value(), "<html>");
    reopen();
    const auto row = store->find_document("pypi/simple/six/");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->digest, sha256("<html>"));
    EXPECT_EQ(row->checked_at, 77);
    EXPECT_EQ(row->url, "https://index.example.org/simple/six/");
    EXPECT_EQ(store->find(row->digest)->read_all(100).value(), "<html>");
    EXPECT_EQ(store->find_document("pypi/simple/seven/"), std::nullopt);
}

TEST_F(LocalStoreTest, DocumentsOfAllSizesAreKept) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{64} << 10, (std::size_t{64} << 10) + 1}) {
        const std::string bytes(size, 'p');
        const auto stored = store->put_document(std::to_string(size), bytes, document(bytes));
        ASSERT_TRUE(stored) << size;
        EXPECT_EQ(stored->read_all(100'000).value(), bytes);
    }
    EXPECT_TRUE(fs::is_empty(data / "partial"));
}

TEST_F(LocalStoreTest, ADocumentWhoseDigestIsNotItsBytesIsRefused) {
    const auto refused = store->put_document("key", "bytes", document("other bytes"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::digest_mismatch);
    EXPECT_EQ(store->find_document("key"), std::nullopt);
}

TEST_F(LocalStoreTest, AReplacedDocumentsBlobIsErased) {
    ASSERT_TRUE(store->put_document("key", "old", document("old")));
    ASSERT_TRUE(store->put_document("other key", "shared", document("shared")));
    ASSERT_TRUE(store->put_document("key", "shared", document("shared")));
    EXPECT_FALSE(store->find(sha256("old")));
    EXPECT_FALSE(fs::exists(blob_path(data, sha256("old"))));
    ASSERT_TRUE(store->put_document("key", "new", document("new")));
    EXPECT_TRUE(store->find(sha256("shared"))) << "another document is still these bytes";
    EXPECT_EQ(store->stats().blobs, 2u);
    EXPECT_EQ(store->stats().documents, 2u);
}

TEST_F(LocalStoreTest, ADocumentThatAlsoIsAnObjectIsNotErasedWithTheDocument) {
    ASSERT_TRUE(commit(*store, "both", "file"));
    ASSERT_TRUE(store->put_document("key", "both", document("both")));
    ASSERT_TRUE(store->put_document("key", "new", document("new")));
    EXPECT_EQ(found(*store, "file"), "both");
}

TEST_F(LocalStoreTest, ADocumentStoredAgainUnchangedTakesItsNewValidators) {
    ASSERT_TRUE(store->put_document("key", "same", document("same", 1)));
    ASSERT_TRUE(store->put_document("key", "same", document("same", 2)));
    EXPECT_EQ(store->find_document("key")->checked_at, 2);
    EXPECT_EQ(store->stats().blobs, 1u);
}

TEST_F(LocalStoreTest, ADocumentWhoseBlobIsGoneIsForgottenAndCanBeStoredAgain) {
    ASSERT_TRUE(store->put_document("key", "page", document("page")));
    fs::remove(blob_path(data, sha256("page")));
    ASSERT_TRUE(store->put_document("key", "page", document("page")));
    EXPECT_EQ(store->find(sha256("page"))->read_all(10).value(), "page");
    EXPECT_TRUE(store->find_document("key"));
}

TEST_F(LocalStoreTest, TouchChangesTheTimeAlone) {
    ASSERT_TRUE(store->put_document("key", "page", document("page", 1)));
    ASSERT_TRUE(store->touch_document("key", 2));
    reopen();
    const auto row = store->find_document("key");
    EXPECT_EQ(row->checked_at, 2);
    EXPECT_EQ(row->etag, "\"e1\"");
    const auto missing = store->touch_document("no such key", 2);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_EQ(store->find_document("no such key"), std::nullopt);
}

TEST_F(LocalStoreTest, DocumentKeysAreListedByPrefixInOrderUpToALimit) {
    for (const auto* key : {"pypi/b", "pypi/a", "conda/a", "pypi/c"})
        ASSERT_TRUE(store->put_document(key, key, document(key)));
    using Keys = std::vector<std::string>;
    EXPECT_EQ(store->document_keys("pypi/", 10), (Keys{"pypi/a", "pypi/b", "pypi/c"}));
    EXPECT_EQ(store->document_keys("pypi/", 2), (Keys{"pypi/a", "pypi/b"}));
    EXPECT_EQ(store->document_keys("pypi/", 0), Keys{});
    EXPECT_EQ(store->document_keys("nvidia/", 10), Keys{});
    EXPECT_EQ(store->document_keys("", 10).size(), 4u);
}

TEST_F(LocalStoreTest, StatsCountWhatIsThere) {
    ASSERT_TRUE(commit(*store, "three", "a"));
    ASSERT_TRUE(commit(*store, "three", "b"));
    ASSERT_TRUE(store->put_document("key", "page", document("page")));
    const auto stats = store->stats();
    EXPECT_EQ(stats.blobs, 2u);
    EXPECT_EQ(stats.bytes, 9u);
    EXPECT_EQ(stats.objects, 2u);
    EXPECT_EQ(stats.documents, 1u);
    EXPECT_FALSE(stats.rebuilt);
}

TEST_F(LocalStoreTest, AHandlerMayAskForMoreButNotWait) {
    std::promise<bool> refused;
    Waiter<Blob> linked;
    store->commit(filled(*store, "six"), sha256("six"), {"a", Grade::seen, ""}, [&](const Result<Blob>& result) {
        EXPECT_TRUE(result);
        EXPECT_EQ(found(*store, "a"), "six") << "acknowledged means visible";
        store->link(sha256("six"), {"b", Grade::seen, ""}, linked.handler());
        try {
            EXPECT_FALSE(store->put_document("key", "page", document("page"))) << "not reached";
            refused.set_value(false);
        } catch (const std::logic_error&) {
            refused.set_value(true);
        }
    });
    EXPECT_TRUE(refused.get_future().get());
    EXPECT_TRUE(linked.get());
}

TEST_F(LocalStoreTest, ReadersWritersAndErasersMayMeet) {
    constexpr int names = 12;
    constexpr int rounds = 40;
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> readers;
        readers.reserve(2);
        for (int k = 0; k < 2; ++k)
            readers.emplace_back([&] {
                while (!stop)
                    for (int i = 0; i < names; ++i) {
                        const auto read = found(*store, "path " + std::to_string(i));
                        wrong += read != "(miss)" && read != "bytes " + std::to_string(i);
                        static_cast<void>(store->find_document("key " + std::to_string(i)));
                        static_cast<void>(store->stats());
                    }
            });
        std::vector<std::jthread> writers;
        writers.reserve(2);
        for (int k = 0; k < 2; ++k)
            writers.emplace_back([&, k] {
                for (int round = 0; round < rounds; ++round) {
                    const auto name = std::to_string((round * 7 + k) % names);
                    const auto bytes = "bytes " + name;
                    EXPECT_TRUE(commit(*store, bytes, "path " + name));
                    if (round % 3 == k)
                        EXPECT_TRUE(erase(*store, sha256(bytes)));
                    const auto page = "page " + std::to_string(round);
                    EXPECT_TRUE(store->put_document("key " + name, page, document(page)));
                    if (const auto touched = store->touch_document("key " + name, round); !touched)
                        EXPECT_EQ(touched.error().code, Errc::not_found) << "it may be erased by now";
                    EXPECT_TRUE(store->put_ledger(std::vector<Store::LedgerRow>{
                        {name, {sha256(bytes), Grade::root, std::nullopt, "", std::nullopt, false}}}));
                }
            });
        writers.clear();
        stop = true;
    }
    EXPECT_EQ(wrong, 0);
    reopen();
    EXPECT_FALSE(store->stats().rebuilt) << "the rows add up";
}

} // namespace
} // namespace yizhan
