#include "proxy/routes/name_policy.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

NamePolicy policy(std::vector<std::string> deny) {
    Settings::Pypi settings;
    settings.deny = std::move(deny);
    return NamePolicy(settings);
}

TEST(NamePolicy, PagesGoByTheirNormalisedName) {
    const auto names = policy({"lab-*", "evil"});
    EXPECT_TRUE(names.denied("lab-tools"));
    EXPECT_TRUE(names.denied("evil"));
    EXPECT_FALSE(names.denied("evil-twin"));
    EXPECT_FALSE(names.denied("lab"));
}

TEST(NamePolicy, FilesGoByTheProjectInTheirName) {
    const auto names = policy({"lab-*", "evil"});
    for (const auto* file : {"lab_tools-1.0-py3-none-any.whl", "Lab_Tools-1.0-1_cuda-py3-none-any.whl",
                             "lab-tools-1.0.tar.gz", "lab.tools-1.0.zip", "lab-tools-latest.zip", "lab-tools.tar.gz",
                             "evil-2.tar.gz", "evil-v2.tar.gz", "Evil-1.0.win32-py2.7.exe", "evil-0.1-py2.7.egg"})
        EXPECT_TRUE(names.file_denied(file)) << file;
    for (const auto* file : {"label-1.0.tar.gz", "evil_twin-1.0-py3-none-any.whl", "evil-twin-1.0.tar.gz",
                             "evil-vendor-1.0.tar.gz", "six-1.17.0-py2.py3-none-any.whl", "noversion.tar.gz"})
        EXPECT_FALSE(names.file_denied(file)) << file;
}

TEST(NamePolicy, WithoutPatternsNothingIsRefused) {
    const auto names = policy({});
    EXPECT_FALSE(names.denied("evil"));
    EXPECT_FALSE(names.file_denied("evil-1.0.tar.gz"));
}

TEST(NamePolicy, PrivateNamesAreAListOfTheirOwn) {
    Settings::Pypi settings;
    settings.private_names = {"lab-*"};
    const NamePolicy names(settings);
    EXPECT_TRUE(names.is_private("lab-tools"));
    EXPECT_TRUE(names.file_private("lab_tools-1.0-py3-none-any.whl"));
    EXPECT_FALSE(names.denied("lab-tools"));
}

} // namespace
} // namespace yizhan
