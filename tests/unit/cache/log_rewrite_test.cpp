#include "cache/changes.hpp"
#include "cache/log_rewrite.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <algorithm>

namespace yizhan {
namespace {

TEST(LogRewrite, TellsOfEveryLiveRowOnce) {
    const TempFolder folder;
    const auto catalog = std::move(*Catalog::open(folder.path() / "catalog"));
    const auto one = sha256("one");
    const auto two = sha256("two");
    {
        auto changes = Changes::start(*catalog);
        for (const Record& record : std::initializer_list<Record>{
                 BlobRecord{one, 3}, ObjectRecord{two, 4, Grade::root, "a b", "source"},
                 PageRecord{"key", {two, "u", "t", "e", "m", 9}, 4}, ObjectRecord{one, 3, Grade::seen, "gone", ""},
                 BlobRecord{sha256("three"), 1}, EraseRecord{sha256("three")}})
            ASSERT_TRUE(changes->apply(record));
        ASSERT_TRUE(catalog->write(changes->finish(std::nullopt), Catalog::Sync::yes));
    }
    write_file(log_path(folder.path()), "whatever was there");
    const auto rewritten = rewrite_log(*catalog, folder.path(), {});
    ASSERT_TRUE(rewritten) << rewritten.error().message;
    std::vector<std::string> lines;
    const auto log = ObjectsLog::open(log_path(folder.path()));
    ASSERT_TRUE(log);
    ASSERT_TRUE(log->replay(log->begin(), [&](const Record& record) -> Result<void> {
        lines.push_back(encode_line(record));
        return {};
    }));
    EXPECT_EQ(lines, (std::vector<std::string>{encode_line(BlobRecord{one, 3}),
                                               encode_line(ObjectRecord{two, 4, Grade::root, "a b", "source"}),
                                               encode_line(ObjectRecord{one, 3, Grade::seen, "gone", ""}),
                                               encode_line(PageRecord{"key", {two, "u", "t", "e", "m", 9}, 4})}));
    const auto position = read_log_position(*catalog).value();
    EXPECT_EQ(position, (LogPosition{log->generation(), log->end(), 4, false}));
    EXPECT_EQ(rewritten->position, *position);
}

TEST(LogRewrite, AFailedStepLeavesTheOldLog) {
    for (const auto step : {CommitStep::rewrite_log, CommitStep::replace_log}) {
        const TempFolder folder;
        const auto catalog = std::move(*Catalog::open(folder.path() / "catalog"));
        write_file(log_path(folder.path()), "old");
        EXPECT_FALSE(rewrite_log(*catalog, folder.path(), [&](CommitStep at) { return at == step ? EIO : 0; }));
        EXPECT_EQ(read_file(log_path(folder.path())), "old");
    }
}

TEST(LogRewrite, IsForLogsFarLongerThanTheirRows) {
    EXPECT_FALSE(overlong({1, 0, 4000, true}, {}));
    EXPECT_TRUE(overlong({1, 0, 5000, true}, {}));
    EXPECT_TRUE(overlong({1, 0, 5000, true}, {600, 0, 600, 0}));
    EXPECT_FALSE(overlong({1, 0, 5000, true}, {625, 0, 625, 0}));
}

} // namespace
} // namespace yizhan
