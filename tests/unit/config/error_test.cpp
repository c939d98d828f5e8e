#include "config/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace yizhan {
namespace {

TEST(Error, TextIsTheMessageAndOneLinePerAttempt) {
    EXPECT_EQ((Error{Errc::timeout, "nobody answered", {}}).text(), "nobody answered");
    EXPECT_EQ((Error{Errc::timeout, "nobody answered", {"a: silent", "b: refused"}}).text(),
              "nobody answered\n  - a: silent\n  - b: refused");
}

TEST(Error, FailCarriesCodeMessageAndAttempts) {
    const Result<int> result = fail(Errc::refused, "denied", {"x"});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::refused);
    EXPECT_EQ(result.error().message, "denied");
    EXPECT_EQ(result.error().tried, std::vector<std::string>{"x"});
}

TEST(Error, AFullDiskOrQuotaIsNoSpaceAndTheRestIsIo) {
    EXPECT_EQ(fail_errno("writing", ENOSPC).error().code, Errc::no_space);
    EXPECT_EQ(fail_errno("writing", EDQUOT).error().code, Errc::no_space);
    EXPECT_EQ(fail_errno("writing", EIO).error().code, Errc::io);
    EXPECT_EQ(fail_errno("opening x", ENOENT).error().message, "opening x: No such file or directory");
}

TEST(Error, EveryKindHasItsOwnName) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(Errc::cancelled); ++code)
        names.insert(name(static_cast<Errc>(code)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::cancelled) + 1);
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(name(Errc::digest_mismatch), "digest_mismatch");
}

} // namespace
} // namespace yizhan
