#include "proxy/cli/text_file.hpp"
#include "tests/unit/config/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace yizhan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TextFile : public testing::Test {
  protected:
    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
    }
    TemporaryFolder folder_;
};

TEST_F(TextFile, IsReadAsItIs) {
    const std::string bytes = std::string("a\r\n\0b", 5) + std::string(200'000, 'x');
    EXPECT_EQ(*read_text_file(folder_.file("a", bytes)), bytes);
    EXPECT_EQ(*read_text_file(folder_.file("empty", "")), "");
}

TEST_F(TextFile, WhatIsNoFileIsAnError) {
    EXPECT_EQ(read_text_file(folder_.path() / "nothing").error().code, Errc::not_found);
    EXPECT_THAT(read_text_file(folder_.path()).error().message, HasSubstr("is no file"));
    EXPECT_EQ(read_text_file("/dev/zero").error().code, Errc::invalid);
}

TEST_F(TextFile, IsReplacedWithItsPermissionsAndNothingIsLeftBeside) {
    const auto path = folder_.file("a.lock", "old");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
    ASSERT_TRUE(replace_text_file(path, "new"));
    EXPECT_EQ(*read_text_file(path), "new");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
    EXPECT_EQ(entries(), 1u);
}

TEST_F(TextFile, AHardLinkKeepsTheOldBytes) { // it was put in place, not written over
    const auto path = folder_.file("a.lock", "old");
    fs::create_hard_link(path, folder_.path() / "other");
    ASSERT_TRUE(replace_text_file(path, "new"));
    EXPECT_EQ(*read_text_file(folder_.path() / "other"), "old");
}

TEST_F(TextFile, ASymbolicLinkStaysOne) {
    const auto path = folder_.file("real/a.lock", "old");
    fs::create_symlink(path, folder_.path() / "link");
    ASSERT_TRUE(replace_text_file(folder_.path() / "link", "new"));
    EXPECT_TRUE(fs::is_symlink(folder_.path() / "link"));
    EXPECT_EQ(*read_text_file(path), "new");
}

TEST_F(TextFile, OfNothingNothingIsMade) {
    EXPECT_FALSE(replace_text_file(folder_.path() / "nothing", "new"));
    EXPECT_EQ(entries(), 0u);
}

} // namespace
} // namespace yizhan
