#include "cache/log_record.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

const Sha256 some_digest = sha256("six");

std::string without_newline(std::string line) {
    EXPECT_TRUE(line.ends_with('\n'));
    line.pop_back();
    return line;
}

Record again(const Record& record) {
    auto out = decode_record(without_newline(encode_line(record)));
    EXPECT_TRUE(out);
    return out ? *out : Record{};
}

TEST(LogRecord, BlobsAndErasuresComeBackAsTheyWere) {
    const auto blob = std::get<BlobRecord>(again(BlobRecord{some_digest, 17}));
    EXPECT_EQ(blob.digest, some_digest);
    EXPECT_EQ(blob.size, 17u);
    EXPECT_EQ(std::get<EraseRecord>(again(EraseRecord{some_digest})).digest, some_digest);
    EXPECT_EQ(std::get<DropRecord>(again(DropRecord{some_digest})).digest, some_digest);
}

TEST(LogRecord, TextOfAnyKindComesBackAsItWas) {
    for (const std::string text : {"", "-", "--", "plain", "a b", "100%", "%2D", "new\nline", "carriage\r", "tab\t",
                                   "驿站", "\xff\xfe", "\x7f"}) {
        const auto object =
            std::get<ObjectRecord>(again(ObjectRecord{some_digest, 1ull << 40, Grade::agreed, text, text}));
        EXPECT_EQ(object.path, text);
        EXPECT_EQ(object.source, text);
        EXPECT_EQ(object.size, 1ull << 40);
        EXPECT_EQ(object.grade, Grade::agreed);
        const auto page = std::get<PageRecord>(again(PageRecord{text, {some_digest, text, text, text, text, -9}, 5}));
        EXPECT_EQ(page.key, text);
        EXPECT_EQ(page.document.url, text);
        EXPECT_EQ(page.document.content_type, text);
        EXPECT_EQ(page.document.etag, text);
        EXPECT_EQ(page.document.last_modified, text);
        EXPECT_EQ(page.document.checked_at, -9);
        EXPECT_EQ(page.document.digest, some_digest);
        EXPECT_EQ(page.size, 5u);
    }
}

TEST(LogRecord, ALineIsOneLineWhateverIsInIt) {
    const auto line = encode_line(ObjectRecord{some_digest, 1, Grade::seen, "a\nb c", "d\re"});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find('\r'), std::string::npos);
}

TEST(LogRecord, TheFormatStaysWhatItIs) {
    EXPECT_EQ(encode_line(ObjectRecord{Sha256{}, 3, Grade::root, "pypi/a b", ""}),
              "4757d4f7 object " + std::string(64, '0') + " 3 3 pypi/a%20b -\n");
    EXPECT_EQ(encode_line(LogHeader{1, 0xab}), "12886eb6 log 1 00000000000000ab\n");
}

TEST(LogRecord, EveryFlippedBitAndEveryTruncationIsNoticed) {
    const auto line = without_newline(encode_line(
        PageRecord{"pypi/simple/six/", {some_digest, "https://index.example.org/", "text/html", "e", "", 9}, 5}));
    for (std::size_t i = 0; i < line.size(); ++i) {
        EXPECT_FALSE(decode_record(line.substr(0, i))) << "cut to " << i;
        for (int bit = 0; bit < 8; ++bit) {
            auto flipped = line;
            flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
            // The checksum's own digits may change between upper and lower case and still mean the same.
            if (i < 8 && bit == 5)
                continue;
            EXPECT_FALSE(decode_record(flipped)) << "bit " << bit << " of byte " << i;
        }
    }
}

/// A line with a right checksum around any text: what a confused writer might produce.
std::string checked(const std::string& rest) {
    // CRC-32 bit by bit, independent of the one under test.
    std::uint32_t crc = ~0u;
    for (const char c : rest) {
        crc ^= static_cast<unsigned char>(c);
        for (int i = 0; i < 8; ++i)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", ~crc);
    return std::string(digits) + " " + rest;
}

TEST(LogRecord, WrongFieldsUnderARightChecksumAreRefused) {
    const auto hex = some_digest.hex();
    ASSERT_TRUE(decode_record(checked("blob " + hex + " 1")));
    for (const auto& rest :
         {std::string(""), std::string("unknown"), std::string("blob"), "blob " + hex, "blob " + hex + " x",
          "blob " + hex + " -1", "blob " + hex + " 1 2", "blob " + hex + "  1", "blob " + hex.substr(1) + " 1",
          "blob " + hex + " 99999999999999999999", "object " + hex + " 1 0 p s", "object " + hex + " 1 4 p s",
          "object " + hex + " 1 3 p%zz s", "object " + hex + " 1 3 p", "erase " + hex + " 1", std::string(500, ' '),
          "blob " + hex + " 1" + std::string(max_log_line, ' ')})
        EXPECT_FALSE(decode_record(checked(rest))) << rest.substr(0, 200);
}

TEST(LogRecord, AHeaderTellsFormatAndGeneration) {
    const auto header = decode_header(without_newline(encode_line(LogHeader{1, 0xfedcba9876543210u})));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->format, 1u);
    EXPECT_EQ(header->generation, 0xfedcba9876543210u);
    EXPECT_FALSE(decode_header(without_newline(encode_line(EraseRecord{some_digest}))));
    EXPECT_FALSE(decode_header(""));
}

TEST(LogRecord, AHeaderOfANewerFormatIsRecognisedWhateverElseItSays) {
    const auto header = decode_header(checked("log 2 whatever the future needs"));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->format, 2u);
}

} // namespace
} // namespace yizhan
