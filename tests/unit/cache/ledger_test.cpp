#include "cache/ledger.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace yizhan {
namespace {

const Sha256 one = sha256("one");
const Sha256 two = sha256("two");

uid_t owner_of(const std::filesystem::path& path) {
    struct stat info{};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info.st_uid;
}

LedgerEntry entry(const Sha256& digest, Grade grade, std::optional<std::uint64_t> size = std::nullopt) {
    return {digest, grade, size, "https://files.example.org/x", std::nullopt, false};
}

TEST(Ledger, WhichWordGivesWayToWhich) {
    struct Case {
        LedgerEntry old;
        LedgerEntry entry;
        LedgerVerdict verdict;
    };
    using enum Grade;
    using enum LedgerVerdict;
    for (const auto& [old, now, verdict] :
         std::initializer_list<Case>{{entry(one, seen), entry(two, seen), alarm},
                                     {entry(one, seen), entry(two, agreed), replace},
                                     {entry(one, seen), entry(two, root), replace},
                                     {entry(one, agreed), entry(two, seen), alarm},
                                     {entry(one, agreed), entry(two, agreed), alarm},
                                     {entry(one, agreed), entry(two, root), replace},
                                     {entry(one, root), entry(two, seen), alarm},
                                     {entry(one, root), entry(two, agreed), alarm},
                                     {entry(one, root), entry(two, root), alarm},
                                     {entry(one, root), entry(one, root), same},
                                     {entry(one, seen), entry(one, root), replace},
                                     {entry(one, root), entry(one, seen, 5), same},
                                     {entry(one, root), entry(one, root, 5), replace}})
        EXPECT_EQ(judge(old, now), verdict) << int(old.grade) << " → " << int(now.grade);
}

class LedgerTest : public testing::Test {
  protected:
    std::vector<std::string> put(std::vector<Store::LedgerRow> rows) {
        auto alarms = store->put_ledger(rows);
        EXPECT_TRUE(alarms);
        return alarms.value_or(std::vector<std::string>{"error"});
    }

    TempFolder folder;
    std::unique_ptr<Store> store = open_store(folder.path());
};

TEST_F(LedgerTest, EntriesAreFoundAndMissesAreNothing) {
    EXPECT_TRUE(put({{"a", entry(one, Grade::root, 5)}, {"b", entry(two, Grade::seen)}}).empty());
    EXPECT_EQ(store->find_ledger("a"), entry(one, Grade::root, 5));
    EXPECT_EQ(store->find_ledger("b"), entry(two, Grade::seen));
    EXPECT_EQ(store->find_ledger("c"), std::nullopt);
}

TEST_F(LedgerTest, ARowThatGivesWayIsReplacedByAnEqualWordAndByNoWeakerOne) {
    put({{"a", entry(one, Grade::root, 5)}});
    EXPECT_EQ(put({{"a", entry(two, Grade::agreed), true}}), std::vector<std::string>{"a"});
    EXPECT_EQ(store->find_ledger("a")->digest, entry(one, Grade::root).digest);
    EXPECT_TRUE(put({{"a", entry(two, Grade::root), true}}).empty());
    EXPECT_EQ(store->find_ledger("a"), entry(two, Grade::root));
}

TEST_F(LedgerTest, AnAlarmNamesTheKeyAndLeavesTheEntryAndTheOthersGoIn) {
    put({{"a", entry(one, Grade::root)}});
    EXPECT_EQ(put({{"a", entry(two, Grade::root)}, {"b", entry(two, Grade::root)}}), std::vector<std::string>{"a"});
    EXPECT_EQ(store->find_ledger("a")->digest, one);
    EXPECT_EQ(store->find_ledger("b")->digest, two);
}

TEST_F(LedgerTest, ContradictionsWithinOneCallAreSeen) {
    EXPECT_EQ(put({{"a", entry(one, Grade::root)}, {"a", entry(two, Grade::root)}}), std::vector<std::string>{"a"});
    EXPECT_EQ(store->find_ledger("a")->digest, one);
}

TEST_F(LedgerTest, RowsComeInAnyOrderAndOfOneKeyTheFirstStands) {
    EXPECT_EQ(put({{"b", entry(two, Grade::root)},
                   {"a", entry(one, Grade::root)},
                   {"b", entry(one, Grade::root)},
                   {"c", entry(one, Grade::seen)},
                   {"a", entry(one, Grade::root, 5)},
                   {"c", entry(two, Grade::root)}}),
              std::vector<std::string>{"b"});
    EXPECT_EQ(store->find_ledger("a"), entry(one, Grade::root, 5))
        << "what is said later of the same digest adds to it";
    EXPECT_EQ(store->find_ledger("b")->digest, two);
    EXPECT_EQ(store->find_ledger("c")->digest, two) << "a stronger word";
    ASSERT_EQ(store->disputes({}, 10).size(), 1u);
    EXPECT_EQ(store->disputes({}, 10)[0].claimed.digest, one);
}

TEST_F(LedgerTest, EntriesOutliveAReopening) {
    put({{"a", entry(one, Grade::root)}});
    store.reset();
    store = open_store(folder.path());
    EXPECT_EQ(store->find_ledger("a"), entry(one, Grade::root));
}

TEST_F(LedgerTest, ADisputeIsKeptUntilSomebodySettlesIt) {
    put({{"a", entry(one, Grade::root)}, {"b", entry(one, Grade::root)}});
    EXPECT_TRUE(store->disputes({}, 10).empty());
    EXPECT_EQ(put({{"a", entry(two, Grade::root)}}), std::vector<std::string>{"a"});
    store.reset();
    store = open_store(folder.path());
    const auto disputes = store->disputes({}, 10);
    ASSERT_EQ(disputes.size(), 1u);
    EXPECT_EQ(disputes[0].key, "a");
    EXPECT_EQ(disputes[0].stands.digest, one);
    EXPECT_EQ(disputes[0].claimed.digest, two);
    ASSERT_TRUE(Store::accept(folder.path(), "a", two));
    EXPECT_EQ(put({{"b", entry(two, Grade::root)}}), std::vector<std::string>{"b"}) << "the other is not settled";
    EXPECT_TRUE(put({{"a", entry(two, Grade::root)}}).empty());
    EXPECT_EQ(store->find_ledger("a")->digest, two);
    ASSERT_EQ(store->disputes({}, 10).size(), 1u);
    EXPECT_EQ(store->disputes({}, 10)[0].key, "b");
    EXPECT_EQ(put({{"a", entry(one, Grade::root)}}), std::vector<std::string>{"a"}) << "and stands as firmly as before";
}

TEST_F(LedgerTest, WhatIsAcceptedBelongsToTheOwnerOfTheFolder) {
    const uid_t service = ::geteuid() == 0 ? 4242 : ::geteuid(); // only root can give the folder away
    ASSERT_EQ(::chown(folder.path().c_str(), service, static_cast<gid_t>(-1)), 0);
    ASSERT_TRUE(Store::accept(folder.path(), "a", one));
    ASSERT_TRUE(Store::accept(folder.path(), "a", two)) << "a second time over the first";
    EXPECT_EQ(owner_of(folder.path() / "accepted"), service);
    std::size_t notes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "accepted")) {
        EXPECT_EQ(owner_of(entry.path()), service) << entry.path();
        ++notes;
    }
    EXPECT_EQ(notes, 1u);
}

TEST_F(LedgerTest, WhatLinksInTheFolderLeadToIsLeftAlone) {
    const auto elsewhere = folder.path() / "elsewhere";
    std::filesystem::create_directory(elsewhere);
    std::filesystem::create_directory_symlink(elsewhere, folder.path() / "accepted");
    EXPECT_FALSE(Store::accept(folder.path(), "a", one));
    EXPECT_TRUE(std::filesystem::is_empty(elsewhere));

    const auto victim = folder.path() / "victim";
    write_file(victim, "theirs");
    const auto accepted = folder.path() / "accepted";
    std::filesystem::remove(accepted);
    std::filesystem::create_directory(accepted);
    std::filesystem::create_symlink(victim, accepted / (sha256("a").hex() + "." + std::to_string(::getpid())));
    std::filesystem::create_symlink(victim, accepted / sha256("a").hex());
    EXPECT_TRUE(Store::accept(folder.path(), "a", one));
    EXPECT_EQ(read_file(victim), "theirs");
    EXPECT_FALSE(std::filesystem::is_symlink(accepted / sha256("a").hex()));
}

} // namespace
} // namespace yizhan
