#include "proxy/http/descriptors.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yizhan {
namespace {

TEST(DescriptorLimit, is_raised_to_the_hard_one) {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    auto low = before;
    low.rlim_cur = std::min<rlim_t>(before.rlim_max, 256);
    setrlimit(RLIMIT_NOFILE, &low);
    const auto now = raise_descriptor_limit();
    rlimit after{};
    getrlimit(RLIMIT_NOFILE, &after);
    EXPECT_EQ(after.rlim_cur, std::min<rlim_t>(before.rlim_max, 1'048'576));
    EXPECT_EQ(now, after.rlim_cur);
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST(SpareDescriptor, is_one_more_when_there_is_none) {
    SpareDescriptor spare;
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(fd);
    spare.release();
    EXPECT_TRUE(spare.hold());
    EXPECT_TRUE(spare.hold());
}

/// What inherited_listeners() finds in a child with these descriptors at 3 and up.
int inherited_in_child(bool for_this_process, const char* count, bool closed) {
    const pid_t child = ::fork();
    if (child == 0) {
        closed ? ::close(3) : ::dup2(0, 3);
        ::dup2(0, 4);
        ::setenv("LISTEN_PID", std::to_string(for_this_process ? ::getpid() : ::getppid()).c_str(), 1);
        ::setenv("LISTEN_FDS", count, 1);
        const auto found = inherited_listeners();
        const bool forgotten = !for_this_process || !std::getenv("LISTEN_FDS");
        const bool closes = found.empty() || ::fcntl(found.back(), F_GETFD) == FD_CLOEXEC;
        ::_exit(forgotten && closes ? static_cast<int>(found.size()) : 99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

TEST(InheritedListeners, are_those_that_systemd_passed_to_this_process) {
    EXPECT_EQ(inherited_in_child(true, "2", false), 2);
    EXPECT_EQ(inherited_in_child(true, "2", true), 1);
    EXPECT_EQ(inherited_in_child(false, "2", false), 0);
    EXPECT_EQ(inherited_in_child(true, "0", false), 0);
    EXPECT_EQ(inherited_in_child(true, "-1", false), 0);
    EXPECT_EQ(inherited_in_child(true, "x", false), 0);
}

} // namespace
} // namespace yizhan
