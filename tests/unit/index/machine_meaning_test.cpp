#include "index/machine_meaning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

MachineMeaning meaning(std::string_view literal) {
    const auto machine = parse_machine(literal, embedded_tables());
    EXPECT_TRUE(machine) << machine.error().message;
    auto out = meaning_of(*machine, embedded_tables());
    EXPECT_TRUE(out) << out.error().message;
    return std::move(*out);
}

const CudaMeaning& tag(const MachineMeaning& meaning, std::string_view wanted) {
    return *std::ranges::find_if(meaning.cuda, [&](const CudaMeaning& cuda) { return cuda.cuda.tag() == wanted; });
}

TEST(Meaning, OfAK620OnWindows) {
    const auto out = meaning("driver441.22-sm50-cp36-win_amd64");
    EXPECT_EQ(out.python, "Python 3.6 (cp36)");
    EXPECT_EQ(out.hardware, "driver 441.22 on Windows, a GPU of capability 5.0");
    EXPECT_TRUE(out.hides) << "Python 3.6 bundles a pip that passes over yanks";
    EXPECT_EQ(out.torch, "1.10.2 for CUDA 10.2");
    const auto& cu102 = tag(out, "cu102");
    EXPECT_TRUE(cu102.runs);
    EXPECT_EQ(cu102.last_torch, "1.10.2");
    const auto& cu111 = tag(out, "cu111");
    EXPECT_FALSE(cu111.runs);
    EXPECT_THAT(cu111.reason, HasSubstr("driver 452.39"));
}

TEST(Meaning, OfAV100WithANewDriverKnowsThatNewTagsHaveNoCodeForIt) {
    const auto out = meaning("driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    EXPECT_FALSE(out.hides);
    EXPECT_FALSE(tag(out, "cu130").runs);
    EXPECT_THAT(tag(out, "cu130").reason, HasSubstr("no code for 7.0"));
    EXPECT_TRUE(tag(out, "cu126").runs);
    EXPECT_EQ(out.torch, "2.14.1 for CUDA 12.6");
}

TEST(Meaning, TagsComeNewestFirstByNumber) {
    const auto out = meaning("driver580.95.05-sm70-cp311-manylinux_2_36_x86_64");
    ASSERT_FALSE(out.cuda.empty());
    EXPECT_TRUE(std::ranges::is_sorted(out.cuda, std::greater<>{}, &CudaMeaning::cuda));
    EXPECT_EQ(out.cuda.back().cuda.tag(), "cu80") << "and not cu130, as text would have it";
}

TEST(Meaning, ATagWithoutThisPythonSaysSo) {
    EXPECT_THAT(tag(meaning("driver580.95.05-sm86-cp36-manylinux_2_36_x86_64"), "cu130").reason,
                HasSubstr("for Python 3.6"));
}

TEST(Meaning, OfNoGpuHasNoTags) {
    const auto out = meaning("cpu-win_amd64");
    EXPECT_THAT(out.cuda, IsEmpty());
    EXPECT_EQ(out.torch, "");
    EXPECT_EQ(out.python, "any Python");
    EXPECT_EQ(out.hardware, "no GPU");
    EXPECT_THAT(out.platforms, testing::ElementsAre("win_amd64"));
}

} // namespace
} // namespace yizhan
