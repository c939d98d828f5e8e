#include "tests/origin/body.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace yizhan::origin {
namespace {

TEST(Body, HasTheDigestsThatTheSpecificationsGive) {
    const Body abc = Body::text("abc");
    EXPECT_EQ(abc.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-4
    EXPECT_EQ(abc.blake2b(), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    EXPECT_EQ(Body().sha256(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(abc.pypi_folder(), "bd/dd/813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(Body, RandomBytesAreTheSameHoweverTheyAreRead) {
    const Body body = Body::random(7, 1000);
    const std::string whole = body.str();
    ASSERT_EQ(whole.size(), 1000u);
    for (const std::size_t at : {0u, 1u, 7u, 8u, 9u, 500u, 991u}) {
        for (const std::size_t count : {0u, 1u, 7u, 8u, 9u}) {
            std::string part(count, '\0');
            body.read(at, part);
            EXPECT_EQ(part, whole.substr(at, count)) << at << "+" << count;
        }
    }
    EXPECT_EQ(Body::random(7, 1000).sha256(), body.sha256());
    EXPECT_NE(Body::random(8, 1000).sha256(), body.sha256());
    EXPECT_EQ(Body::random(7, 100).str(), whole.substr(0, 100));
}

TEST(Body, RandomBytesDoNotRepeatAndDoNotCompress) {
    const std::string bytes = Body::random(1, 1 << 16).str();
    std::array<unsigned, 256> seen{};
    for (const char c : bytes) {
        ++seen[static_cast<unsigned char>(c)];
    }
    for (const unsigned count : seen) {
        EXPECT_NEAR(count, 256, 100);
    }
    EXPECT_NE(bytes.substr(0, 64), bytes.substr(1 << 15, 64));
}

TEST(Body, PartsStandOneAfterAnother) {
    const Body body = Body::concat({Body::text("head"), Body(), Body::random(3, 10), Body::text("tail")});
    EXPECT_EQ(body.str(), "head" + Body::random(3, 10).str() + "tail");
    std::string across(4, '\0');
    body.read(12, across);
    EXPECT_EQ(across, Body::random(3, 10).str().substr(8) + "ta");
}

TEST(Body, AFlipTurnsOneBitAndASecondOneTurnsItBack) {
    const Body body = Body::random(5, 100);
    const Body damaged = body.flipped(50, 3);
    std::string expected = body.str();
    expected[50] = static_cast<char>(expected[50] ^ 8);
    EXPECT_EQ(damaged.str(), expected);
    EXPECT_EQ(damaged.flipped(50, 3).str(), body.str());
    EXPECT_NE(damaged.sha256(), body.sha256());
    EXPECT_EQ(Body::concat({Body::text("ab"), damaged}).str(), "ab" + expected);
    EXPECT_THROW(body.flipped(100), std::out_of_range);
}

TEST(Body, ComparesWithoutBeingReadWhole) {
    const Body body = Body::random(9, 50'000);
    const std::string part = body.str().substr(20'000, 20'000);
    EXPECT_TRUE(body.equals_at(20'000, part));
    EXPECT_FALSE(body.equals_at(20'001, part));
    EXPECT_FALSE(body.flipped(39'999).equals_at(20'000, part));
    EXPECT_FALSE(body.equals_at(40'000, part)); // past the end
    EXPECT_TRUE(body.equals_at(50'000, {}));
}

TEST(Body, RefusesToReadPastTheEnd) {
    std::string out(2, '\0');
    EXPECT_THROW(Body::text("ab").read(1, out), std::out_of_range);
    EXPECT_THROW(Body::text("ab").read(3, {}), std::out_of_range);
}

} // namespace
} // namespace yizhan::origin
