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
// service could not read it. Whoever owns the folder can put links there, so nothing is followed and nothing opened
// that is there already: root would give away what they lead to.
bool give_to_owner(const std::filesystem::path& data, int what) {
    struct stat owner{};
    return ::geteuid() != 0 || (::stat(data.c_str(), &owner) == 0 && ::fchown(what, owner.st_uid, owner.st_gid) == 0);
}

} // namespace

Result<void> accept_digest(const std::filesystem::path& data, std::string_view key, const Sha256& digest) {
    const auto path = file_of(data, key);
    const auto name = path.filename().string();
    const auto fresh = name + "." + std::to_string(::getpid());
    const auto text = digest.hex() + " " + std::string(key) + "\n";
    if (::mkdir(path.parent_path().c_str(), 0755) != 0 && errno != EEXIST)
        return fail_errno("cannot make " + path.parent_path().string(), errno);
    const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || !give_to_owner(data, folder.get()))
        return fail_errno("cannot write in " + path.parent_path().string(), errno);
    ::unlinkat(folder.get(), fresh.c_str(), 0); // of a process that had our number and died
    const Descriptor file(::openat(folder.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        !give_to_owner(data, file.get()) || ::fsync(file.get()) != 0 ||
        ::renameat(folder.get(), fresh.c_str(), folder.get(), name.c_str()) != 0)
        return fail_errno("cannot write " + path.string(), errno);
    if (::fsync(folder.get()) != 0)
        return fail_errno("cannot make " + path.string() + " durable", errno);
    return {};
}

std::optional<Sha256> accepted_digest(const std::filesystem::path& data, std::string_view key) {
    const auto path = file_of(data, key);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT)
        return std::nullopt;
    std::array<char, 64> hex{};
    const auto count = file ? ::read(file.get(), hex.data(), hex.size()) : -1;
    if (count == static_cast<ssize_t>(hex.size()))
        return Sha256::from_hex({hex.data(), hex.size()});
    spdlog::error("what was accepted of {} cannot be read from {}: {}", key, path.string(),
                  count < 0 ? std::generic_category().message(errno) : "it is too short");
    return std::nullopt;
}

} // namespace yizhan
