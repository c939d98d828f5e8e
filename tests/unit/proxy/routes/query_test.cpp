#include "proxy/routes/query.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(ReadQuery, ReadsPairsAndKeepsPlus) {
    const auto query = read_query("torch=1.9.0%2Bcu102&x=a+b&y", {"torch", "x", "y", "z"});
    ASSERT_TRUE(query);
    EXPECT_EQ(value_of(*query, "torch"), "1.9.0+cu102");
    EXPECT_EQ(value_of(*query, "x"), "a+b");
    EXPECT_EQ(value_of(*query, "y"), "");
    EXPECT_EQ(value_of(*query, "z"), "");
    EXPECT_TRUE(read_query("", {})->empty());
}

TEST(ReadQuery, RefusesWhatNobodyMeant) {
    EXPECT_EQ(read_query("torche=1", {"torch"}).error().message, "the query has \"torche\"; expected torch");
    EXPECT_EQ(read_query("torch=1&torch=2", {"torch"}).error().message, "the query has torch twice");
    for (const char* broken : {"torch=%", "torch=%0a", "torch=%zz", "torch=%00"})
        EXPECT_FALSE(read_query(broken, {"torch"})) << broken;
}

} // namespace
} // namespace yizhan
