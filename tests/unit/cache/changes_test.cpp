#include "cache/changes.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

const Sha256 one = sha256("one");
const Sha256 two = sha256("two");

class ChangesTest : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = Catalog::open(folder.path() / "catalog");
        ASSERT_TRUE(opened);
        catalog = std::move(*opened);
    }

    /// Applies and writes; returns what nothing leads to any more.
    std::vector<Sha256> apply(const std::vector<Record>& records) {
        auto changes = Changes::start(*catalog);
        for (const auto& record : records)
            EXPECT_TRUE(changes->apply(record));
        auto unreferenced = changes->take_unreferenced();
        EXPECT_TRUE(catalog->write(changes->finish(std::nullopt), Catalog::Sync::no));
        EXPECT_TRUE(check_totals(*catalog));
        return std::move(*unreferenced);
    }

    Result<void> admit(const ObjectRecord& record) { return Changes::start(*catalog)->admit(record); }
    Totals totals() { return read_totals(*catalog).value(); }
    static PageRecord page(std::string key, const Sha256& digest) {
        return {std::move(key), {digest, "u", "t", "", "", 0}, 3};
    }

    TempFolder folder;
    std::unique_ptr<Catalog> catalog;
};

TEST_F(ChangesTest, TotalsFollowEveryChange) {
    apply({ObjectRecord{one, 10, Grade::seen, "a", ""}});
    EXPECT_EQ(totals(), (Totals{1, 10, 1, 0}));
    apply({ObjectRecord{one, 10, Grade::seen, "b", ""}});
    EXPECT_EQ(totals(), (Totals{1, 10, 2, 0}));
    apply({page("p", two)});
    EXPECT_EQ(totals(), (Totals{2, 13, 2, 1}));
    apply({EraseRecord{one}});
    EXPECT_EQ(totals(), (Totals{1, 3, 0, 1}));
    apply({EraseRecord{two}});
    EXPECT_EQ(totals(), Totals{});
}

TEST_F(ChangesTest, ApplyingTwiceIsApplyingOnce) {
    const std::vector<Record> records{ObjectRecord{one, 10, Grade::root, "a", "s"}, page("p", two), BlobRecord{two, 3},
                                      EraseRecord{sha256("never there")}};
    apply(records);
    const auto after_once = totals();
    apply(records);
    EXPECT_EQ(totals(), after_once);
}

TEST_F(ChangesTest, AReplacedDocumentLeavesItsBlobUnreferenced) {
    apply({page("p", one)});
    EXPECT_EQ(apply({page("p", two)}), std::vector<Sha256>{one});
}

TEST_F(ChangesTest, ABlobThatAnythingElseLeadsToStays) {
    apply({page("p", one), page("q", one)});
    EXPECT_TRUE(apply({page("p", two)}).empty());
    apply({ObjectRecord{one, 3, Grade::seen, "a", ""}});
    EXPECT_TRUE(apply({page("q", two)}).empty());
    EXPECT_EQ(apply({ObjectRecord{two, 3, Grade::seen, "a", ""}}), std::vector<Sha256>{one});
}

TEST_F(ChangesTest, AKeptBlobStaysWithoutReferences) {
    apply({BlobRecord{one, 3}, page("p", one)});
    EXPECT_TRUE(apply({page("p", two)}).empty());
}

TEST_F(ChangesTest, ReferencesAreSeenWithinOneBatch) {
    apply({page("p", one)});
    EXPECT_TRUE(apply({page("p", two), ObjectRecord{one, 3, Grade::seen, "a", ""}}).empty());
}

TEST_F(ChangesTest, AnErasureTakesEveryPathAndDocumentWithIt) {
    apply({ObjectRecord{one, 3, Grade::root, "a", ""}, ObjectRecord{one, 3, Grade::root, "b", ""}, page("p", one),
           ObjectRecord{two, 3, Grade::root, "c", ""}});
    apply({EraseRecord{one}});
    EXPECT_EQ(catalog->get(Family::objects, "a").value(), std::nullopt);
    EXPECT_EQ(catalog->get(Family::objects, "b").value(), std::nullopt);
    EXPECT_EQ(catalog->get(Family::pages, "p").value(), std::nullopt);
    EXPECT_NE(catalog->get(Family::objects, "c").value(), std::nullopt);
}

TEST_F(ChangesTest, AnErasureSparesAPathThatHasMovedOn) {
    apply({ObjectRecord{one, 3, Grade::seen, "a", ""}});
    apply({ObjectRecord{two, 3, Grade::seen, "a", ""}});
    apply({EraseRecord{one}});
    EXPECT_EQ(decode_object(*catalog->get(Family::objects, "a").value())->digest, two);
}

TEST_F(ChangesTest, ADropSparesWhatAnythingLeadsTo) {
    apply({page("p", one)});
    apply({DropRecord{one}, DropRecord{two}});
    EXPECT_EQ(totals(), (Totals{1, 3, 0, 1}));
    apply({page("p", two), DropRecord{one}});
    EXPECT_EQ(totals(), (Totals{1, 3, 0, 1}));
    EXPECT_EQ(catalog->get(Family::blobs, key_of(one)).value(), std::nullopt);
    apply({BlobRecord{one, 3}, DropRecord{one}});
    EXPECT_NE(catalog->get(Family::blobs, key_of(one)).value(), std::nullopt) << "kept on purpose";
}

TEST_F(ChangesTest, ADigestGivesWayOnlyToAnEqualOrStrongerWord) {
    apply({ObjectRecord{one, 3, Grade::agreed, "a", ""}});
    const auto refused = admit({two, 3, Grade::seen, "a", ""});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::refused);
    EXPECT_NE(refused.error().message.find(one.hex()), std::string::npos);
    EXPECT_NE(refused.error().message.find(two.hex()), std::string::npos);
    EXPECT_TRUE(admit({two, 3, Grade::agreed, "a", ""}));
    EXPECT_TRUE(admit({two, 3, Grade::root, "a", ""}));
    EXPECT_TRUE(admit({one, 3, Grade::seen, "a", ""})) << "the same digest is no contradiction";
}

TEST_F(ChangesTest, AWeakerWordForTheSameDigestLeavesTheStrongerOne) {
    apply({ObjectRecord{one, 3, Grade::root, "a", "root's"}});
    apply({ObjectRecord{one, 3, Grade::seen, "a", "somebody's"}});
    const auto value = *catalog->get(Family::objects, "a").value();
    EXPECT_EQ(decode_object(value)->grade, Grade::root);
    EXPECT_EQ(decode_object(value)->source, "root's");
    apply({ObjectRecord{two, 3, Grade::seen, "b", "x"}, ObjectRecord{two, 3, Grade::root, "b", "y"}});
    EXPECT_EQ(decode_object(*catalog->get(Family::objects, "b").value())->grade, Grade::root);
}

TEST_F(ChangesTest, LostRowsAreNoticed) {
    apply({ObjectRecord{one, 3, Grade::root, "a", ""}, ObjectRecord{two, 3, Grade::root, "b", ""}});
    Catalog::Batch batch(*catalog);
    batch.remove(Family::objects, "a");
    ASSERT_TRUE(catalog->write(batch, Catalog::Sync::no));
    const auto checked = check_totals(*catalog);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::corrupt);
}

TEST_F(ChangesTest, ADamagedRowIsReplacedNotObeyed) {
    apply({ObjectRecord{one, 3, Grade::root, "a", ""}});
    Catalog::Batch batch(*catalog);
    batch.put(Family::objects, "a", "nonsense");
    ASSERT_TRUE(catalog->write(batch, Catalog::Sync::no));
    EXPECT_TRUE(admit({two, 3, Grade::seen, "a", ""}));
    apply({ObjectRecord{two, 3, Grade::seen, "a", ""}});
    EXPECT_EQ(decode_object(*catalog->get(Family::objects, "a").value())->digest, two);
}

TEST_F(ChangesTest, TheLogPositionTravelsInTheBatch) {
    EXPECT_EQ(read_log_position(*catalog).value(), std::nullopt);
    const LogPosition position{1, 2, 3, false};
    auto changes = Changes::start(*catalog);
    ASSERT_TRUE(catalog->write(changes->finish(position), Catalog::Sync::yes));
    EXPECT_EQ(read_log_position(*catalog).value(), position);
}

} // namespace
} // namespace yizhan
