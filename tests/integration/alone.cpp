// Puts the whole test process, and so every yizhan it starts, into a network of its own that has loopback and nothing
// else: however broken the code under test is, no packet can leave the machine.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iostream>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yizhan::integration {
namespace {

bool bring_loopback_up() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strcpy(request.ifr_name, "lo"); // NOLINT: two letters into sixteen
    request.ifr_flags = IFF_UP;
    const bool up = ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
    ::close(socket);
    return up;
}

bool leave_the_network() {
    if (::unshare(CLONE_NEWNET) == 0) { // as root
        return bring_loopback_up();
    }
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    // Both keep their numbers, so that files belong to whom they did.
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
    std::ofstream("/proc/self/gid_map") << group << " " << group << " 1";
    return bring_loopback_up();
}

class Alone : public ::testing::Environment {
  public:
    void SetUp() override {
        if (!leave_the_network()) {
            std::cerr << "note: no network namespace can be made here; only the settings keep yizhan on loopback\n";
        }
    }
};

const auto* const environment = ::testing::AddGlobalTestEnvironment(new Alone); // gtest owns it

} // namespace
} // namespace yizhan::integration
