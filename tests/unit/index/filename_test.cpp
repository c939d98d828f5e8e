#include "index/filename.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

using Kind = DistributionKind;

struct WheelRow {
    std::string_view filename, name, version, build, python, abi, platform, variant;
};

TEST(Filename, WheelsAreTakenApart) {
    const WheelRow table[] = {
        {"six-1.17.0-py2.py3-none-any.whl", "six", "1.17.0", "", "py2.py3", "none", "any", ""},
        {"distribution-1.0-1-py27-none-any.whl", "distribution", "1.0", "1", "py27", "none", "any", ""},
        {"torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl", "torch", "1.9.0+cu102", "", "cp36", "cp36m", "win_amd64", ""},
        {"zope.interface-5.4.0-cp39-cp39-manylinux_2_5_x86_64.manylinux1_x86_64.whl", "zope-interface", "5.4.0", "",
         "cp39", "cp39", "manylinux_2_5_x86_64.manylinux1_x86_64", ""},
        {"Flask_Script-2.0-2a_x-py3-none-any.whl", "flask-script", "2.0", "2a_x", "py3", "none", "any", ""},
        {"foo-1.0_1-py3-none-any.whl", "foo", "1.0.post1", "", "py3", "none", "any", ""},
        {"foo-1!2.0rc1-py3-none-any.whl", "foo", "1!2.0rc1", "", "py3", "none", "any", ""},
        // PEP 817/825: a label at the end, with and without a build tag before the tags.
        {"torch-2.9.0-cp313-cp313-manylinux_2_28_x86_64-cu128.whl", "torch", "2.9.0", "", "cp313", "cp313",
         "manylinux_2_28_x86_64", "cu128"},
        {"torch-2.9.0-1-cp313-cp313-win_amd64-null.whl", "torch", "2.9.0", "1", "cp313", "cp313", "win_amd64", "null"},
    };
    for (const auto& row : table) {
        const auto wheel = parse_wheel_filename(row.filename);
        ASSERT_TRUE(wheel) << row.filename;
        EXPECT_EQ(wheel->kind, Kind::wheel);
        EXPECT_EQ(wheel->name, row.name);
        EXPECT_EQ(wheel->version, row.version);
        EXPECT_EQ(wheel->build, row.build);
        EXPECT_EQ(wheel->python, row.python);
        EXPECT_EQ(wheel->abi, row.abi);
        EXPECT_EQ(wheel->platform, row.platform);
        EXPECT_EQ(wheel->variant, row.variant);
        EXPECT_EQ(parse_filename(row.filename, row.name), wheel);
    }
}

TEST(Filename, WhatIsNoWheelIsRefused) {
    for (const std::string_view bad :
         {"", ".whl", "six.whl", "six-1.0.whl", "six-1.0-py3-none.whl", "six-1.0-py3-none-any.WHL",
          "six-1.0-py3--any.whl", "six--py3-none-any.whl", "-1.0-py3-none-any.whl", "s x-1.0-py3-none-any.whl",
          "six-1.0-x-py3-none-any-l.whl", "a-1-2-py3-none-any-cu1-x.whl", "six-1.0-py3-none-any.whl.metadata",
          "six-1.0-p!3-none-any.whl"})
        EXPECT_FALSE(parse_wheel_filename(bad)) << bad;
    EXPECT_FALSE(parse_filename("seven-1.0-py3-none-any.whl", "six"));
}

struct FileRow {
    std::string_view filename, project;
    Kind kind;
    std::string_view version;
};

TEST(Filename, TheProjectTellsWhereAnSdistsVersionBegins) {
    const FileRow table[] = {
        {"six-1.17.0.tar.gz", "six", Kind::sdist, "1.17.0"},
        {"zope_interface-6.0.tar.gz", "zope-interface", Kind::sdist, "6.0"},
        {"zope.interface-3.0.1.tgz", "zope-interface", Kind::sdist, "3.0.1"},
        {"a-b-1.0.tar.gz", "a-b", Kind::sdist, "1.0"},
        {"a-b-1.0.tar.gz", "a", Kind::sdist, "b-1.0"},
        {"python-dateutil-1.0.zip", "python-dateutil", Kind::sdist, "1.0"},
        {"foo-1.0-1.tar.bz2", "foo", Kind::sdist, "1.0.post1"},
        {"foo-1.0-beta2.tar.xz", "foo", Kind::sdist, "1.0b2"},
        {"foo-dev.tar.gz", "foo", Kind::sdist, "dev"},
        {"foo-1.0.tar.Z", "foo", Kind::sdist, "1.0"},
        {"Foo__Bar-0.1.TAR.GZ", "foo-bar", Kind::sdist, "0.1"},
        {"foo-1.0.linux-x86_64.tar.gz", "foo", Kind::other, "1.0"},
        {"foo-1.0.win32.zip", "foo", Kind::other, "1.0"},
        {"foo_bar-1.0_r2-py2.7-linux-x86_64.egg", "foo-bar", Kind::egg, "1.0.post2"},
        {"foo-1.0-py2.7.egg", "foo", Kind::egg, "1.0"},
        {"numpy-1.6.1.win32-py2.7.exe", "numpy", Kind::installer, "1.6.1"},
        {"foo-1.0.win-amd64-py3.3.msi", "foo", Kind::installer, "1.0"},
        {"foo-1.0-1.noarch.rpm", "foo", Kind::other, "1.0"},
        {"foo-1.0-py2.7-macosx10.6.dmg", "foo", Kind::other, "1.0"},
    };
    for (const auto& row : table) {
        const auto file = parse_filename(row.filename, row.project);
        ASSERT_TRUE(file) << row.filename;
        EXPECT_EQ(file->kind, row.kind) << row.filename;
        EXPECT_EQ(file->name, row.project);
        EXPECT_EQ(file->version, row.version) << row.filename;
    }
}

TEST(Filename, UnknownShapesAndOtherProjectsGiveNothing) {
    for (const std::string_view bad : {"six.tar.gz", "six-.tar.gz", "seven-1.0.tar.gz", "six-1.0", "six-1.0.txt",
                                       ".tar.gz", "-1.0.tar.gz", "six-1.0-variants.json", "six.egg", "sixth-1.0.zip"})
        EXPECT_FALSE(parse_filename(bad, "six")) << bad;
}

TEST(Filename, SuffixesOfDistributionsAreKnown) {
    for (const std::string_view good :
         {"a.whl", "a.tar.gz", "a.TGZ", "a-1-variants.json", "a.egg", "a.exe", "a.zip", "a.tar.Z"})
        EXPECT_TRUE(has_distribution_suffix(good)) << good;
    for (const std::string_view bad :
         {"", "a", "a.html", "a.json", "a.whl.asc", "a.tar.gz.sig", "a.metadata", "..", ".whl5"})
        EXPECT_FALSE(has_distribution_suffix(bad)) << bad;
}

TEST(Filename, OnlyVariantsFilesMayChange) {
    EXPECT_TRUE(is_variants_file("torch-2.9.0-variants.json"));
    for (const std::string_view other : {"torch-2.9.0.tar.gz", "variants.json", "torch-2.9.0-variants.json.whl"})
        EXPECT_FALSE(is_variants_file(other)) << other;
}

TEST(Filename, WithoutAPageItMayBeOfSeveralProjects) {
    const std::vector<std::pair<std::string_view, std::vector<std::string>>> table{
        {"lab_Tools-1.0-py3-none-any.whl", {"lab-tools"}},
        {"a-1.0-1_cuda-py3-none-any.whl", {"a"}},
        {"torch-2.9.0-cp313-cp313-linux_x86_64-cu128.whl", {"torch"}},
        {"a-b-1.0.tar.gz", {"a-b"}},
        {"a-2b-1.0.tar.gz", {"a", "a-2b"}},
        {"Zope.Interface-v3.tgz", {"zope-interface"}},
        {"evil-vendor-1.0.zip", {"evil-vendor"}},
        {"evil-1.0.win32-py2.7.exe", {"evil"}},
        {"evil-0.1-py2.7.egg", {"evil"}},
        {"torch-2.9.0-variants.json", {"torch"}},
        {"lab-tools-dev.tar.gz", {"lab", "lab-tools", "lab-tools-dev"}},
        {"lab.tools.zip", {"lab-tools"}},
        {"lab-tools-1.0.whl", {"lab-tools"}},
        {"lab_tools.whl", {"lab-tools"}},
        {"-1.0.zip", {}},
        {"(x)-1.zip", {}},
        {"", {}},
    };
    for (const auto& [filename, projects] : table)
        EXPECT_EQ(possible_projects(filename), projects) << filename;
}

TEST(Filename, OnlyHarmlessNamesAreSafe) {
    for (const std::string_view good : {"six-1.17.0-py2.py3-none-any.whl", "torch-1.9.0+cu102-cp36-cp36m-win_amd64.whl",
                                        "a-1!2.0.zip", "Products.Foo (1).zip", "a=b@c,d[e]{f}^g~h"})
        EXPECT_TRUE(is_safe_filename(good)) << good;
    using namespace std::string_view_literals;
    for (const auto bad :
         {""sv,      "."sv,   ".."sv,    ".hidden"sv, "a/b"sv,  "a\\b"sv,  "a%2fb"sv, "a%25b"sv, "a\0b"sv, "a\nb"sv,
          "a\x7f"sv, "-rf"sv, "~root"sv, "a<b"sv,     "a\"b"sv, "a'b"sv,   "C:a"sv,   "a|b"sv,   "a*"sv,   "a?b"sv,
          "a#b"sv,   "a&b"sv, "a$b"sv,   "a;b"sv,     "a`b"sv,  "é.whl"sv, " a"sv,    "a "sv,    "a."sv})
        EXPECT_FALSE(is_safe_filename(bad)) << bad;
    EXPECT_TRUE(is_safe_filename(std::string(255, 'a')));
    EXPECT_FALSE(is_safe_filename(std::string(256, 'a')));
}

} // namespace
} // namespace yizhan
