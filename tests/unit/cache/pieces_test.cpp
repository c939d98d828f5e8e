#include "cache/pieces.hpp"
#include "config/digest.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

std::uint64_t checksum(std::string_view text) {
    Checksum out;
    out.update(as_bytes(text));
    return out.value();
}

TEST(Piece, ALineComesBackAsItWas) {
    const Piece piece{.offset = 8388608, .size = 17, .checksum = checksum("x"), .source = "https://a.example/ files"};
    const Piece other{.offset = 0, .size = 1, .checksum = 0, .source = ""};
    EXPECT_EQ(decode_pieces(encode(piece) + encode(other)), (std::vector<Piece>{piece, other}));
}

TEST(Piece, ALineBreakInASourceMakesNoSecondLine) {
    const auto line = encode({.offset = 0, .size = 1, .checksum = 2, .source = "a\nyizhan-piece 2 9 9 9 9 b"});
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(decode_pieces(line).size(), 1u);
}

TEST(Piece, WhatIsNotWholeEndsTheList) {
    const auto line = encode({.offset = 0, .size = 5, .checksum = 7, .source = "a"});
    const auto next = encode({.offset = 5, .size = 5, .checksum = 7, .source = "a"});
    EXPECT_EQ(decode_pieces(line + next.substr(0, next.size() - 1)).size(), 1u) << "torn in the last byte";
    for (std::size_t i = 0; i < line.size(); ++i) {
        auto bent = line;
        bent[i] = static_cast<char>(bent[i] ^ 1);
        EXPECT_TRUE(decode_pieces(bent + next).empty()) << "bit flipped in byte " << i;
    }
    EXPECT_TRUE(decode_pieces("").empty());
    EXPECT_TRUE(decode_pieces("\n").empty());
}

TEST(PieceWriter, OnePieceForWhatOneSourceSendsInARow) {
    PieceWriter writer;
    writer.add(0, as_bytes("abc"), "a");
    writer.add(3, as_bytes("def"), "a");
    EXPECT_TRUE(writer.closed().empty());
    writer.close();
    ASSERT_EQ(writer.closed().size(), 1u);
    EXPECT_EQ(writer.closed()[0], (Piece{.offset = 0, .size = 6, .checksum = checksum("abcdef"), .source = "a"}));
}

TEST(PieceWriter, AnotherSourceBeginsAnotherPiece) {
    PieceWriter writer;
    writer.add(0, as_bytes("abc"), "a");
    writer.add(3, as_bytes("def"), "b");
    writer.close();
    ASSERT_EQ(writer.closed().size(), 2u);
    EXPECT_EQ(writer.closed()[0].source, "a");
    EXPECT_EQ(writer.closed()[1], (Piece{.offset = 3, .size = 3, .checksum = checksum("def"), .source = "b"}));
}

TEST(PieceWriter, StreamsBesideEachOtherKeepTheirOwn) {
    PieceWriter writer;
    writer.add(0, as_bytes("ab"), "a");
    writer.add(100, as_bytes("xy"), "b");
    writer.add(2, as_bytes("cd"), "a");
    writer.add(102, as_bytes("z"), "b");
    writer.close();
    ASSERT_EQ(writer.closed().size(), 2u);
    EXPECT_EQ(writer.closed()[0].checksum, checksum("abcd"));
    EXPECT_EQ(writer.closed()[1].checksum, checksum("xyz"));
}

TEST(PieceWriter, WhatOneSentIsForgotten) {
    PieceWriter writer;
    writer.add(0, as_bytes("ab"), "a");
    writer.add(2, as_bytes("cd"), "b");
    writer.add(4, as_bytes("ef"), "a");
    const auto gone = writer.forget("a");
    ASSERT_EQ(gone.size(), 2u);
    EXPECT_EQ(gone[0].offset, 0u);
    EXPECT_EQ(gone[1].offset, 4u);
    ASSERT_EQ(writer.closed().size(), 1u);
    EXPECT_EQ(writer.closed()[0].source, "b");
}

TEST(PieceWriter, APieceEndsAtItsSize) {
    PieceWriter writer;
    const std::string half(PieceWriter::piece_size / 2, 'h');
    for (std::uint64_t i = 0; i < 5; ++i)
        writer.add(i * half.size(), as_bytes(half), "a");
    EXPECT_EQ(writer.closed().size(), 2u);
    writer.close();
    EXPECT_EQ(writer.closed().size(), 3u);
}

} // namespace
} // namespace yizhan
