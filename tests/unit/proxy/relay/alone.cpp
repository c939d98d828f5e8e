// Takes the machine's HTTP proxy away from the whole test process, which would else be asked for every loopback mirror.
#include <gtest/gtest.h>

#include <cstdlib>

namespace yizhan {
namespace {

class Alone : public testing::Environment {
  public:
    void SetUp() override {
        for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
            ::unsetenv(name); // NOLINT(concurrency-mt-unsafe): before any other thread
    }
};

const auto* const environment = testing::AddGlobalTestEnvironment(new Alone); // gtest owns it

} // namespace
} // namespace yizhan
