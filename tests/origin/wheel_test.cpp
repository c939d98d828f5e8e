#include "tests/origin/wheel.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace yizhan::origin {
namespace {

std::uint64_t little_endian(std::string_view bytes, std::size_t at, unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = count; i > 0; --i) {
        value = value << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
    }
    return value;
}

TEST(Zip, IsLaidOutAsTheAppnoteSays) {
    const std::string zip = make_zip({{"a", Body::text("abc")}, {"folder/b", Body()}}).str();
    EXPECT_EQ(zip.substr(0, 4), "PK\x03\x04");
    EXPECT_EQ(little_endian(zip, 14, 4), 0x352441c2u); // CRC-32 of "abc"
    const std::size_t end = zip.size() - 22;
    ASSERT_EQ(zip.substr(end, 4), "PK\x05\x06");
    EXPECT_EQ(little_endian(zip, end + 10, 2), 2u);
    const std::uint64_t directory = little_endian(zip, end + 16, 4);
    EXPECT_EQ(zip.substr(directory, 4), "PK\x01\x02");
    EXPECT_EQ(directory + little_endian(zip, end + 12, 4), end);
    const std::size_t second = directory + 46 + 1; // behind the first entry and its name
    EXPECT_EQ(zip.substr(second + 46, 8), "folder/b");
    EXPECT_EQ(zip.substr(little_endian(zip, second + 42, 4), 4), "PK\x03\x04");
}

TEST(Wheel, IsNamedAndDescribedByTheSpecifications) {
    const Wheel wheel = make_wheel("my-lib", "1.2", {.requires_python = ">=3.6", .requires_dist = {"six>=1"}});
    EXPECT_EQ(wheel.filename, "my_lib-1.2-py3-none-any.whl");
    EXPECT_EQ(wheel.metadata, "Metadata-Version: 2.1\nName: my-lib\nVersion: 1.2\nSummary: made by the test origin\n"
                              "Requires-Python: >=3.6\nRequires-Dist: six>=1\n");
    const std::string bytes = wheel.body.str();
    EXPECT_NE(bytes.find(wheel.metadata), std::string::npos);
    // printf '__version__ = "1.2"\n' | openssl dgst -sha256 -binary | basenc --base64url
    EXPECT_NE(bytes.find("my_lib/__init__.py,sha256=Z6Z4uHOLWQPfR8vIHKFw27_F2jBAoupdKhwCtLFspvY,20\n"),
              std::string::npos);
    EXPECT_NE(bytes.find("my_lib-1.2.dist-info/RECORD,,\n"), std::string::npos);
}

TEST(Wheel, IsTheSameEveryTimeAndAsLargeAsAsked) {
    const Wheel big = make_wheel("big", "1", {.size = 1 << 20, .seed = 4});
    EXPECT_GE(big.body.size(), 1u << 20);
    EXPECT_EQ(make_wheel("big", "1", {.size = 1 << 20, .seed = 4}).body.sha256(), big.body.sha256());
    EXPECT_NE(make_wheel("big", "1", {.size = 1 << 20, .seed = 5}).body.sha256(), big.body.sha256());
}

// A wheel such as torch's, which neither memory nor disk holds: its end is what an unzip would look at first.
TEST(Wheel, OfGigabytesAndManyFilesCostsLittle) {
    const Wheel torch = make_wheel("torch", "2", {.size = 2'800'000'000, .files = 10'000});
    EXPECT_GE(torch.body.size(), 2'800'000'000U);
    std::string end(22, '\0');
    torch.body.read(torch.body.size() - end.size(), end);
    ASSERT_EQ(end.substr(0, 4), "PK\x05\x06");
    EXPECT_EQ(little_endian(end, 10, 2), 10'000U + 4);
    EXPECT_NEAR(static_cast<double>(little_endian(end, 12, 4)), 1.3e6, 1e5) << "the directory";
    std::string directory(4, '\0');
    torch.body.read(little_endian(end, 16, 4), directory);
    EXPECT_EQ(directory, "PK\x01\x02");
}

} // namespace
} // namespace yizhan::origin
