#include "cache/fill.hpp"
#include "cache/parking.hpp"
#include "tests/unit/cache/store_fixture.hpp"

namespace yizhan {
namespace {

namespace fs = std::filesystem;

class ParkingTest : public testing::Test {
  protected:
    Result<Fill> begin() { return store->begin(identity, size); }

    void reopen() {
        store.reset();
        store = open_store(data);
    }

    std::string taken_over(Fill& fill) {
        std::string out;
        for (;;) {
            const auto piece = fill.take_over();
            EXPECT_TRUE(piece);
            if (!piece || !*piece)
                return out;
            EXPECT_EQ((*piece)->offset, out.size()) << "without holes";
            out.append(reinterpret_cast<const char*>((*piece)->bytes.data()), (*piece)->bytes.size());
        }
    }

    /// A fill that got as far as `end`, parked.
    void park_at(std::uint64_t end) {
        auto fill = begin();
        ASSERT_TRUE(fill);
        constexpr std::uint64_t step = 1 << 20;
        for (std::uint64_t at = 0; at < end; at += step)
            ASSERT_TRUE(fill->write(at, as_bytes(bytes.substr(at, std::min(step, end - at))), "a"));
        fill->park();
    }

    fs::path part() const { return data / "partial" / ("sha256-" + sha256(bytes).hex() + ".part"); }

    TempFolder folder;
    fs::path data = folder.path() / "data";
    std::unique_ptr<Store> store = open_store(data);
    std::string bytes = std::string(PieceWriter::piece_size, 'a') + std::string(PieceWriter::piece_size, 'b') + "end";
    Identity identity{.sha256 = sha256(bytes), .blake2b = {}, .md5 = {}};
    std::uint64_t size = bytes.size();
};

TEST_F(ParkingTest, WhatWasParkedIsTakenOverAndBecomesTheBlob) {
    const auto half = PieceWriter::piece_size + 1000;
    park_at(half);
    reopen(); // another process, as far as the store knows
    auto fill = begin();
    ASSERT_TRUE(fill);
    EXPECT_EQ(fill->left_behind(), half);
    EXPECT_TRUE(taken_over(*fill) == bytes.substr(0, half));
    ASSERT_TRUE(fill->write(half, as_bytes(std::string_view(bytes).substr(half)), "b"));
    EXPECT_EQ(fill->pieces().back().source, "b");
    Waiter<Blob> waiter;
    store->commit(std::move(*fill), sha256(bytes), {"path", Grade::root, "x"}, waiter.handler());
    ASSERT_TRUE(waiter.get());
    EXPECT_TRUE(store->find(PathKey("path"))->read_all(1 << 30).value() == bytes);
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

TEST_F(ParkingTest, AKillLosesNoMoreThanAPiece) {
    {
        auto fill = begin();
        ASSERT_TRUE(fill);
        ASSERT_TRUE(fill->write(0, as_bytes(bytes.substr(0, PieceWriter::piece_size)), "a"));
        ASSERT_TRUE(fill->write(PieceWriter::piece_size, as_bytes("bbb"), "a"));
        for (const auto* suffix : {".part", ".pieces"}) // what a kill leaves
            fs::copy_file(fs::path(part()).replace_extension(suffix), folder.path() / ("copy" + std::string(suffix)));
    }
    EXPECT_EQ(file_count(data / "partial"), 0u) << "a fill that is dropped takes its files along";
    store.reset();
    for (const auto* suffix : {".part", ".pieces"})
        fs::copy_file(folder.path() / ("copy" + std::string(suffix)), fs::path(part()).replace_extension(suffix));
    store = open_store(data);
    auto fill = begin();
    ASSERT_TRUE(fill);
    EXPECT_TRUE(taken_over(*fill) == std::string(PieceWriter::piece_size, 'a'));
    EXPECT_EQ(fs::file_size(part()), PieceWriter::piece_size) << "bytes that nothing vouches for are gone";
}

TEST_F(ParkingTest, BytesThatTheDiskLostAreNotTakenOver) {
    park_at(size);
    auto damaged = read_file(part());
    damaged[PieceWriter::piece_size + 5] ^= 1;
    fs::permissions(part(), fs::perms::owner_write, fs::perm_options::add);
    write_file(part(), damaged);
    auto fill = begin();
    ASSERT_TRUE(fill);
    EXPECT_EQ(fill->left_behind(), size);
    const auto first = fill->take_over();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->bytes.size(), PieceWriter::piece_size);
    const auto last = fill->take_over();
    ASSERT_TRUE(last && *last) << "what comes after the damage is as good as ever";
    EXPECT_EQ((*last)->offset, 2 * PieceWriter::piece_size);
    const auto end = fill->take_over();
    ASSERT_TRUE(end && !*end);
    Waiter<Blob> waiter;
    store->commit(std::move(*fill), sha256(bytes), {"path", Grade::root, "x"}, waiter.handler());
    EXPECT_FALSE(waiter.get()) << "with a hole it is no blob";
}

TEST_F(ParkingTest, PiecesWithHolesBetweenThemAreTakenOver) {
    {
        auto fill = begin();
        ASSERT_TRUE(fill);
        ASSERT_TRUE(fill->write(PieceWriter::piece_size, as_bytes(bytes.substr(PieceWriter::piece_size)), "b"));
        ASSERT_TRUE(fill->write(0, as_bytes(bytes.substr(0, 1000)), "a"));
        EXPECT_TRUE(fill->park());
    }
    reopen();
    auto fill = begin();
    ASSERT_TRUE(fill);
    std::vector<std::uint64_t> offsets;
    for (auto piece = fill->take_over(); piece && *piece; piece = fill->take_over())
        offsets.push_back((*piece)->offset);
    EXPECT_EQ(offsets, (std::vector<std::uint64_t>{0, PieceWriter::piece_size}));
    ASSERT_TRUE(fill->write(1000, as_bytes(bytes.substr(1000, PieceWriter::piece_size - 1000)), "c"));
    Waiter<Blob> waiter;
    store->commit(std::move(*fill), sha256(bytes), {"path", Grade::root, "x"}, waiter.handler());
    ASSERT_TRUE(waiter.get());
    EXPECT_TRUE(store->find(PathKey("path"))->read_all(1 << 30).value() == bytes);
}

TEST_F(ParkingTest, WhatWasForgottenIsNotTakenOver) {
    {
        auto fill = begin();
        ASSERT_TRUE(fill);
        ASSERT_TRUE(fill->write(0, as_bytes(bytes.substr(0, PieceWriter::piece_size)), "a"));
        ASSERT_TRUE(fill->write(PieceWriter::piece_size, as_bytes(bytes.substr(PieceWriter::piece_size)), "liar"));
        EXPECT_FALSE(fill->forget("liar").empty());
        EXPECT_TRUE(fill->park());
    }
    auto fill = begin();
    ASSERT_TRUE(fill);
    EXPECT_EQ(fill->left_behind(), PieceWriter::piece_size);
    EXPECT_TRUE(taken_over(*fill) == bytes.substr(0, PieceWriter::piece_size));
}

TEST_F(ParkingTest, AShorterFileThanNotedCountsAsFarAsItGoes) {
    park_at(size);
    fs::resize_file(part(), PieceWriter::piece_size + 5);
    auto fill = begin();
    ASSERT_TRUE(fill);
    EXPECT_TRUE(taken_over(*fill) == bytes.substr(0, PieceWriter::piece_size));
}

TEST_F(ParkingTest, WhatIsNotWorthKeepingGoes) {
    park_at(1000);
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

TEST_F(ParkingTest, TwoFillsOfOneIdentityDoNotShareAFile) {
    auto first = begin();
    auto second = begin();
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(first->write(0, as_bytes("first"), "a"));
    ASSERT_TRUE(second->write(0, as_bytes("2nd"), "a"));
    char seen[5];
    ASSERT_EQ(pread(Blob(first->file()).fd(), seen, 5, 0), 5);
    EXPECT_EQ(std::string_view(seen, 5), "first");
}

TEST_F(ParkingTest, NothingIsTakenOverWithoutAnIdentity) {
    identity = {};
    park_at(size);
    EXPECT_EQ(file_count(data / "partial"), 0u);
}

TEST_F(ParkingTest, TheStartKeepsWhatIsYoungAndWhole) {
    park_at(size);
    const auto old = data / "partial" / ("sha256-" + std::string(64, '0') + ".part");
    write_file(old, "x");
    write_file(fs::path(old).replace_extension(".pieces"), "y");
    fs::last_write_time(old, fs::file_time_type::clock::now() - Parking::patience - std::chrono::hours(1));
    write_file(data / "partial" / "sha256-11.part", "without notes");
    write_file(data / "partial" / "7", "without a name");
    reopen();
    EXPECT_EQ(store->stats().partials_removed, 4u);
    EXPECT_EQ(file_count(data / "partial"), 2u);
    EXPECT_EQ(begin()->left_behind(), size);
}

TEST_F(ParkingTest, TheNewestStay) {
    for (std::size_t i = 0; i < Parking::most + 3; ++i) {
        const auto part = data / "partial" / ("sha256-" + sha256(std::to_string(i)).hex() + ".part");
        write_file(part, "x");
        write_file(fs::path(part).replace_extension(".pieces"), "y");
    }
    reopen();
    EXPECT_EQ(file_count(data / "partial"), 2 * Parking::most);
}

} // namespace
} // namespace yizhan
