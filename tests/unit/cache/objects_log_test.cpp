#include "cache/objects_log.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

Record blob(std::uint64_t size) {
    return BlobRecord{sha256(std::to_string(size)), size};
}

class ObjectsLogTest : public testing::Test {
  protected:
    std::filesystem::path path() const { return folder.path() / "objects.log"; }

    void write(std::uint64_t count) {
        auto log = ObjectsLog::create(path());
        ASSERT_TRUE(log);
        for (std::uint64_t i = 0; i < count; ++i)
            ASSERT_TRUE(log->append(encode_line(blob(i))));
        ASSERT_TRUE(log->sync());
    }

    /// The sizes of the blob records from `offset` on.
    std::vector<std::uint64_t> sizes(const ObjectsLog& log, std::uint64_t offset) {
        std::vector<std::uint64_t> out;
        const auto replayed = log.replay(offset, [&](const Record& record) -> Result<void> {
            out.push_back(std::get<BlobRecord>(record).size);
            return {};
        });
        EXPECT_TRUE(replayed);
        replay = *replayed;
        EXPECT_EQ(replay.records, out.size());
        return out;
    }

    TempFolder folder;
    ObjectsLog::Replay replay;
};

TEST_F(ObjectsLogTest, LinesAreReadInOrderFromAnyLineOn) {
    write(5);
    auto log = ObjectsLog::open(path());
    ASSERT_TRUE(log);
    EXPECT_EQ(sizes(*log, log->begin()), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(replay.end, log->end());
    const auto middle = log->end();
    ASSERT_TRUE(log->append(encode_line(blob(9))));
    EXPECT_EQ(sizes(*log, middle), std::vector<std::uint64_t>{9});
    EXPECT_TRUE(sizes(*log, log->end()).empty());
}

TEST_F(ObjectsLogTest, EachCreationIsAnotherGeneration) {
    write(0);
    const auto first = ObjectsLog::open(path())->generation();
    write(0);
    EXPECT_NE(ObjectsLog::open(path())->generation(), first);
}

TEST_F(ObjectsLogTest, AnyTornTailCostsOnlyItsLine) {
    write(3);
    const auto whole = read_file(path());
    const auto last = whole.rfind('\n', whole.size() - 2) + 1; // where the last line starts
    for (auto size = last; size < whole.size(); ++size) {
        write_file(path(), whole.substr(0, size));
        auto log = ObjectsLog::open(path());
        ASSERT_TRUE(log);
        EXPECT_EQ(sizes(*log, log->begin()), (std::vector<std::uint64_t>{0, 1}));
        EXPECT_EQ(replay.damaged, size == last ? 0u : 1u);
        EXPECT_EQ(replay.end, last);
        ASSERT_TRUE(log->truncate(replay.end));
        ASSERT_TRUE(log->append(encode_line(blob(7))));
        EXPECT_EQ(sizes(*log, log->begin()), (std::vector<std::uint64_t>{0, 1, 7}));
    }
}

TEST_F(ObjectsLogTest, ADamagedLineInTheMiddleIsPassedOver) {
    write(4);
    auto bytes = read_file(path());
    const auto second = bytes.find('\n', bytes.find('\n') + 1) + 1;
    bytes[second + 20] ^= 1;
    write_file(path(), bytes);
    auto log = ObjectsLog::open(path());
    EXPECT_EQ(sizes(*log, log->begin()), (std::vector<std::uint64_t>{0, 2, 3}));
    EXPECT_EQ(replay.damaged, 1u);
}

TEST_F(ObjectsLogTest, AFloodWithoutANewlineIsBoundedAndPassedOver) {
    write(2);
    auto bytes = read_file(path());
    const auto good = encode_line(blob(5));
    write_file(path(), bytes + std::string(5'000'000, 'x') + "\n" + good + std::string(3'000'000, '\0'));
    auto log = ObjectsLog::open(path());
    EXPECT_EQ(sizes(*log, log->begin()), (std::vector<std::uint64_t>{0, 1, 5}));
    EXPECT_EQ(replay.damaged, 2u);
    EXPECT_EQ(replay.end, bytes.size() + 5'000'001 + good.size());
}

TEST_F(ObjectsLogTest, LinesAcrossReadBoundariesAreWhole) {
    write(20'000); // more than one read of a MiB
    const auto log = ObjectsLog::open(path());
    EXPECT_EQ(sizes(*log, log->begin()).size(), 20'000u);
    EXPECT_EQ(replay.damaged, 0u);
}

TEST_F(ObjectsLogTest, WithoutAHeaderOfOursItIsDamagedButCanBeSalvaged) {
    for (const auto& header :
         {std::string(""), std::string("nonsense\n"), std::string(300, 'x'), encode_line(EraseRecord{})}) {
        write_file(path(), header);
        const auto log = ObjectsLog::open(path());
        ASSERT_FALSE(log);
        EXPECT_EQ(log.error().code, Errc::corrupt);
    }
    write_file(path(), "nonsense\n" + encode_line(blob(3)));
    const auto log = ObjectsLog::salvage(path());
    ASSERT_TRUE(log);
    EXPECT_EQ(sizes(*log, 0), std::vector<std::uint64_t>{3});
}

TEST_F(ObjectsLogTest, ANewerFormatIsRefusedAndAMissingFileIsNotFound) {
    EXPECT_EQ(ObjectsLog::open(path()).error().code, Errc::not_found);
    write_file(path(), encode_line(LogHeader{2, 1}));
    const auto log = ObjectsLog::open(path());
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, Errc::refused);
}

TEST_F(ObjectsLogTest, AnErrorOfTheVisitorEndsTheReplay) {
    write(3);
    int visits = 0;
    const auto log = ObjectsLog::open(path());
    const auto replayed = log->replay(log->begin(), [&](const Record&) -> Result<void> {
        ++visits;
        return fail(Errc::io, "enough");
    });
    EXPECT_FALSE(replayed);
    EXPECT_EQ(visits, 1);
}

} // namespace
} // namespace yizhan
