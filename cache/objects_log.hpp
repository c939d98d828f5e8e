// objects.log: the append-only account of what is stored, from which a lost catalog is made again.
// One thread at a time. After a crash a torn last line is cut off; what was synced is there.
#pragma once

#include "cache/blob_file.hpp"
#include "cache/log_record.hpp"
#include "config/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace yizhan {

class ObjectsLog {
  public:
    /// Makes an empty log of a new generation at `path`, replacing what stood there, durably but for its folder.
    static Result<ObjectsLog> create(const std::filesystem::path& path);

    /// Errors: not_found (no file), corrupt (its first line is not a log's), refused (a newer format), io.
    static Result<ObjectsLog> open(const std::filesystem::path& path);

    /// Opens a file whatever its first line says, for reading what good lines it has.
    static Result<ObjectsLog> salvage(const std::filesystem::path& path);

    std::uint64_t generation() const { return generation_; }
    std::uint64_t begin() const { return header_; } ///< offset of the first record
    std::uint64_t end() const { return end_; }      ///< where the next line goes

    struct Replay {
        std::uint64_t records = 0;
        std::uint64_t damaged = 0; ///< lines whose checksum or form is wrong, passed over
        std::uint64_t end = 0;     ///< one past the last good line
    };
    /// Reads the lines from `offset` on, bounded in memory; an error of `visit` ends it and is returned.
    using Visit = std::function<Result<void>(Record)>;
    Result<Replay> replay(std::uint64_t offset, const Visit& visit) const;

    /// Writes at the end, not durable before sync().
    Result<void> append(std::string_view lines);
    Result<void> sync();

    /// Gives the file another name, replacing what has it; not durable before the folder is synced.
    Result<void> rename(const std::filesystem::path& target);

    /// Cuts off what stands from `offset` on: a torn tail, or lines whose commit failed.
    Result<void> truncate(std::uint64_t offset);

  private:
    ObjectsLog(std::filesystem::path path, Descriptor descriptor)
        : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

    std::filesystem::path path_;
    Descriptor descriptor_;
    std::uint64_t generation_ = 0;
    std::uint64_t header_ = 0;
    std::uint64_t end_ = 0;
};

} // namespace yizhan
