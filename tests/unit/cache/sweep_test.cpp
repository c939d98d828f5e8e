#include "cache/log_rewrite.hpp"
#include "cache/sweep.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

class SweepTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(files.prepare());
        auto opened = Catalog::open(folder.path() / "catalog");
        ASSERT_TRUE(opened);
        catalog = std::move(*opened);
        auto log = rewrite_log(*catalog, folder.path(), {});
        ASSERT_TRUE(log);
        committer =
            std::make_unique<Committer>(Committer::Parts{*catalog, files, space, descriptors, paths, folder.path(), {}},
                                        std::move(log->log), log->position);
    }

    /// Sweeps, and waits for what the committer makes of it.
    void sweep(Sweep::Work work = {true, true}) {
        {
            Sweep sweep(*catalog, files, *committer, work);
            sweep.wait();
        }
        committer.reset();
    }

    std::optional<BlobRow> row(const Sha256& digest) {
        const auto value = catalog->get(Family::blobs, key_of(digest)).value();
        return value ? std::optional(*decode_blob(*value)) : std::nullopt;
    }

    Sha256 put_file(std::string_view bytes) {
        write_file(files.path(sha256(bytes)), bytes);
        return sha256(bytes);
    }

    TempFolder folder;
    BlobFiles files{folder.path()};
    std::shared_ptr<Space> space = std::make_shared<Space>(0, [at = folder.path()] { return file_system_space(at); });
    DescriptorCache descriptors{files, 16};
    RecentPaths paths;
    std::unique_ptr<Catalog> catalog;
    std::unique_ptr<Committer> committer;
};

TEST_F(SweepTest, AnOrphanWithTheRightBytesIsKept) {
    const auto digest = put_file("orphan");
    const auto large = put_file(std::string(3'000'000, 'x'));
    sweep();
    EXPECT_EQ(row(digest), (BlobRow{6, true}));
    EXPECT_EQ(row(large), (BlobRow{3'000'000, true}));
    EXPECT_TRUE(check_totals(*catalog));
}

TEST_F(SweepTest, AnOrphanWithOtherBytesIsDeleted) {
    const auto digest = sha256("right");
    write_file(files.path(digest), "wrong");
    sweep();
    EXPECT_EQ(row(digest), std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(files.path(digest)));
}

TEST_F(SweepTest, RowsWithoutFilesAreForgottenWithTheirPaths) {
    const auto lost = sha256("lost");
    const auto here = put_file("here");
    auto changes = Changes::start(*catalog);
    ASSERT_TRUE(changes->apply(ObjectRecord{lost, 4, Grade::root, "lost", ""}));
    ASSERT_TRUE(changes->apply(ObjectRecord{here, 4, Grade::root, "here", ""}));
    ASSERT_TRUE(catalog->write(changes->finish(std::nullopt), Catalog::Sync::no));
    sweep();
    EXPECT_EQ(row(lost), std::nullopt);
    EXPECT_EQ(catalog->get(Family::objects, "lost").value(), std::nullopt);
    EXPECT_EQ(row(here), (BlobRow{4, false}));
    EXPECT_NE(catalog->get(Family::objects, "here").value(), std::nullopt);
}

TEST_F(SweepTest, AfterItTheNextStartIsAClean) {
    sweep();
    EXPECT_TRUE(read_log_position(*catalog).value()->clean);
}

TEST_F(SweepTest, WithoutItTheNextStartIsNotClean) {
    committer.reset();
    EXPECT_FALSE(read_log_position(*catalog).value()->clean);
}

TEST_F(SweepTest, RowsThatDoNotAddUpMarkTheCatalog) {
    const auto here = put_file("here");
    auto changes = Changes::start(*catalog);
    ASSERT_TRUE(changes->apply(ObjectRecord{here, 4, Grade::root, "here", ""}));
    auto& batch = changes->finish(std::nullopt);
    batch.remove(Family::objects, "here");
    ASSERT_TRUE(catalog->write(batch, Catalog::Sync::no));
    sweep();
    EXPECT_EQ(Catalog::look(folder.path() / "catalog"), Catalog::State::damaged);
}

} // namespace
} // namespace yizhan
