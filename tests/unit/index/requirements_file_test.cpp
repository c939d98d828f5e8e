#include "index/requirements_file.hpp"
#include "index/text_place.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;

/// "offset option value" per entry.
std::vector<std::string> entries(std::string_view text) {
    std::vector<std::string> out;
    for (const auto& entry : read_requirements(text))
        out.push_back(fmt::format("{} {}|{}", entry.offset, entry.option, entry.value));
    return out;
}

TEST(RequirementsFile, RequirementsAndCommentsAndBlankLines) {
    EXPECT_THAT(entries("# all of it\n\ntorch==1.9.0 # why\n  numpy >=1.2, <2\n"),
                ElementsAre("13 |torch==1.9.0", "34 |numpy >=1.2, <2"));
    EXPECT_THAT(entries("a#b\n"), ElementsAre("0 |a#b")) << "a comment begins after white space";
}

TEST(RequirementsFile, OptionsInAllTheirSpellings) {
    EXPECT_THAT(entries("-r base.txt\n-rbase.txt\n--requirement base.txt\n--requirement=base.txt\n"),
                ElementsAre("0 --requirement|base.txt", "12 --requirement|base.txt", "23 --requirement|base.txt",
                            "46 --requirement|base.txt"));
    EXPECT_THAT(entries("-i https://a/ --extra-index-url https://b/ -f 'my page.html' --pre --trusted-host c\n"),
                ElementsAre("0 --index-url|https://a/", "14 --extra-index-url|https://b/",
                            "43 --find-links|my page.html", "61 --pre|", "67 --trusted-host|c"));
    EXPECT_THAT(entries("--pypi-url=https://a/\n"), ElementsAre("0 --index-url|https://a/"));
    EXPECT_THAT(entries("--no-such thing\n"), ElementsAre("0 --no-such|", "10 thing|"))
        << "of an option that nobody knows nobody knows whether it takes a value";
}

TEST(RequirementsFile, LinesGoOnBehindABackslash) {
    EXPECT_THAT(entries("torch==1.9.0 \\\n    --hash=sha256:ab \\\r\n    --hash=sha256:cd\nnumpy\n"),
                ElementsAre("0 |torch==1.9.0", "19 --hash|sha256:ab", "43 --hash|sha256:cd", "60 |numpy"));
    EXPECT_THAT(entries("torch\\\n==1.9\n"), ElementsAre("0 |torch ==1.9"));
    EXPECT_THAT(entries("torch\\"), ElementsAre("0 |torch\\")) << "the end of the file is no line";
}

TEST(RequirementsFile, AMarkersQuotesAreNoPartOfWords) {
    EXPECT_THAT(entries("torch==1.9 ; python_version < '3.8'\n"), ElementsAre("0 |torch==1.9 ; python_version < 3.8"));
}

TEST(RequirementsFile, AByteOrderMarkIsPassedOver) {
    EXPECT_THAT(entries("\xef\xbb\xbftorch\n"), ElementsAre("0 |torch"));
}

TEST(RequirementsFile, IsBounded) {
    std::string text;
    for (int i = 0; i < 200'000; ++i)
        text += "a\n";
    EXPECT_EQ(read_requirements(text).size(), 100'000u);
    EXPECT_THAT(entries(std::string(100, '\\')), testing::SizeIs(1));
}

struct Parts {
    std::string_view text, name, specifiers, url, marker;
};

TEST(Requirement, IsTakenApart) {
    for (const auto& part : std::vector<Parts>{
             {"torch", "torch", "", "", ""},
             {"Torch_Vision==0.10.0+cu102", "torch-vision", "==0.10.0+cu102", "", ""},
             {"torch[opt,x] (>=1.0,<2) ; python_version < 3.8", "torch", ">=1.0,<2", "", "python_version < 3.8"},
             {"torch @ https://h/a;b.whl ; x == 1", "torch", "", "https://h/a;b.whl", "x == 1"},
             {"torch@https://h/t.whl", "torch", "", "https://h/t.whl", ""},
             {"https://h/t.whl#sha256=ab", "", "", "https://h/t.whl#sha256=ab", ""},
             {"git+https://h/t.git@main#egg=t", "", "", "git+https://h/t.git@main#egg=t", ""},
             {"torch>=1,!=1.5;x", "torch", ">=1,!=1.5", "", "x"},
         }) {
        const auto out = parse_requirement(part.text);
        ASSERT_TRUE(out) << part.text;
        EXPECT_EQ(out->name, part.name) << part.text;
        EXPECT_EQ(out->specifiers, part.specifiers) << part.text;
        EXPECT_EQ(out->url, part.url) << part.text;
        EXPECT_EQ(out->marker, part.marker) << part.text;
    }
}

TEST(Requirement, WhatIsNoneIsNone) {
    for (const auto* const text : {"", "./local.whl", "/abs/path", "-r x", "torch 1.0", "torch[x", "=1.0", "a b"})
        EXPECT_FALSE(parse_requirement(text)) << text;
}

TEST(TextLines, CountAsEditorsDo) {
    const std::string_view text = "ab\n\ncd";
    const TextLines lines(text);
    EXPECT_EQ(lines.place(0), (TextPlace{1, 1}));
    EXPECT_EQ(lines.place(2), (TextPlace{1, 3}));
    EXPECT_EQ(lines.place(3), (TextPlace{2, 1}));
    EXPECT_EQ(lines.place(5), (TextPlace{3, 2}));
    EXPECT_EQ(lines.place(99), (TextPlace{3, 3}));
    for (std::size_t i = 0; i <= text.size(); ++i)
        EXPECT_EQ(lines.offset(lines.place(i)), i);
    EXPECT_EQ(lines.offset({9, 1}), text.size());
}

} // namespace
} // namespace yizhan
