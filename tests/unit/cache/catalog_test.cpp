#include "cache/catalog.hpp"
#include "cache/row.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

class CatalogTest : public testing::Test {
  protected:
    std::filesystem::path path() const { return folder.path() / "catalog"; }

    std::unique_ptr<Catalog> open() {
        auto catalog = Catalog::open(path());
        EXPECT_TRUE(catalog) << catalog.error().message;
        return catalog ? std::move(*catalog) : nullptr;
    }

    static void put(Catalog& catalog, Family family, std::string_view key, std::string_view value) {
        Catalog::Batch batch(catalog);
        batch.put(family, key, value);
        ASSERT_TRUE(catalog.write(batch, Catalog::Sync::yes));
    }

    TempFolder folder;
};

TEST_F(CatalogTest, FamiliesAreApart) {
    const auto catalog = open();
    put(*catalog, Family::objects, "k", "object");
    put(*catalog, Family::pages, "k", "page");
    EXPECT_EQ(catalog->get(Family::objects, "k").value(), "object");
    EXPECT_EQ(catalog->get(Family::pages, "k").value(), "page");
    EXPECT_EQ(catalog->get(Family::ledger, "k").value(), std::nullopt);
}

TEST_F(CatalogTest, WhatWasWrittenIsThereAfterReopening) {
    put(*open(), Family::ledger, std::string("a\0b", 3), std::string("\0\xff", 2));
    EXPECT_EQ(open()->get(Family::ledger, std::string("a\0b", 3)).value(), std::string("\0\xff", 2));
}

TEST_F(CatalogTest, ABatchReadsItsOwnWritesAndOthersDoNot) {
    const auto catalog = open();
    put(*catalog, Family::objects, "old", "1");
    Catalog::Batch batch(*catalog);
    batch.put(Family::objects, "new", "2");
    batch.remove(Family::objects, "old");
    EXPECT_EQ(batch.get(Family::objects, "new").value(), "2");
    EXPECT_EQ(batch.get(Family::objects, "old").value(), std::nullopt);
    EXPECT_EQ(catalog->get(Family::objects, "new").value(), std::nullopt);
    EXPECT_EQ(catalog->get(Family::objects, "old").value(), "1");
    std::vector<std::string> keys;
    ASSERT_TRUE(batch.scan(Family::objects, "", [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return true;
    }));
    EXPECT_EQ(keys, std::vector<std::string>{"new"});
}

TEST_F(CatalogTest, AScanKeepsToItsPrefixAndStopsWhenTold) {
    const auto catalog = open();
    for (const auto* key : {"a", "b1", "b2", "b3", "c", "b\xff"})
        put(*catalog, Family::pages, key, "v");
    std::vector<std::string> keys;
    ASSERT_TRUE(catalog->scan(Family::pages, "b", [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return true;
    }));
    EXPECT_EQ(keys, (std::vector<std::string>{"b1", "b2", "b3", "b\xff"}));
    keys.clear();
    ASSERT_TRUE(catalog->scan(Family::pages, "b", [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return keys.size() < 2;
    }));
    EXPECT_EQ(keys.size(), 2u);
}

TEST_F(CatalogTest, ASnapshotStaysWhatItWas) {
    const auto catalog = open();
    put(*catalog, Family::objects, "k", "1");
    const Catalog::Snapshot then(*catalog);
    put(*catalog, Family::objects, "k", "2");
    EXPECT_EQ(catalog->get(Family::objects, "k", &then).value(), "1");
    EXPECT_EQ(catalog->get(Family::objects, "k").value(), "2");
}

TEST_F(CatalogTest, LooksTellAbsentPresentAndDamaged) {
    EXPECT_EQ(Catalog::look(path()), Catalog::State::absent);
    std::filesystem::create_directory(path());
    EXPECT_EQ(Catalog::look(path()), Catalog::State::absent);
    open();
    EXPECT_EQ(Catalog::look(path()), Catalog::State::present);
    std::filesystem::remove(path() / "CURRENT");
    EXPECT_EQ(Catalog::look(path()), Catalog::State::damaged) << "RocksDB would make an empty one here";
}

TEST_F(CatalogTest, AMarkIsSeenAtTheNextStart) {
    open()->mark_damaged("a test says so");
    EXPECT_EQ(Catalog::look(path()), Catalog::State::damaged);
}

TEST_F(CatalogTest, ANewerSchemaIsRefusedWithoutATouch) {
    {
        const auto catalog = open();
        ASSERT_TRUE(Catalog::look(path()) == Catalog::State::present);
        put(*catalog, Family::meta, "schema", encode_schema(catalog_schema + 1));
    }
    const auto before_look = files_below(path());
    const auto checked = Catalog::check_schema(path());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::refused);
    EXPECT_NE(checked.error().message.find("newer"), std::string::npos);
    EXPECT_EQ(files_below(path()), before_look);
}

TEST_F(CatalogTest, TheOwnSchemaIsFine) {
    open();
    const auto checked = Catalog::check_schema(path());
    EXPECT_TRUE(checked) << checked.error().message;
}

TEST_F(CatalogTest, AnUnreadableManifestIsDamageNotAnEmptyCatalog) {
    put(*open(), Family::objects, "k", "v");
    for (const auto& entry : std::filesystem::directory_iterator(path()))
        if (entry.path().filename().string().starts_with("MANIFEST"))
            write_file(entry.path(), "nonsense");
    const auto catalog = Catalog::open(path());
    ASSERT_FALSE(catalog);
    EXPECT_EQ(catalog.error().code, Errc::corrupt);
}

} // namespace
} // namespace yizhan
