#include "tests/integration/child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yizhan::integration {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        out.push_back(const_cast<char*>(text.c_str())); // execve's type; it does not write
    }
    out.push_back(nullptr);
    return out;
}

} // namespace

Child::Child(const std::vector<std::string>& command, const std::vector<std::string>& environment,
             const std::string& working_folder) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        origin::throw_errno("pipe");
    }
    output_ = origin::Descriptor(pipe[0]);
    origin::Descriptor write_end(pipe[1]);
    const std::vector<char*> arguments = pointers(command);
    const std::vector<char*> variables = pointers(environment);
    pid_ = ::fork();
    if (pid_ < 0) {
        origin::throw_errno("fork");
    }
    if (pid_ == 0) { // other threads may hold any lock: system calls only
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(pipe[1], STDOUT_FILENO);
        ::dup2(pipe[1], STDERR_FILENO);
        ::close(STDIN_FILENO);
        ::open("/dev/null", O_RDONLY);
        if (::chdir(working_folder.c_str()) == 0) {
            ::execve(arguments[0], arguments.data(), variables.data());
        }
        ::_exit(127);
    }
    process_ = origin::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    collector_ = std::jthread([this] { collect(); });
}

Child::~Child() {
    if (!status_) {
        signal(SIGKILL);
        wait(std::chrono::seconds(10));
    }
}

void Child::collect() {
    std::array<char, 4096> block;
    ssize_t count = 0;
    while ((count = ::read(output_.get(), block.data(), block.size())) > 0 || (count < 0 && errno == EINTR)) {
        const std::lock_guard lock(mutex_);
        said_.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        more_.notify_all();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    more_.notify_all();
}

void Child::signal(int number) const {
    if (!status_) {
        ::kill(pid_, number);
    }
}

std::optional<int> Child::wait(std::chrono::milliseconds patience) {
    if (!status_) {
        pollfd polled{process_.get(), POLLIN, 0};
        if (::poll(&polled, 1, static_cast<int>(patience.count())) <= 0) {
            return std::nullopt;
        }
        int status = 0;
        ::waitpid(pid_, &status, 0);
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return status_;
}

std::string Child::said() const {
    const std::lock_guard lock(mutex_);
    return said_;
}

std::optional<std::string> Child::wait_line(std::string_view text, std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    std::size_t at = std::string::npos;
    // The whole line is wanted, so its end has to be there too.
    more_.wait_for(lock, patience, [&] {
        at = said_.find(text);
        return ended_ || (at != std::string::npos && said_.find('\n', at) != std::string::npos);
    });
    at = said_.find(text);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const auto newline = at == 0 ? std::string::npos : said_.rfind('\n', at - 1);
    const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
    return said_.substr(begin, said_.find('\n', at) - begin);
}

bool Child::wait_output_end(std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, patience, [&] { return ended_; });
}

} // namespace yizhan::integration
