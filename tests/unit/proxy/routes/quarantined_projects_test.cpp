#include "proxy/routes/quarantined_projects.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <gmock/gmock.h>

namespace yizhan {
namespace {

using testing::HasSubstr;

class QuarantinedProjectsTest : public testing::Test {
  protected:
    void restart() {
        projects.reset();
        store.reset();
        store = open_store(folder.path());
        projects = std::make_unique<QuarantinedProjects>(*store);
    }
    bool withheld(std::string_view project) { return projects->why_not(project).has_value(); }
    bool file_withheld(std::string_view filename) { return projects->why_not_file(filename).has_value(); }

    const ProjectStatus quarantined{"quarantined", "the project is haunted"};
    TempFolder folder;
    std::unique_ptr<Store> store = open_store(folder.path());
    std::unique_ptr<QuarantinedProjects> projects = std::make_unique<QuarantinedProjects>(*store);
};

TEST_F(QuarantinedProjectsTest, NothingIsWithheldWithoutAWord) {
    ASSERT_TRUE(projects->take("six", std::nullopt, Grade::root));
    ASSERT_TRUE(projects->take("six", ProjectStatus{"archived", ""}, Grade::root));
    EXPECT_FALSE(withheld("six"));
    EXPECT_FALSE(file_withheld("six-1.0.tar.gz"));
    EXPECT_EQ(store->stats().documents, 0u) << "nothing is written for a project that is as it was";
}

TEST_F(QuarantinedProjectsTest, PageAndFilesAreWithheldWithTheReason) {
    ASSERT_TRUE(projects->take("evil-lib", quarantined, Grade::root));
    EXPECT_THAT(projects->why_not("evil-lib").value(), HasSubstr("the project is haunted"));
    for (const auto* file : {"evil_lib-1.0-py3-none-any.whl", "Evil.Lib-2.tar.gz", "evil-lib-dev.zip",
                             "evil_lib-1.0-variants.json", "evil-lib-2b-1.0.tar.gz"})
        EXPECT_TRUE(file_withheld(file)) << file;
    EXPECT_THAT(projects->why_not_file("evil_lib-1.0-py3-none-any.whl").value(), HasSubstr("haunted"));
    EXPECT_FALSE(withheld("evil"));
    EXPECT_FALSE(file_withheld("evil-1.0.tar.gz"));
    EXPECT_FALSE(file_withheld("evil_lib_twin-1.0-py3-none-any.whl"));
}

TEST_F(QuarantinedProjectsTest, ARestartKnowsThem) {
    ASSERT_TRUE(projects->take("evil", quarantined, Grade::root));
    ASSERT_TRUE(projects->take("dull", ProjectStatus{"quarantined", ""}, Grade::agreed));
    restart();
    EXPECT_THAT(projects->why_not("evil").value(), HasSubstr("the project is haunted"));
    EXPECT_TRUE(file_withheld("dull-1.zip"));
    EXPECT_FALSE(withheld("six"));
}

TEST_F(QuarantinedProjectsTest, OnlyTheRootLiftsAQuarantine) {
    ASSERT_TRUE(projects->take("evil", quarantined, Grade::agreed));
    ASSERT_TRUE(projects->take("evil", std::nullopt, Grade::agreed));
    EXPECT_TRUE(withheld("evil")) << "a mirror that lags does not know of it";
    ASSERT_TRUE(projects->take("evil", std::nullopt, Grade::root));
    EXPECT_FALSE(withheld("evil"));
    restart();
    EXPECT_FALSE(withheld("evil"));
    ASSERT_TRUE(projects->take("evil", quarantined, Grade::root));
    restart();
    EXPECT_TRUE(withheld("evil"));
}

TEST_F(QuarantinedProjectsTest, WhatCannotBeWrittenDownHoldsWhileTheProcessLives) {
    store.reset();
    store = open_store(folder.path(), {.min_free = 0, .on_step = [](CommitStep) { return ENOSPC; }});
    projects = std::make_unique<QuarantinedProjects>(*store);
    EXPECT_FALSE(projects->take("evil", quarantined, Grade::root));
    EXPECT_TRUE(withheld("evil"));
}

TEST_F(QuarantinedProjectsTest, AnUnreadableWordCountsAsQuarantined) {
    ASSERT_TRUE(projects->take("evil", quarantined, Grade::root));
    const auto document = store->find_document("pypi/quarantined/evil");
    ASSERT_TRUE(document);
    std::filesystem::remove(blob_path(folder.path(), document->digest));
    projects = std::make_unique<QuarantinedProjects>(*store);
    EXPECT_TRUE(withheld("evil"));
}

} // namespace
} // namespace yizhan
