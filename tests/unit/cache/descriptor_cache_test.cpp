#include "cache/descriptor_cache.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <atomic>
#include <thread>

namespace yizhan {
namespace {

class DescriptorCacheTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(files.prepare()); }

    Sha256 store(std::string_view bytes) {
        write_file(files.path(sha256(bytes)), bytes);
        return sha256(bytes);
    }

    TempFolder folder;
    BlobFiles files{folder.path()};
};

TEST_F(DescriptorCacheTest, ASecondLookUpGivesTheSameDescriptor) {
    DescriptorCache cache(files, 64);
    const auto digest = store("bytes");
    const auto first = cache.open(digest, 5);
    ASSERT_TRUE(first);
    EXPECT_EQ(cache.open(digest, 5).value(), *first);
    EXPECT_EQ(cache.size(), 1u);
}

TEST_F(DescriptorCacheTest, AFileDeletedBehindOurBackIsGone) {
    DescriptorCache cache(files, 64);
    const auto digest = store("bytes");
    ASSERT_TRUE(cache.open(digest, 5));
    std::filesystem::remove(files.path(digest));
    EXPECT_EQ(cache.open(digest, 5).error(), ENOENT);
    EXPECT_EQ(cache.size(), 0u);
}

TEST_F(DescriptorCacheTest, AFileCutBehindOurBackIsGone) {
    DescriptorCache cache(files, 64);
    const auto digest = store("bytes");
    ASSERT_TRUE(cache.open(digest, 5));
    std::filesystem::resize_file(files.path(digest), 3);
    EXPECT_EQ(cache.open(digest, 5).error(), ENOENT);
}

TEST_F(DescriptorCacheTest, AReplacedFileIsOpenedAnew) {
    DescriptorCache cache(files, 64);
    const auto digest = store("bytes");
    const auto first = cache.open(digest, 5);
    std::filesystem::remove(files.path(digest));
    write_file(files.path(digest), "bytes");
    const auto second = cache.open(digest, 5);
    ASSERT_TRUE(second);
    EXPECT_NE(*first, *second);
}

TEST_F(DescriptorCacheTest, HoldsNoMoreThanItsCapacity) {
    DescriptorCache cache(files, 16); // one per shard
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(cache.open(store(std::to_string(i)), std::to_string(i).size()));
    EXPECT_LE(cache.size(), 16u);
}

TEST_F(DescriptorCacheTest, WhatWasUsedLastStays) {
    DescriptorCache cache(files, 32); // two per shard
    std::vector<Sha256> same_shard;
    for (int i = 1000; same_shard.size() < 3; ++i)
        if (sha256(std::to_string(i)).bytes.back() % 16 == 0)
            same_shard.push_back(store(std::to_string(i)));
    const auto hot = cache.open(same_shard[0], 4).value();
    ASSERT_TRUE(cache.open(same_shard[1], 4));
    ASSERT_TRUE(cache.open(same_shard[0], 4));
    ASSERT_TRUE(cache.open(same_shard[2], 4)); // the second leaves
    EXPECT_EQ(cache.open(same_shard[0], 4).value(), hot);
}

TEST_F(DescriptorCacheTest, ADroppedDescriptorStaysOpenForItsReaders) {
    DescriptorCache cache(files, 64);
    const auto digest = store("bytes");
    const Blob blob(cache.open(digest, 5).value());
    cache.drop(digest);
    cache.drop(digest);
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(blob.read_all(5).value(), "bytes");
}

TEST_F(DescriptorCacheTest, ThreadsMayMeet) {
    DescriptorCache cache(files, 16);
    std::vector<Sha256> digests;
    for (int i = 0; i < 50; ++i)
        digests.push_back(store(std::to_string(100 + i)));
    std::atomic<int> misses{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t k = 0; k < 4; ++k)
            threads.emplace_back([&, k] {
                for (std::size_t i = 0; i < 2000; ++i) {
                    const auto& digest = digests[(i * (k + 1)) % digests.size()];
                    if (i % 7 == 0)
                        cache.drop(digest);
                    misses += cache.open(digest, 3) ? 0 : 1;
                }
            });
    }
    EXPECT_EQ(misses, 0);
}

} // namespace
} // namespace yizhan
