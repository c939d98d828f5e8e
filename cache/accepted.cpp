#include "cache/accepted.hpp"

#include "cache/blob_file.hpp"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace yizhan {
namespace {

std::filesystem::path file_of(const std::filesystem::path& data, std::string_view key) {
    return data / "accepted" / sha256(key).hex();
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
    {
        const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0)
            return fail_errno("cannot write " + path.string(), errno);
    }
    return synced(path.parent_path(), O_RDONLY | O_DIRECTORY);
}

std::optional<Sha256> accepted_digest(const std::filesystem::path& data, std::string_view key) {
    const Descriptor file(::open(file_of(data, key).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> hex{};
    if (!file || ::read(file.get(), hex.data(), hex.size()) != static_cast<ssize_t>(hex.size()))
        return std::nullopt;
    return Sha256::from_hex({hex.data(), hex.size()});
}

} // namespace yizhan
