#include "proxy/cli/text_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

/// A file beside another that is gone unless it took its place.
class Beside {
  public:
    explicit Beside(const fs::path& path) : name_((path.parent_path() / ".yizhan-XXXXXX").string()) {
        fd_ = ::mkostemp(name_.data(), O_CLOEXEC);
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() {
        if (fd_ < 0)
            return;
        ::close(fd_);
        if (!renamed_)
            ::unlink(name_.c_str());
    }

    bool open() const { return fd_ >= 0; }

    bool write(std::string_view text) const {
        while (!text.empty()) {
            const auto count = ::write(fd_, text.data(), text.size());
            if (count < 0 && errno != EINTR)
                return false;
            text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return true;
    }

    bool keep_as(const fs::path& path, mode_t mode) {
        if (::fchmod(fd_, mode) != 0 || ::fsync(fd_) != 0 || ::rename(name_.c_str(), path.c_str()) != 0)
            return false;
        renamed_ = true;
        return true;
    }

  private:
    std::string name_;
    int fd_ = -1;
    bool renamed_ = false;
};

void sync_folder(const fs::path& folder) {
    const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return; // the name is there; only a power cut could bring the old file back
    ::fsync(fd);
    ::close(fd);
}

} // namespace

Result<std::string> read_text_file(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status))
        return fail(Errc::not_found, fmt::format("{}: there is no such file", path.string()));
    if (!fs::is_regular_file(status))
        return fail(Errc::invalid, fmt::format("{}: is no file of text", path.string()));
    if (const auto size = fs::file_size(path, error); !error && size > longest_text_file)
        return fail(Errc::invalid, fmt::format("{}: is over {} MiB", path.string(), longest_text_file >> 20));
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail_errno(fmt::format("{}: cannot be opened", path.string()), errno ? errno : EIO);
    std::string out;
    constexpr std::size_t step = 1 << 16;
    while (file && out.size() <= longest_text_file) {
        const auto before = out.size();
        out.resize(before + step);
        file.read(out.data() + before, step);
        out.resize(before + static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad() || out.size() > longest_text_file)
        return fail_errno(fmt::format("{}: cannot be read", path.string()), file.bad() ? EIO : EFBIG);
    return out;
}

Result<void> replace_text_file(const fs::path& path, std::string_view text) {
    std::error_code error;
    const auto target = fs::canonical(path, error); // what a symbolic link leads to
    struct stat old{};
    if (error || ::stat(target.c_str(), &old) != 0)
        return fail_errno(fmt::format("{}: cannot be replaced", path.string()), error ? error.value() : errno);
    Beside beside(target);
    if (!beside.open())
        return fail_errno(fmt::format("a file beside {}", path.string()), errno);
    if (!beside.write(text) || !beside.keep_as(target, old.st_mode & 07777))
        return fail_errno(fmt::format("{}: cannot be replaced", path.string()), errno);
    sync_folder(target.parent_path());
    return {};
}

} // namespace yizhan
