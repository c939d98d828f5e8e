#include "index/project_page.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(ProjectPage, AFilesSha256IsReadFromItsHashes) {
    ProjectFile file;
    EXPECT_FALSE(file.sha256());
    file.hashes.emplace_back("md5", std::string(32, 'a'));
    EXPECT_FALSE(file.sha256());
    file.hashes.emplace_back("sha256", std::string(64, 'b'));
    ASSERT_TRUE(file.sha256());
    EXPECT_EQ(file.sha256()->hex(), std::string(64, 'b'));
    file.hashes.back().second = "short";
    EXPECT_FALSE(file.sha256());
}

} // namespace
} // namespace yizhan
