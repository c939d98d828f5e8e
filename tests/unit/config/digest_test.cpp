#include "config/digest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace yizhan {
namespace {

struct Vector {
    std::string input;
    std::string sha256, blake2b, md5;
};

// FIPS 180-2 appendix B, RFC 1321 A.5, and BLAKE2b with 32 bytes of output (RFC 7693).
const Vector vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8", "d41d8cd98f00b204e9800998ecf8427e"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319", "900150983cd24fb0d6963f7d28e17f72"},
    {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
     "0741850f36cba4259628355d1073e24ddb9ca0e1bfac36fd39ae5dc2101e23a4", "7707d6ae4e027c70eea2a935c2296f21"},
};

Identity blake2b_and_md5() {
    return {.sha256 = {}, .blake2b = Blake2b256{}, .md5 = Md5{}};
}

Digests digests_of(std::string_view text, const Identity& wanted) {
    StreamHasher hasher(wanted);
    hasher.update(as_bytes(text));
    return hasher.finish();
}

TEST(Digest, MatchesTheKnownVectors) {
    for (const auto& [input, sha, blake, md] : vectors) {
        const auto found = digests_of(input, blake2b_and_md5());
        EXPECT_EQ(found.sha256.hex(), sha);
        ASSERT_TRUE(found.blake2b && found.md5);
        EXPECT_EQ(found.blake2b->hex(), blake);
        EXPECT_EQ(found.md5->hex(), md);
        EXPECT_EQ(sha256(input).hex(), sha);
    }
}

TEST(Digest, DoesNotDependOnHowTheStreamIsCut) {
    const std::string& text = vectors[2].input;
    for (const std::size_t step : {1u, 63u, 64u, 65u, 16'384u, 999'999u}) {
        StreamHasher hasher(blake2b_and_md5());
        for (std::size_t from = 0; from < text.size(); from += step)
            hasher.update(as_bytes(std::string_view(text).substr(from, step)));
        const auto found = hasher.finish();
        EXPECT_EQ(found.sha256.hex(), vectors[2].sha256) << step;
        EXPECT_EQ(found.blake2b->hex(), vectors[2].blake2b) << step;
        EXPECT_EQ(found.md5->hex(), vectors[2].md5) << step;
    }
}

TEST(Digest, Blake2bIsComputedOnlyWhereNothingElseIdentifies) {
    EXPECT_FALSE(digests_of("abc", {}).blake2b);
    EXPECT_TRUE(digests_of("abc", {.sha256 = {}, .blake2b = Blake2b256{}, .md5 = {}}).blake2b);
    EXPECT_FALSE(digests_of("abc", {.sha256 = Sha256{}, .blake2b = Blake2b256{}, .md5 = {}}).blake2b);
    EXPECT_FALSE(digests_of("abc", {}).md5);
}

TEST(Digest, HexIsReadInEitherCaseAndWrittenInLowerCase) {
    const auto digest = Sha256::from_hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
    ASSERT_TRUE(digest);
    EXPECT_EQ(*digest, sha256("abc"));
    EXPECT_EQ(Sha256::from_hex(digest->hex()), digest);
}

TEST(Digest, HexOfAnotherLengthOrAlphabetIsRefused) {
    const std::string good(64, '0');
    EXPECT_TRUE(Sha256::from_hex(good));
    EXPECT_FALSE(Sha256::from_hex(""));
    EXPECT_FALSE(Sha256::from_hex(good.substr(1)));
    EXPECT_FALSE(Sha256::from_hex(good + "0"));
    for (const char c : {'g', 'G', ' ', '/', ':', '@', '`', '\0', '\x80', '-'})
        for (const std::size_t at : {std::size_t{0}, std::size_t{63}}) {
            auto bad = good;
            bad[at] = c;
            EXPECT_FALSE(Sha256::from_hex(bad)) << static_cast<int>(c);
        }
    EXPECT_FALSE(Md5::from_hex(good));
}

TEST(Digest, APyPiPathSpellsTheBlake2bOfTheFile) {
    const auto found = digests_of("abc", {.sha256 = {}, .blake2b = Blake2b256{}, .md5 = {}});
    const std::string path = "bd/dd/813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
    EXPECT_EQ(Blake2b256::from_hex(path.substr(0, 2) + path.substr(3, 2) + path.substr(6)), found.blake2b);
}

TEST(Digest, AMismatchNamesBothDigests) {
    const auto abc = digests_of("abc", blake2b_and_md5());
    const auto other = digests_of("abd", blake2b_and_md5());
    const auto expect_both = [](const std::optional<std::string>& sentence, const std::string& wanted,
                                const std::string& found) {
        ASSERT_TRUE(sentence);
        EXPECT_NE(sentence->find(wanted), std::string::npos) << *sentence;
        EXPECT_NE(sentence->find(found), std::string::npos) << *sentence;
    };
    expect_both(mismatch({.sha256 = abc.sha256, .blake2b = {}, .md5 = {}}, other), abc.sha256.hex(),
                other.sha256.hex());
    expect_both(mismatch({.sha256 = {}, .blake2b = abc.blake2b, .md5 = {}}, other), abc.blake2b->hex(),
                other.blake2b->hex());
    expect_both(mismatch({.sha256 = {}, .blake2b = {}, .md5 = abc.md5}, other), abc.md5->hex(), other.md5->hex());
    // One digest that is right does not excuse another that is wrong.
    expect_both(mismatch({.sha256 = abc.sha256, .blake2b = {}, .md5 = other.md5}, abc), other.md5->hex(),
                abc.md5->hex());
    expect_both(mismatch({.sha256 = abc.sha256, .blake2b = other.blake2b, .md5 = {}}, abc), other.blake2b->hex(),
                abc.blake2b->hex());
}

TEST(Digest, WhatFitsIsNoMismatch) {
    const auto abc = digests_of("abc", blake2b_and_md5());
    EXPECT_FALSE(mismatch({}, abc));
    EXPECT_FALSE(mismatch({.sha256 = abc.sha256, .blake2b = abc.blake2b, .md5 = abc.md5}, abc));
    const auto sha_only = digests_of("abc", {});
    EXPECT_FALSE(mismatch({.sha256 = abc.sha256, .blake2b = abc.blake2b, .md5 = {}}, sha_only));
}

TEST(Digest, ADigestThatWasNotComputedNeverCountsAsAMatch) {
    const auto abc = digests_of("abc", blake2b_and_md5());
    const auto sha_only = digests_of("abc", {});
    EXPECT_TRUE(mismatch({.sha256 = {}, .blake2b = abc.blake2b, .md5 = {}}, sha_only));
    EXPECT_TRUE(mismatch({.sha256 = {}, .blake2b = {}, .md5 = abc.md5}, sha_only));
    Digests without_blake = abc;
    without_blake.blake2b.reset();
    EXPECT_TRUE(mismatch({.sha256 = {}, .blake2b = abc.blake2b, .md5 = abc.md5}, without_blake));
}

TEST(Digest, IdentityIsKnownWithAnyDigest) {
    EXPECT_FALSE(Identity{}.known());
    EXPECT_TRUE((Identity{.sha256 = Sha256{}, .blake2b = {}, .md5 = {}}).known());
    EXPECT_TRUE((Identity{.sha256 = {}, .blake2b = Blake2b256{}, .md5 = {}}).known());
    EXPECT_TRUE((Identity{.sha256 = {}, .blake2b = {}, .md5 = Md5{}}).known());
}

TEST(Digest, CanBeAKey) {
    std::unordered_set<Sha256> set{sha256("a"), sha256("b"), sha256("a")};
    EXPECT_EQ(set.size(), 2u);
    EXPECT_LT(*Md5::from_hex(std::string(32, '0')), *Md5::from_hex(std::string(32, '1')));
}

} // namespace
} // namespace yizhan
