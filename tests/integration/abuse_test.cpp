// Clients that mean harm, against the real binary: they are told so and let go. What others notice meanwhile is in
// meanwhile_test.cpp.
#include "tests/integration/crowd.hpp"
#include "tests/integration/smuggling.hpp"
#include "tests/integration/stage.hpp"

#include <filesystem>
#include <sys/resource.h>

namespace yizhan::integration {
namespace {

using namespace std::chrono_literals;

const std::string livez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

class Abuse : public Stage {
  protected:
    Abuse() { raise_descriptor_limit(); }
};

class Smuggled : public Abuse, public ::testing::WithParamInterface<Smuggling> {};

// One answer, and the connection is closed: what follows the refused head is never taken for a request.
TEST_P(Smuggled, IsAnsweredOnceAndClosed) {
    start();
    Client client(service().port());
    client.send(GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    const Reply reply = client.finish();
    EXPECT_EQ(reply.status, 400u);
    EXPECT_TRUE(reply.complete && !reply.was_reset);
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(get("/livez").status, 200u);
    EXPECT_THAT(service().log(), Not(HasSubstr("/smuggled")));
}

INSTANTIATE_TEST_SUITE_P(Messages, Smuggled, ::testing::ValuesIn(smugglings),
                         [](const auto& at) { return at.param.name; });

TEST_F(Abuse, AClientOverItsLimitIsToldSoAndOthersAreServed) {
    set("http.max_connections_per_client = 40");
    start();
    Crowd crowd(service().port(), 60, "127.0.0.21");
    crowd.send(livez);
    EXPECT_TRUE(crowd.wait_received(100, 20s));
    EXPECT_EQ(crowd.heard("HTTP/1.1 200"), 40u);
    EXPECT_EQ(crowd.heard("HTTP/1.1 503"), 20u);
    EXPECT_EQ(get("/livez").status, 200u);
}

/// Lets a process open no descriptor more, for as long as this lives.
class NoDescriptors {
  public:
    explicit NoDescriptors(pid_t pid) : pid_(pid) {
        rlim_t free = 0; // the kernel gives the lowest number that is free
        while (std::filesystem::exists("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(free))) {
            ++free;
        }
        ::prlimit(pid, RLIMIT_NOFILE, nullptr, &before_);
        const rlimit none{.rlim_cur = free, .rlim_max = before_.rlim_max};
        EXPECT_EQ(::prlimit(pid, RLIMIT_NOFILE, &none, nullptr), 0);
    }
    ~NoDescriptors() { ::prlimit(pid_, RLIMIT_NOFILE, &before_, nullptr); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    pid_t pid_;
    rlimit before_{};
};

// Not a unit test: without descriptors UBSan, which reads through a pipe what it checks, takes every object for broken.
TEST_F(Abuse, WithoutDescriptorsClientsAreToldSoAndServedAfterwards) {
    start();
    Client early(service().port());
    EXPECT_EQ(early.get("/livez").status, 200u);
    {
        const NoDescriptors none(service().pid());
        Crowd late(service().port(), 40, "127.0.0.31"); // more than are told in one go
        EXPECT_TRUE(late.wait_ended(20s));
        EXPECT_EQ(late.heard("HTTP/1.1 503"), late.size());
        EXPECT_EQ(early.get("/livez").status, 200u);
    }
    EXPECT_EQ(get("/livez").status, 200u);
    EXPECT_THAT(service().log(), HasSubstr("no descriptor is left"));
}

} // namespace
} // namespace yizhan::integration
