#include "cache/log_record.hpp"
#include "cache/recovery.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <functional>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(int i) {
    return "bytes " + std::to_string(i) + std::string(static_cast<std::size_t>(i), '.');
}
std::string path_of(int i) {
    return "pypi/packages/" + std::to_string(i) + " +%.whl";
}

/// A store with a history, closed; each test damages it in its own way and looks whether everything is found again.
class RecoveryTest : public testing::Test {
  protected:
    static constexpr int count = 60;

    void SetUp() override {
        {
            const auto store = open_store(data);
            for (int i = 0; i < count; ++i)
                ASSERT_TRUE(commit(*store, bytes_of(i), path_of(i), i % 2 ? Grade::root : Grade::seen));
            ASSERT_TRUE(erase(*store, sha256(bytes_of(0))));
            for (const auto* version : {"old page", "new page"})
                ASSERT_TRUE(store->put_document("pypi/simple/six/", version, document(version)));
            ASSERT_TRUE(commit(*store, "alone", ""));
            ASSERT_TRUE(store->put_ledger(std::vector<Store::LedgerRow>{
                {"pypi/six/six.whl", {sha256("six"), Grade::root, 3, "", std::nullopt, false}}}));
        }
        open_store(data); // moves the write-ahead log's rows into table files
    }

    void expect_everything(const Store& store, const std::string& after) {
        for (int i = 1; i < count; ++i)
            ASSERT_EQ(found(store, path_of(i)), bytes_of(i)) << after;
        EXPECT_EQ(found(store, path_of(0)), "(miss)") << after;
        const auto page = store.find_document("pypi/simple/six/");
        ASSERT_TRUE(page) << after;
        EXPECT_EQ(page->digest, sha256("new page"));
        EXPECT_EQ(page->etag, "\"e1\"");
        EXPECT_TRUE(store.find(page->digest)) << after;
        EXPECT_FALSE(store.find(sha256("old page"))) << after;
        EXPECT_TRUE(store.find(sha256("alone"))) << after;
        EXPECT_EQ(store.stats().objects, static_cast<std::uint64_t>(count - 1)) << after;
        EXPECT_EQ(store.stats().blobs, static_cast<std::uint64_t>(count + 1)) << after;
        EXPECT_EQ(store.stats().documents, 1u) << after;
    }

    std::vector<std::string> catalog_files() const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(data / "catalog"))
            out.push_back(entry.path().filename());
        return out;
    }

    std::size_t set_aside() const {
        std::size_t out = 0;
        for (const auto& entry : fs::directory_iterator(data))
            out += entry.path().filename().string().find(".damaged-") != std::string::npos;
        return out;
    }

    /// Damages every file of the catalog in turn, each time on a fresh copy.
    void damage_each(const std::function<void(const fs::path&)>& damage) {
        const auto files = catalog_files();
        const TempFolder copies;
        const auto original = copies.path() / "original";
        fs::copy(data, original, fs::copy_options::recursive);
        for (const auto& file : files) {
            fs::remove_all(data);
            fs::copy(original, data, fs::copy_options::recursive);
            damage(data / "catalog" / file);
            auto store = open_store(data);
            ASSERT_TRUE(store) << file;
            // A damaged block that only a look-up meets is mended at the next start; until then it is a miss.
            if (found(*store, path_of(1)) == "(miss)") {
                store.reset();
                store = open_store(data);
            }
            expect_everything(*store, file);
        }
    }

    TempFolder folder;
    fs::path data = folder.path() / "data";
};

TEST_F(RecoveryTest, ACleanStartFindsEverythingAndRebuildsNothing) {
    const auto store = open_store(data);
    expect_everything(*store, "nothing");
    EXPECT_FALSE(store->stats().rebuilt);
    EXPECT_TRUE(store->find_ledger("pypi/six/six.whl"));
}

TEST_F(RecoveryTest, AFlippedByteInTheMiddleOfAnyCatalogFileLosesNothing) {
    damage_each([](const fs::path& file) {
        auto bytes = read_file(file);
        if (!bytes.empty())
            bytes[bytes.size() / 2] ^= 0x10;
        write_file(file, bytes);
    });
}

TEST_F(RecoveryTest, AFlippedByteNearTheStartOfAnyCatalogFileLosesNothing) {
    damage_each([](const fs::path& file) {
        auto bytes = read_file(file);
        if (bytes.size() > 9)
            bytes[9] ^= 0x10;
        write_file(file, bytes);
    });
}

TEST_F(RecoveryTest, AnyCatalogFileCutInHalfLosesNothing) {
    damage_each([](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); });
}

TEST_F(RecoveryTest, AnyCatalogFileEmptiedLosesNothing) {
    damage_each([](const fs::path& file) { fs::resize_file(file, 0); });
}

TEST_F(RecoveryTest, AnyCatalogFileDeletedLosesNothing) {
    damage_each([](const fs::path& file) { fs::remove(file); });
}

TEST_F(RecoveryTest, AnyCatalogFileFullOfZerosLosesNothing) {
    damage_each([](const fs::path& file) { write_file(file, std::string(fs::file_size(file), '\0')); });
}

TEST_F(RecoveryTest, ALostCatalogIsRebuiltAndSaysSo) {
    fs::remove_all(data / "catalog");
    {
        const auto store = open_store(data);
        expect_everything(*store, "no catalog");
        EXPECT_TRUE(store->stats().rebuilt);
        EXPECT_FALSE(store->find_ledger("pypi/six/six.whl")) << "the caller makes these again from the documents";
    }
    EXPECT_FALSE(open_store(data)->stats().rebuilt) << "once";
}

TEST_F(RecoveryTest, ADamagedCatalogIsKeptAside) {
    write_file(data / "catalog" / "CURRENT", "nonsense\n");
    const auto store = open_store(data);
    expect_everything(*store, "CURRENT");
    EXPECT_TRUE(store->stats().rebuilt);
    EXPECT_EQ(set_aside(), 1u);
    EXPECT_EQ(read_file(data / "catalog.damaged-1" / "CURRENT"), "nonsense\n");
}

TEST_F(RecoveryTest, GradesSurviveARebuild) {
    fs::remove_all(data / "catalog");
    const auto store = open_store(data);
    EXPECT_FALSE(commit(*store, "other", path_of(1), Grade::agreed)) << "root's word stands";
    EXPECT_TRUE(commit(*store, "other", path_of(2), Grade::agreed)) << "a seen one gives way";
}

TEST_F(RecoveryTest, ALostLogIsWrittenAnew) {
    fs::remove(data / "objects.log");
    expect_everything(*open_store(data), "no log");
    fs::remove_all(data / "catalog");
    expect_everything(*open_store(data), "no catalog after no log");
}

TEST_F(RecoveryTest, ALogWithADamagedFirstLineStillCounts) {
    auto log = read_file(data / "objects.log");
    log[3] ^= 1;
    write_file(data / "objects.log", log);
    fs::remove_all(data / "catalog");
    expect_everything(*open_store(data), "header and catalog");
    EXPECT_EQ(set_aside(), 1u) << "the damaged log is kept";
}

TEST_F(RecoveryTest, ATornLastLineOfTheLogIsCutOff) {
    const auto log = read_file(data / "objects.log");
    write_file(data / "objects.log", log + "deadbeef object 0123");
    expect_everything(*open_store(data), "torn line");
    EXPECT_EQ(read_file(data / "objects.log"), log);
}

TEST_F(RecoveryTest, LinesThatTheCatalogHasNotSeenAreTakenIn) {
    // As after a crash between the log's sync and the catalog's batch.
    const auto digest = sha256("just in time");
    write_file(blob_path(data, digest), "just in time");
    const auto log = read_file(data / "objects.log");
    write_file(data / "objects.log", log + encode_line(ObjectRecord{digest, 12, Grade::root, "late", ""}));
    const auto store = open_store(data);
    EXPECT_EQ(found(*store, "late"), "just in time");
    EXPECT_FALSE(store->stats().rebuilt);
}

TEST_F(RecoveryTest, LinesWhoseBlobIsMissingCountForNothing) {
    // As after a commit that failed behind its lines and was cleaned up, and a kill before the log was.
    const auto log = read_file(data / "objects.log");
    write_file(data / "objects.log", log + encode_line(PageRecord{"pypi/simple/six/", document("never finished"), 14}) +
                                         encode_line(DropRecord{sha256("new page")}) +
                                         encode_line(ObjectRecord{sha256("neither"), 7, Grade::root, path_of(1), ""}));
    expect_everything(*open_store(data), "lines without blobs");
}

TEST_F(RecoveryTest, ADropThatWasOnlyLoggedIsFinished) {
    const auto log = read_file(data / "objects.log");
    write_file(blob_path(data, sha256("newest page")), "newest page");
    write_file(data / "objects.log", log + encode_line(PageRecord{"pypi/simple/six/", document("newest page"), 11}) +
                                         encode_line(DropRecord{sha256("new page")}));
    const auto store = open_store(data);
    EXPECT_EQ(store->find_document("pypi/simple/six/")->digest, sha256("newest page"));
    EXPECT_FALSE(fs::exists(blob_path(data, sha256("new page"))));
}

TEST_F(RecoveryTest, AnErasureThatWasOnlyLoggedIsFinished) {
    const auto log = read_file(data / "objects.log");
    write_file(data / "objects.log", log + encode_line(EraseRecord{sha256(bytes_of(1))}));
    const auto store = open_store(data);
    EXPECT_EQ(found(*store, path_of(1)), "(miss)");
    EXPECT_FALSE(fs::exists(blob_path(data, sha256(bytes_of(1)))));
}

TEST_F(RecoveryTest, ACatalogThatWentBackInTimeIsBroughtForward) {
    // A write-ahead log that lost its end loses whole commits; RocksDB calls that a point in time and is content.
    const TempFolder copies;
    fs::copy(data / "catalog", copies.path() / "catalog", fs::copy_options::recursive);
    {
        const auto store = open_store(data);
        ASSERT_TRUE(commit(*store, "after", "after"));
        ASSERT_TRUE(erase(*store, sha256(bytes_of(1))));
    }
    fs::remove_all(data / "catalog");
    fs::copy(copies.path() / "catalog", data / "catalog", fs::copy_options::recursive);
    const auto store = open_store(data);
    EXPECT_EQ(found(*store, "after"), "after");
    EXPECT_EQ(found(*store, path_of(1)), "(miss)");
    EXPECT_EQ(found(*store, path_of(2)), bytes_of(2));
}

TEST_F(RecoveryTest, ACatalogFromBeforeARewriteTakesInTheWholeNewLog) {
    // Its offset counts in another file: read from there, the new log would lack its beginning.
    const auto young = folder.path() / "young";
    {
        const auto store = open_store(young);
        ASSERT_TRUE(commit(*store, bytes_of(1), "z"));
    }
    const TempFolder copies;
    fs::copy(young / "catalog", copies.path() / "catalog", fs::copy_options::recursive);
    {
        bool fail_sync = true;
        const auto store =
            open_store(young, {.min_free = 0, .on_step = [&](CommitStep step) {
                                   return step == CommitStep::sync_log && std::exchange(fail_sync, false) ? EIO : 0;
                               }});
        ASSERT_FALSE(commit(*store, bytes_of(2), "failed"));
        for (int i = 2; i < 12; ++i)
            ASSERT_TRUE(commit(*store, bytes_of(i), path_of(i)));
        ASSERT_TRUE(link(*store, sha256(bytes_of(1)), "a"));
    }
    open_store(young);
    fs::remove_all(young / "catalog");
    fs::copy(copies.path() / "catalog", young / "catalog", fs::copy_options::recursive);
    const auto store = open_store(young);
    EXPECT_EQ(found(*store, "z"), bytes_of(1));
    EXPECT_EQ(found(*store, "a"), bytes_of(1));
    for (int i = 2; i < 12; ++i)
        EXPECT_EQ(found(*store, path_of(i)), bytes_of(i));
}

TEST_F(RecoveryTest, AnOverlongLogIsRewrittenAtTheStart) {
    const auto log = read_file(data / "objects.log");
    auto longer = log;
    for (int i = 0; i < 6000; ++i)
        longer += encode_line(ObjectRecord{sha256(bytes_of(2)), bytes_of(2).size(), Grade::seen, path_of(2), ""});
    write_file(data / "objects.log", longer);
    {
        const auto store = open_store(data);
    }
    EXPECT_LT(fs::file_size(data / "objects.log"), log.size() + 1);
    expect_everything(*open_store(data), "rewritten log");
    fs::remove_all(data / "catalog");
    expect_everything(*open_store(data), "rebuilt from the rewritten log");
}

TEST_F(RecoveryTest, ANewerLogIsRefusedWithoutATouch) {
    write_file(data / "objects.log", encode_line(LogHeader{2, 1}) + read_file(data / "objects.log"));
    write_file(data / "partial" / "1", "left over");
    auto earlier = files_below(data);
    const auto store = Store::open(data, {});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Errc::refused);
    auto later = files_below(data);
    for (auto* files : {&earlier, &later})
        files->erase((data / "lock").string());
    EXPECT_EQ(later, earlier);
}

TEST_F(RecoveryTest, ANewerSchemaIsRefusedWithoutATouch) {
    {
        const auto catalog = std::move(*Catalog::open(data / "catalog"));
        Catalog::Batch batch(*catalog);
        batch.put(Family::meta, "schema", encode_schema(catalog_schema + 1));
        ASSERT_TRUE(catalog->write(batch, Catalog::Sync::yes));
    }
    write_file(data / "partial" / "1", "left over");
    auto earlier = files_below(data);
    const auto store = Store::open(data, {});
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Errc::refused);
    EXPECT_NE(store.error().message.find("newer yizhan"), std::string::npos) << store.error().message;
    auto later = files_below(data);
    for (auto* files : {&earlier, &later})
        files->erase((data / "lock").string());
    EXPECT_EQ(later, earlier);
}

} // namespace
} // namespace yizhan
