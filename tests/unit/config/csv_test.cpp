#include "config/csv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows(std::string_view text) {
    Rows out;
    const auto parsed = parse_csv(text, "t.csv");
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    if (parsed)
        for (const auto& row : *parsed) {
            out.emplace_back();
            for (const auto& field : row)
                out.back().push_back(field.text);
        }
    return out;
}

std::string complaint(std::string_view text) {
    const auto parsed = parse_csv(text, "t.csv");
    return parsed ? "accepted" : parsed.error().message;
}

TEST(Csv, ReadsRfc4180) {
    EXPECT_EQ(rows(""), Rows{});
    EXPECT_EQ(rows("a,b\n"), (Rows{{"a", "b"}}));
    EXPECT_EQ(rows("a,b"), (Rows{{"a", "b"}}));
    EXPECT_EQ(rows("a,b\r\nc,d\r\n"), (Rows{{"a", "b"}, {"c", "d"}}));
    EXPECT_EQ(rows(",\n,"), (Rows{{"", ""}, {"", ""}}));
    EXPECT_EQ(rows("\"a,b\",\"say \"\"hi\"\"\"\n"), (Rows{{"a,b", "say \"hi\""}}));
    EXPECT_EQ(rows("\"two\nlines\",x\n"), (Rows{{"two\nlines", "x"}}));
    EXPECT_EQ(rows("\"\",x"), (Rows{{"", "x"}}));
    EXPECT_EQ(rows(" a , b "), (Rows{{" a ", " b "}}));
}

TEST(Csv, AFieldKnowsItsPlace) {
    const auto parsed = parse_csv("a,b\n\"x\ny\",z\n1,22\n", "t.csv");
    ASSERT_TRUE(parsed);
    const auto& field = (*parsed)[1][1];
    EXPECT_EQ(field.text, "z");
    EXPECT_EQ(field.line, 3u);
    EXPECT_EQ(field.column, 4u);
    EXPECT_EQ((*parsed)[2][1].line, 4u);
    EXPECT_EQ((*parsed)[2][1].column, 3u);
}

TEST(Csv, AMistakeIsNamedWithItsPlace) {
    const std::pair<std::string_view, const char*> table[] = {
        {"a,b\nc\n", "t.csv:2:1: has 1 fields; the header has 2"},
        {"a,b\nc,d,e\n", "t.csv:2:1: has 3 fields; the header has 2"},
        {"a,b\n\nc,d\n", "t.csv:2:1: has 1 fields; the header has 2"},
        {"a,b\nc,\"d\n", "t.csv:2:3: the quote that opens here is never closed"},
        {"a,b\"c\n", "t.csv:1:4: a quote inside a field; quote the whole field and double it"},
        {"\"a\"b,c\n", "t.csv:1:4: expected a comma or the end of the row after a quoted field"},
        {"a,b\rc\n", "t.csv:1:4: a control byte"},
        {std::string_view("a,\0\n", 4), "t.csv:1:3: a control byte"},
        {std::string_view("a,\"\0\"\n", 6), "t.csv:1:4: a control byte"},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(complaint(text), expected) << text;
}

TEST(Csv, IsBounded) {
    EXPECT_EQ(complaint(std::string((1 << 20) + 1, 'a')), "t.csv:1:1: is over 1 MiB");
    std::string many;
    for (int i = 0; i < 10'001; ++i)
        many += "a\n";
    EXPECT_NE(complaint(many).find("more than 10000 rows"), std::string::npos);
    EXPECT_NE(complaint(std::string(64, ',')).find("more than 64 fields"), std::string::npos);
    EXPECT_EQ(complaint(std::string(63, ',')), "accepted");
}

} // namespace
} // namespace yizhan
