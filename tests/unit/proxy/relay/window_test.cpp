#include "config/digest.hpp"
#include "proxy/relay/window.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace yizhan {
namespace {

std::string read(const Extent& extent) {
    std::string out(extent.size, '\0');
    EXPECT_EQ(pread(extent.fd, out.data(), out.size(), static_cast<off_t>(extent.at)),
              static_cast<ssize_t>(out.size()));
    return out;
}

std::string some(std::size_t count, char first) {
    std::string out(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<char>(first + static_cast<char>(i % 23));
    return out;
}

TEST(Window, BytesAreFoundUnderTheirOffsetInTheObject) {
    Window window(1000);
    const auto bytes = some(2 * Window::chunk_size + 500, 'a');
    ASSERT_TRUE(window.append(as_bytes(std::string_view(bytes).substr(0, 700))));
    ASSERT_TRUE(window.append(as_bytes(std::string_view(bytes).substr(700))));
    EXPECT_EQ(window.end(), 1000 + bytes.size());
    std::string seen;
    while (seen.size() < bytes.size()) {
        const auto extent = window.find(1000 + seen.size(), UINT64_MAX);
        ASSERT_TRUE(extent);
        EXPECT_EQ(extent->offset, 1000 + seen.size());
        seen += read(*extent);
    }
    EXPECT_TRUE(seen == bytes);
    EXPECT_FALSE(window.find(999, UINT64_MAX));
    EXPECT_FALSE(window.find(window.end(), UINT64_MAX));
    EXPECT_EQ(window.find(1000, 1010)->size, 10u);
}

TEST(Window, WhatIsDroppedIsGoneButForWhoStillSendsFromIt) {
    Window window(0);
    const auto bytes = some(3 * Window::chunk_size, 'a');
    ASSERT_TRUE(window.append(as_bytes(bytes)));
    const auto held = *window.find(5, UINT64_MAX);
    window.drop_below(2 * Window::chunk_size - 1);
    EXPECT_EQ(window.begin(), Window::chunk_size) << "whole chunks only";
    EXPECT_FALSE(window.find(5, UINT64_MAX));
    EXPECT_TRUE(read(held) == bytes.substr(5, Window::chunk_size - 5));
    window.drop_below(UINT64_MAX);
    EXPECT_EQ(window.begin(), 3 * Window::chunk_size);
    ASSERT_TRUE(window.append(as_bytes("next")));
    EXPECT_EQ(read(*window.find(3 * Window::chunk_size, UINT64_MAX)), "next");
}

} // namespace
} // namespace yizhan
