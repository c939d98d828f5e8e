#include "index/ini_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> out;
    for (const auto& word : read_ini(text))
        out.push_back(fmt::format("{} {}.{}={}", word.offset, word.section, word.key, word.text));
    return out;
}

TEST(Ini, ListsStandOnOneLineOrOnSeveral) {
    EXPECT_THAT(
        words("[global]\nindex-url = https://a/\nExtra_Index_URL =\n    https://b/\n    # not this\n\thttps://c/ "
              "https://d/\ntimeout: 60\n"),
        ElementsAre("21 global.index-url=https://a/", "54 global.extra-index-url=https://b/",
                    "81 global.extra-index-url=https://c/", "92 global.extra-index-url=https://d/",
                    "112 global.timeout=60"));
}

TEST(Ini, SectionsAreKept) {
    EXPECT_THAT(words("[global]\na=1\n[install]\nb=2\r\n; no\n# no\n"), ElementsAre("11 global.a=1", "25 install.b=2"));
}

TEST(Ini, OtherTextIsPassedOver) {
    EXPECT_THAT(words("[broken\nno value here\n   neither here\n"), IsEmpty());
    EXPECT_THAT(words(""), IsEmpty());
    EXPECT_THAT(words("[\n=\n"), IsEmpty());
}

} // namespace
} // namespace yizhan
