#include "cache/objects_log.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <random>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t read_size = 1024 * 1024;
// Enough for the first line: checksum, verb, two numbers.
constexpr std::size_t header_size = 128;

std::uint64_t random_generation() {
    std::random_device random;
    return static_cast<std::uint64_t>(random()) << 32 | random();
}

/// Up to `size` bytes from `offset`; fewer only at the end of the file.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t size, const std::filesystem::path& path) {
    std::string out(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const auto count = pread(fd, out.data() + have, size - have, static_cast<off_t>(offset + have));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail_errno("cannot read " + path.string(), errno);
        if (count == 0)
            break;
        have += static_cast<std::size_t>(count);
    }
    out.resize(have);
    return out;
}

} // namespace

Result<ObjectsLog> ObjectsLog::create(const std::filesystem::path& path) {
    ObjectsLog log(path, Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)));
    if (!log.descriptor_)
        return fail_errno("cannot create " + path.string(), errno);
    LogHeader header;
    header.generation = log.generation_ = random_generation();
    auto written = log.append(encode_line(header));
    if (written)
        written = log.sync();
    if (!written)
        return std::unexpected(written.error());
    log.header_ = log.end_;
    return log;
}

Result<ObjectsLog> ObjectsLog::salvage(const std::filesystem::path& path) {
    ObjectsLog log(path, Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC)));
    if (!log.descriptor_ && errno == ENOENT)
        return fail(Errc::not_found, path.string() + " does not exist");
    if (!log.descriptor_)
        return fail_errno("cannot open " + path.string(), errno);
    struct stat info{};
    if (fstat(log.descriptor_.get(), &info) != 0)
        return fail_errno("cannot read " + path.string(), errno);
    log.end_ = static_cast<std::uint64_t>(info.st_size);
    return log;
}

Result<ObjectsLog> ObjectsLog::open(const std::filesystem::path& path) {
    auto opened = salvage(path);
    if (!opened)
        return opened;
    auto& log = *opened;
    const auto first = read_at(log.descriptor_.get(), 0, header_size, path);
    if (!first)
        return std::unexpected(first.error());
    const auto newline = first->find('\n');
    const auto header = newline == std::string::npos ? std::nullopt : decode_header(first->substr(0, newline));
    if (!header)
        return fail(Errc::corrupt, path.string() + " does not begin as a log of ours does");
    if (header->format > LogHeader{}.format)
        return fail(Errc::refused, fmt::format("{} was written by a newer yizhan (format {}, this one knows {}); "
                                               "upgrade, or choose another folder with --data",
                                               path.string(), header->format, LogHeader{}.format));
    log.generation_ = header->generation;
    log.header_ = newline + 1;
    return opened;
}

Result<ObjectsLog::Replay> ObjectsLog::replay(std::uint64_t offset, const Visit& visit) const {
    Replay out;
    out.end = offset;
    std::string buffer;
    std::uint64_t start = offset; // of `buffer` in the file
    bool skipping = false;        // inside a line that is too long to be one
    for (;;) {
        auto more = read_at(descriptor_.get(), start + buffer.size(), read_size, path_);
        if (!more)
            return std::unexpected(more.error());
        if (more->empty())
            break;
        buffer += *more;
        std::size_t used = 0;
        for (std::size_t newline; (newline = buffer.find('\n', used)) != std::string::npos; used = newline + 1) {
            auto record = decode_record(std::string_view(buffer).substr(used, newline - used));
            if (std::exchange(skipping, false) || !record) {
                ++out.damaged;
                continue;
            }
            if (auto visited = visit(std::move(*record)); !visited)
                return std::unexpected(visited.error());
            ++out.records;
            out.end = start + newline + 1;
        }
        if (buffer.size() - used > max_log_line) {
            skipping = true;
            used = buffer.size();
        }
        buffer.erase(0, used);
        start += used;
    }
    if (!buffer.empty() || skipping)
        ++out.damaged;
    return out;
}

Result<void> ObjectsLog::append(std::string_view lines) {
    std::uint64_t at = end_;
    while (!lines.empty()) {
        const auto count = pwrite(descriptor_.get(), lines.data(), lines.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return fail_errno("cannot write " + path_.string(), count < 0 ? errno : EIO);
        at += static_cast<std::uint64_t>(count);
        lines.remove_prefix(static_cast<std::size_t>(count));
    }
    end_ = at;
    return {};
}

Result<void> ObjectsLog::sync() {
    if (fdatasync(descriptor_.get()) != 0)
        return fail_errno("cannot make " + path_.string() + " durable", errno);
    return {};
}

Result<void> ObjectsLog::rename(const std::filesystem::path& target) {
    if (std::rename(path_.c_str(), target.c_str()) != 0)
        return fail_errno("cannot rename " + path_.string() + " to " + target.string(), errno);
    path_ = target;
    return {};
}

Result<void> ObjectsLog::truncate(std::uint64_t offset) {
    if (ftruncate(descriptor_.get(), static_cast<off_t>(offset)) != 0)
        return fail_errno("cannot truncate " + path_.string(), errno);
    end_ = offset;
    return {};
}

} // namespace yizhan
