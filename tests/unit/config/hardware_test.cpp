#include "config/hardware.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace yizhan {
namespace {

TEST(CudaVersion, TheLastDigitOfATagIsTheMinorVersion) {
    const std::tuple<const char*, unsigned, unsigned> table[] = {
        {"cu80", 8, 0},   {"cu92", 9, 2},   {"cu100", 10, 0}, {"cu102", 10, 2},
        {"cu118", 11, 8}, {"cu126", 12, 6}, {"cu130", 13, 0}, {"cu132", 13, 2},
    };
    for (const auto& [tag, major, minor] : table) {
        const auto cuda = CudaVersion::parse_tag(tag);
        ASSERT_TRUE(cuda) << tag;
        EXPECT_EQ(cuda->major, major) << tag;
        EXPECT_EQ(cuda->minor, minor) << tag;
        EXPECT_EQ(cuda->tag(), tag);
        EXPECT_EQ(CudaVersion::parse(cuda->str()), cuda) << tag;
    }
}

TEST(CudaVersion, IsComparedByNumbersNotAsText) {
    const std::vector<std::string> ascending{"cu75",  "cu80",  "cu90",  "cu91",  "cu92",  "cu100",
                                             "cu101", "cu102", "cu110", "cu118", "cu121", "cu130"};
    for (std::size_t i = 0; i < ascending.size(); ++i)
        for (std::size_t j = 0; j < ascending.size(); ++j)
            EXPECT_EQ(*CudaVersion::parse_tag(ascending[i]) < *CudaVersion::parse_tag(ascending[j]), i < j)
                << ascending[i] << " " << ascending[j];
    EXPECT_FALSE(std::ranges::is_sorted(ascending)) << "as text the order would be another";
}

TEST(CudaVersion, TakesNothingElse) {
    for (const auto* const text :
         {"", "cu", "cu1", "cu1020", "cu01", "cu012", "cu1o2", "CU102", "cu10.2", "cu-10", "xpu", "cu102 ", "rocm6"})
        EXPECT_FALSE(CudaVersion::parse_tag(text)) << text;
    for (const auto* const text : {"", "10", "10.", ".2", "10.22", "a.b", "10.2.", "10.2.x", "0.1", "010.2", "-1.2"})
        EXPECT_FALSE(CudaVersion::parse(text)) << text;
    EXPECT_EQ(CudaVersion::parse("10.2.89"), (CudaVersion{10, 2}));
}

TEST(ComputeCapability, IsReadInBothSpellings) {
    const std::pair<const char*, const char*> table[] = {{"5.0", "sm50"}, {"8.6", "sm86"}, {"12.0", "sm120"}};
    for (const auto& [dotted, sm] : table) {
        EXPECT_EQ(ComputeCapability::parse(dotted), ComputeCapability::parse_sm(sm)) << sm;
        EXPECT_EQ(ComputeCapability::parse(dotted)->sm(), sm);
        EXPECT_EQ(ComputeCapability::parse_sm(sm)->str(), dotted);
    }
    EXPECT_EQ(ComputeCapability::parse_sm("sm_121"), (ComputeCapability{12, 1}));
    EXPECT_LT(*ComputeCapability::parse("9.0"), *ComputeCapability::parse("12.0"));
    for (const auto* const text : {"sm", "sm8", "sm1234", "sm8.6", "86", "sm86a", "SM86", "sm__86"})
        EXPECT_FALSE(ComputeCapability::parse_sm(text)) << text;
}

TEST(KernelCode, KnowsWhetherPtxIsThere) {
    EXPECT_EQ(KernelCode::parse("9.0+PTX"), (KernelCode{{9, 0}, true}));
    EXPECT_EQ(KernelCode::parse("9.0"), (KernelCode{{9, 0}, false}));
    EXPECT_EQ(KernelCode::parse("12.0+PTX")->str(), "12.0+PTX");
    EXPECT_FALSE(KernelCode::parse("+PTX"));
    EXPECT_FALSE(KernelCode::parse("9.0+ptx"));
}

TEST(DriverVersion, IsComparedPartByPart) {
    const std::vector<std::string> ascending{"384.81",     "390.46",    "441.22",    "450.36.06",  "450.80.02",
                                             "525",        "525.60.13", "535.54.03", "535.104.05", "570.26",
                                             "570.124.06", "580.65.06", "1000.1"};
    for (std::size_t i = 0; i < ascending.size(); ++i)
        for (std::size_t j = 0; j < ascending.size(); ++j)
            EXPECT_EQ(*DriverVersion::parse(ascending[i]) < *DriverVersion::parse(ascending[j]), i < j)
                << ascending[i] << " " << ascending[j];
}

TEST(DriverVersion, IsSpelledAsNvidiaDoes) {
    for (const auto* const text : {"441.22", "450.80.02", "525.60.13", "535.104.05", "580"})
        EXPECT_EQ(DriverVersion::parse(text)->str(), text);
    EXPECT_EQ(DriverVersion::parse("450.80.2")->str(), "450.80.02");
    EXPECT_EQ(*DriverVersion::parse("450.80.2"), *DriverVersion::parse("450.80.02"));
    EXPECT_EQ(DriverVersion::parse("580.95.05")->branch(), 580u);
}

TEST(DriverVersion, TakesNothingElse) {
    for (const auto* const text : {"", ".", "441.", ".22", "441.22.1.5", "44l.22", "0", "0.1", "10000.1", "441.10000",
                                   "-441.22", "441.22 ", "0441.22", "N/A"})
        EXPECT_FALSE(DriverVersion::parse(text)) << text;
}

} // namespace
} // namespace yizhan
