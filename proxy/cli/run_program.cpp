#include "proxy/cli/run_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yizhan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_output = std::size_t{64} << 10;

class Pipe {
  public:
    Pipe() { good_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_write();
        if (good_)
            ::close(ends_[0]);
    }
    bool good() const { return good_; }
    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_write() {
        if (good_ && ends_[1] >= 0)
            ::close(ends_[1]);
        ends_[1] = -1;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    bool good_ = false;
};

/// What posix_spawn is told, given back in any case.
class SpawnPlan {
  public:
    explicit SpawnPlan(int out) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
        ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    Result<pid_t> spawn(const std::vector<std::string>& arguments) const {
        std::vector<char*> pointers;
        pointers.reserve(arguments.size() + 1);
        for (const auto& argument : arguments)
            pointers.push_back(const_cast<char*>(argument.c_str())); // execve's type; it does not write
        pointers.push_back(nullptr);
        pid_t pid = -1;
        const int error = ::posix_spawnp(&pid, pointers[0], &actions_, &attributes_, pointers.data(), environ);
        if (error == ENOENT)
            return fail(Errc::not_found, arguments.front() + ": there is no such program");
        if (error != 0)
            return fail_errno(arguments.front() + ": cannot be run", error);
        return pid;
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// Reads until the end, the limit or the bound. False where the limit came first.
bool read_output(int fd, std::string& out, Clock::time_point until) {
    std::array<char, 4096> block;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0)
            return false;
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        const int polled = ::poll(&ready, 1, static_cast<int>(left));
        if (polled < 0 && errno != EINTR)
            return true;
        if (polled <= 0)
            continue;
        const auto count = ::read(fd, block.data(), block.size());
        if (count == 0 || (count < 0 && errno != EINTR))
            return true;
        if (count > 0)
            out.append(block.data(), std::min(static_cast<std::size_t>(count), most_output - out.size()));
    }
}

/// Its exit status once it has ended; nullopt where the limit comes first.
std::optional<int> wait_for(pid_t pid, Clock::time_point until) {
    int status = 0;
    while (true) {
        const auto ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (ended < 0 && errno != EINTR)
            return 255;
        if (Clock::now() >= until)
            return std::nullopt;
        ::poll(nullptr, 0, 5); // it has closed its output: it is about to end
    }
}

} // namespace

Result<ProgramOutput> run_program(const std::vector<std::string>& arguments, std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    Pipe pipe;
    if (!pipe.good())
        return fail_errno("a pipe for " + arguments.front(), errno);
    const auto pid = SpawnPlan(pipe.write_end()).spawn(arguments);
    if (!pid)
        return std::unexpected(pid.error());
    pipe.close_write();
    ProgramOutput output;
    const bool ended = read_output(pipe.read_end(), output.out, until);
    if (const auto status = ended ? wait_for(*pid, until) : std::nullopt) {
        output.status = *status;
        return output;
    }
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return fail(Errc::timeout, fmt::format("{} did not end within {} s", arguments.front(), limit.count() / 1000));
}

} // namespace yizhan
