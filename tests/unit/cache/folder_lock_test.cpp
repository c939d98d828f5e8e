#include "cache/folder_lock.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

TEST(FolderLock, ASecondHolderIsRefusedAndToldWhoHoldsIt) {
    const TempFolder folder;
    const auto first = FolderLock::acquire(folder.path());
    ASSERT_TRUE(first);
    const auto second = FolderLock::acquire(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::refused);
    const auto& message = second.error().message;
    EXPECT_NE(message.find("process " + std::to_string(getpid())), std::string::npos) << message;
    EXPECT_NE(message.find(folder.path().string()), std::string::npos) << message;
    EXPECT_NE(message.find("--data"), std::string::npos) << message;
}

TEST(FolderLock, IsFreeAgainWhenItsHolderGoes) {
    const TempFolder folder;
    {
        ASSERT_TRUE(FolderLock::acquire(folder.path()));
    }
    EXPECT_TRUE(FolderLock::acquire(folder.path()));
}

TEST(FolderLock, GarbageInTheFileIsNoProcess) {
    const TempFolder folder;
    const auto first = FolderLock::acquire(folder.path());
    write_file(folder.path() / "lock", "\x1b[31mnonsense\n");
    const auto second = FolderLock::acquire(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message.find("process"), std::string::npos);
    EXPECT_EQ(second.error().message.find('\x1b'), std::string::npos);
}

TEST(FolderLock, AFolderThatIsNotThereIsAnIoError) {
    const TempFolder folder;
    const auto lock = FolderLock::acquire(folder.path() / "nowhere");
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, Errc::io);
}

} // namespace
} // namespace yizhan
