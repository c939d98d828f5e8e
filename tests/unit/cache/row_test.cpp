#include "cache/row.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace yizhan {
namespace {

const Sha256 some_digest = sha256("six");

PageRow some_page() {
    return {{some_digest, "https://index.example.org/simple/six/", "text/html", "\"e\"",
             "Thu, 01 Jan 2026 00:00:00 GMT", -5},
            1234};
}

LedgerEntry some_entry() {
    return {some_digest, Grade::root, 42, "https://files.example.org/six", sha256("m"), true};
}

TEST(Row, ObjectsComeBackAsTheyWere) {
    const ObjectRow row{some_digest, 1ull << 40, Grade::agreed, "https://files.example.org/a%20b"};
    EXPECT_EQ(decode_object(encode(row)).value(), row);
}

TEST(Row, BlobsComeBackAsTheyWere) {
    for (const bool kept : {false, true})
        EXPECT_EQ(decode_blob(encode(BlobRow{77, kept})).value(), (BlobRow{77, kept}));
}

TEST(Row, PagesComeBackAsTheyWere) {
    const auto row = decode_page(encode(some_page()));
    ASSERT_TRUE(row);
    EXPECT_EQ(row->size, 1234u);
    EXPECT_EQ(row->document.digest, some_digest);
    EXPECT_EQ(row->document.url, some_page().document.url);
    EXPECT_EQ(row->document.content_type, "text/html");
    EXPECT_EQ(row->document.etag, "\"e\"");
    EXPECT_EQ(row->document.last_modified, some_page().document.last_modified);
    EXPECT_EQ(row->document.checked_at, -5);
}

TEST(Row, LedgerEntriesComeBackAsTheyWere) {
    EXPECT_EQ(decode_ledger(encode(some_entry())).value(), some_entry());
    const LedgerEntry bare{some_digest, Grade::seen, std::nullopt, "", std::nullopt, false};
    EXPECT_EQ(decode_ledger(encode(bare)).value(), bare);
    auto empty_file = bare;
    empty_file.size = 0; // is not the same as an unknown size
    EXPECT_EQ(decode_ledger(encode(empty_file)).value(), empty_file);
}

TEST(Row, TotalsPositionAndSchemaComeBackAsTheyWere) {
    const Totals totals{1, 2, 3, 4};
    EXPECT_EQ(decode_totals(encode(totals)).value(), totals);
    const LogPosition position{0xfedcba9876543210u, 5, 6, true};
    EXPECT_EQ(decode_log_position(encode(position)).value(), position);
    EXPECT_EQ(decode_schema(encode_schema(7)).value(), 7u);
}

TEST(Row, TheBytesOfVersionOneStayWhatTheyAre) {
    // A golden value: a change here is a change of the format and needs a new version.
    EXPECT_EQ(encode(BlobRow{0x0102, true}), std::string("\x01\x02\x01\0\0\0\0\0\0\x01", 10));
    EXPECT_EQ(encode_schema(1), std::string("\x01\x01\0\0\0", 5));
    EXPECT_EQ(encode(ObjectRow{{}, 3, Grade::root, "u"}),
              "\x01" + std::string(32, '\0') + std::string("\x03\0\0\0\0\0\0\0\x03\x01\0\0\0u", 14));
}

struct Kind {
    const char* name;
    std::string bytes;
    std::function<Result<void>(std::string_view)> decode;
};

template <class T>
std::function<Result<void>(std::string_view)> with(Result<T> (*decode)(std::string_view)) {
    return [decode](std::string_view bytes) -> Result<void> {
        auto row = decode(bytes);
        if (!row)
            return std::unexpected(row.error());
        return {};
    };
}

std::vector<Kind> kinds() {
    return {
        {"object", encode(ObjectRow{some_digest, 9, Grade::root, "https://files.example.org/"}), with(decode_object)},
        {"blob", encode(BlobRow{9, true}), with(decode_blob)},
        {"page", encode(some_page()), with(decode_page)},
        {"ledger", encode(some_entry()), with(decode_ledger)},
        {"totals", encode(Totals{1, 2, 3, 4}), with(decode_totals)},
        {"position", encode(LogPosition{1, 2, 3, true}), with(decode_log_position)},
        {"schema", encode_schema(1), with(decode_schema)}};
}

TEST(Row, EveryTruncationAndEveryTailIsRefused) {
    for (const auto& kind : kinds()) {
        ASSERT_TRUE(kind.decode(kind.bytes)) << kind.name;
        for (std::size_t size = 0; size < kind.bytes.size(); ++size) {
            // On the heap with its exact size, so that AddressSanitizer sees a read past the end.
            const std::vector<char> cut(kind.bytes.begin(), kind.bytes.begin() + static_cast<std::ptrdiff_t>(size));
            const auto row = kind.decode({cut.data(), cut.size()});
            ASSERT_FALSE(row) << kind.name << " cut to " << size;
            EXPECT_EQ(row.error().code, Errc::corrupt);
        }
        EXPECT_FALSE(kind.decode(kind.bytes + '\0')) << kind.name;
    }
}

TEST(Row, ANewerVersionIsRefusedByName) {
    for (const auto& kind : kinds()) {
        auto newer = kind.bytes;
        newer[0] = 2;
        const auto row = kind.decode(newer + "fields of the future");
        ASSERT_FALSE(row) << kind.name;
        EXPECT_NE(row.error().message.find("version 2"), std::string::npos) << row.error().message;
        newer[0] = 0;
        EXPECT_FALSE(kind.decode(newer)) << kind.name;
    }
}

TEST(Row, LengthsThatPromiseMoreThanIsThereAreRefused) {
    auto bytes = encode(ObjectRow{some_digest, 9, Grade::root, "abc"});
    for (std::size_t i = bytes.size() - 7; i < bytes.size() - 3; ++i)
        bytes[i] = '\xff';
    EXPECT_FALSE(decode_object(bytes));
}

TEST(Row, GradesAndFlagsOutOfRangeAreRefused) {
    auto object = encode(ObjectRow{some_digest, 9, Grade::root, ""});
    for (const char grade : {'\0', '\4', '\xff'}) {
        object[1 + 32 + 8] = grade;
        EXPECT_FALSE(decode_object(object)) << int{grade};
    }
    auto blob = encode(BlobRow{9, true});
    blob.back() = 2;
    EXPECT_FALSE(decode_blob(blob));
}

} // namespace
} // namespace yizhan
