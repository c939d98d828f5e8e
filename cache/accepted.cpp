#include "cache/accepted.hpp"

#include "cache/blob_file.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace yizhan {
namespace {

std::filesystem::path file_of(const std::filesystem::path& data, std::string_view key) {
    return data / "accepted" / sha256(key).hex();
}

// Root may settle it for a service that runs as a user of its own: the note is the data folder's owner's, or the
// service could not read it.
Result<void> give_to_owner(const std::filesystem::path& data, const std::filesystem::path& what) {
    struct stat owner{};
    if (::geteuid() != 0 ||
        (::stat(data.c_str(), &owner) == 0 && ::chown(what.c_str(), owner.st_uid, owner.st_gid) == 0))
        return {};
    return fail_errno("cannot give " + what.string() + " to the owner of " + data.string(), errno);
}

Result<void> synced(const std::filesystem::path& path, int flags) {
    const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0)
        return fail_errno("cannot make " + path.string() + " durable", errno);
    return {};
}

} // namespace

Result<void> accept_digest(const std::filesystem::path& data, std::string_view key, const Sha256& digest) {
    const auto path = file_of(data, key);
    auto fresh = path;
    fresh += "." + std::to_string(::getpid());
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    const auto text = digest.hex() + " " + std::string(key) + "\n";
    if (auto given = give_to_owner(data, path.parent_path()); !given)
        return given;
    {
        const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0)
            return fail_errno("cannot write " + fresh.string(), errno);
    }
    if (auto given = give_to_owner(data, fresh); !given)
        return given;
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return fail_errno("cannot write " + path.string(), errno);
    return synced(path.parent_path(), O_RDONLY | O_DIRECTORY);
}

std::optional<Sha256> accepted_digest(const std::filesystem::path& data, std::string_view key) {
    const auto path = file_of(data, key);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT)
        return std::nullopt;
    std::array<char, 64> hex{};
    if (file)
        errno = 0;
    if (!file || ::read(file.get(), hex.data(), hex.size()) != static_cast<ssize_t>(hex.size())) {
        spdlog::error("what was accepted of {} cannot be read from {}: {}", key, path.string(),
                      errno != 0 ? std::generic_category().message(errno) : "it is too short");
        return std::nullopt;
    }
    return Sha256::from_hex({hex.data(), hex.size()});
}

} // namespace yizhan
